"""The manifest digest: one SHA-256 that names the content of a directory of model artifacts.

The manifest holds one line per file, sorted by path: `<sha256 of the content>  <path relative to the root, with />`
and a line feed, as `sha256sum` prints them. The digest is `sha256:` and the SHA-256 of that text in UTF-8. The file
`registered_model_meta` in the root is left out: MLflow writes it on the client's side while it downloads.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

IGNORED_AT_ROOT = frozenset({"registered_model_meta"})


class UnhashableError(ValueError):
    """The directory holds something that has no content of its own to hash."""


def manifest_digest(directory: str | Path) -> str:
    """Return `sha256:` and 64 hexadecimal digits for the files under `directory`.

    Raises `UnhashableError` for symbolic links, devices and sockets, for an empty or missing directory.
    """
    return "sha256:" + hashlib.sha256(manifest(Path(directory)).encode()).hexdigest()


def manifest(root: Path) -> str:
    """Return the manifest's text. Raises as `manifest_digest` does."""
    lines = []
    for path in sorted(root.rglob("*"), key=lambda found: found.relative_to(root).as_posix()):
        if path.is_symlink() or not (path.is_dir() or path.is_file()):
            raise UnhashableError(f"{path} is neither a file nor a directory; a model's artifacts may hold only those")
        name = path.relative_to(root).as_posix()
        if path.is_dir() or name in IGNORED_AT_ROOT:
            continue
        if "\n" in name:
            raise UnhashableError(f"{name!r} holds a line feed in its name; rename the artifact")
        lines.append(f"{_file_hash(path)}  {name}\n")
    if not lines:
        raise UnhashableError(f"{root} holds no files; name the directory that the artifacts were downloaded to")
    return "".join(lines)


def _file_hash(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
