"""The report of the init container that fetches a model: JSON in its termination message."""

from typing import Literal, get_args

MOST_BYTES = 4096
"""What the kubelet keeps of a termination message."""
Reason = Literal["DigestMismatch", "RegistryUnreachable", "NotFound", "UnsafeModel", "Invalid", "LoadFailed"]
"""Why fetching or loading failed."""
REASONS: tuple[str, ...] = get_args(Reason)
SUCCESS = ("ok", "digest", "bytes", "flavor", "compiled", "why")
"""What the operator reads of a report of success."""
FAILURE = ("ok", "reason", "message", "retryable")
"""What it reads of a report of failure."""
