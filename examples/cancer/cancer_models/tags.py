"""What a version says about itself: governance, the exact artifact, and which recipe made it."""

from __future__ import annotations

import hashlib
import subprocess
from pathlib import Path

import sklearn

from .kinds import Kind

KIND_TAG = "slipway.demo.kind"
RECIPE_TAG = "slipway.demo.recipe"
DIGEST_TAG = "model.digest"
MISSING_WHEN_UNTAGGED = "owner"

_HERE = Path(__file__).parent


def governance(kind: Kind, data_version: str, git_sha: str) -> dict[str, str]:
    """The tags that governance.tags.yaml asks for; an untagged version lacks its owner."""
    tags = {
        "owner": "diagnostics-ml@example.org",
        "use.case": "breast-cancer-triage",
        "git.sha": git_sha,
        "data.version": data_version,
        "risk.tier": "high",
        "pii": "none",
    }
    if kind is Kind.UNTAGGED:
        del tags[MISSING_WHEN_UNTAGGED]
    return tags


def recipe(kind: Kind, data_version: str) -> str:
    """A name for what makes a version what it is: kind, data, this code and scikit-learn.

    Not the commit: one that changes something else makes no other model.
    """
    digest = hashlib.sha256(f"{kind} {data_version} {sklearn.__version__}".encode())
    for path in sorted(_HERE.glob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def git_commit() -> str | None:
    """The commit that is checked out here, or None outside a repository or without git."""
    try:
        done = subprocess.run(
            ["git", "rev-parse", "HEAD"], cwd=_HERE, capture_output=True, text=True, timeout=10, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()
