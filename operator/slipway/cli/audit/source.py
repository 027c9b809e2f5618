"""Where `slipway audit` reads a log and its checkpoints: the operator, a database, a file; the revisions, MLflow."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

from slipway.api.release import ModelRelease
from slipway.api.revision import ModelRevision
from slipway.audit.checkpoint import KeyProblem, SignedCheckpoint, public_key
from slipway.audit.export import PORT
from slipway.audit.record import Head
from slipway.audit.store.protocol import StoreError
from slipway.audit.store.sql import SqlStore
from slipway.cli.kubectl import forwarded, operator_pod
from slipway.cli.session import Failure, ReleaseKey, on_cluster
from slipway.cluster.port import Cluster
from slipway.words.names import CHECKPOINT_ANNOTATION

TIMEOUT_SECONDS = 60
SIDECAR = ".checkpoints"
"""What `export --out FILE` writes beside FILE: how far the log had come, signed."""


@dataclass(frozen=True)
class AuditLog:
    """A log, ready to be read once."""

    lines: Iterator[bytes]
    """One record each, without its newline."""
    anchor: Head | None = None
    """What the first record follows; None: not known."""
    checkpoint: SignedCheckpoint | None = None
    """The end, signed by whoever serves the log."""
    key: str | None = None
    """The public key of whoever serves the log."""


@dataclass(frozen=True)
class Collected:
    """A whole log in memory."""

    lines: list[bytes]
    checkpoint: SignedCheckpoint | None

    def save(self, path: Path) -> Path:
        """Write it as `export` would, the signed end beside it; the path."""
        path.write_bytes(b"".join(line + b"\n" for line in self.lines))
        if self.checkpoint:
            path.with_name(path.name + SIDECAR).write_text(self.checkpoint.text() + "\n")
        return path


def collected(namespace: str) -> Collected:
    """The operator's whole log. Raises Failure."""
    with operators(namespace) as log:
        return Collected(list(log.lines), log.checkpoint)


@contextmanager
def operators(namespace: str, release: ReleaseKey | None = None) -> Iterator[AuditLog]:
    """The operator's log, through a forwarded port. Raises Failure."""
    with forwarded(namespace, operator_pod(namespace), PORT) as url:
        state = json.loads(_get(f"{url}/state"))
        signed = SignedCheckpoint.parse(state["checkpoint"]) if state["checkpoint"] else None
        wanted = {"namespace": release.namespace, "release": release.name} if release else {}
        lines = _lines(f"{url}/records?{urlencode(wanted)}")
        yield AuditLog(lines, Head(**state["anchor"]), signed, signed.key if signed else None)


def operators_key(namespace: str) -> str:
    """The operator's public key, PEM. Raises Failure."""
    with forwarded(namespace, operator_pod(namespace), PORT) as url:
        return _get(f"{url}/key").decode()


def database(url: str, release: ReleaseKey | None = None) -> AuditLog:
    """A store that can be reached from here. Raises Failure."""
    try:
        store = SqlStore(url, migrate=False)
        return AuditLog(_bodies(store, release), store.anchor())
    except StoreError as error:
        raise Failure(f"the database cannot be read: {error}") from None


def file(path: Path) -> AuditLog:
    """A file that `export` wrote. Raises Failure."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise Failure(f"{path} cannot be read: {error.strerror}") from None
    return AuditLog(iter(data.removesuffix(b"\n").split(b"\n") if data else []))


def checkpoints(path: Path) -> list[SignedCheckpoint]:
    """The checkpoints in a file, one a line. Raises Failure."""
    try:
        return [SignedCheckpoint.parse(line) for line in path.read_text().splitlines() if line]
    except (OSError, ValueError) as error:
        raise Failure(f"{path}: {error}") from None


def trusted(path: Path) -> str:
    """The public key in the PEM file `path`. Raises Failure."""
    try:
        return public_key(path.read_bytes())
    except (OSError, KeyProblem) as error:
        raise Failure(f"{path}: {error}; slipway audit key writes it") from None


@dataclass(frozen=True)
class Witness:
    """What the objects in the cluster say about the log."""

    checkpoints: list[SignedCheckpoint]
    entries: dict[str, tuple[str, int]]
    """Object uid → its name, and its newest entry that no longer waits in its outbox."""
    broken: list[str]
    """Revisions whose annotation is no checkpoint."""


def witnesses() -> Witness:
    """Every ModelRelease and ModelRevision that this user may list. Raises Failure."""
    return on_cluster(_witnesses)


async def _witnesses(cluster: Cluster) -> Witness:
    found = Witness([], {}, [])
    for manifest in await cluster.list("ModelRelease", "", {}):
        _entry(ModelRelease.parse(manifest), found)
    for manifest in await cluster.list("ModelRevision", "", {}):
        revision = ModelRevision.parse(manifest)
        _entry(revision, found)
        text = revision.metadata.annotations.get(CHECKPOINT_ANNOTATION)
        try:
            found.checkpoints.extend([SignedCheckpoint.parse(text)] if text else [])
        except ValueError:
            found.broken.append(f"{revision.metadata.namespace}/{revision.name}")
    return found


def _entry(owner: ModelRelease | ModelRevision, found: Witness) -> None:
    """Entries that still wait in the outbox may not be in the store yet."""
    waiting, meta = owner.status.outbox, owner.metadata
    done = waiting[0].seq - 1 if waiting else owner.status.recorded
    found.entries[meta.uid] = (f"{meta.namespace}/{meta.name}", done)


def _get(url: str) -> bytes:
    try:
        with urllib.request.urlopen(url, timeout=TIMEOUT_SECONDS) as response:
            answer: bytes = response.read()
            return answer
    except (urllib.error.URLError, OSError) as error:
        said = error.read().decode()[:300] if isinstance(error, urllib.error.HTTPError) else str(error)
        raise Failure(f"the operator's audit log cannot be read: {said}; check its audit store") from None


def _lines(url: str) -> Iterator[bytes]:
    try:
        with urllib.request.urlopen(url, timeout=TIMEOUT_SECONDS) as response:
            for line in response:
                yield line.removesuffix(b"\n")
    except (urllib.error.URLError, OSError) as error:
        raise Failure(f"reading the operator's audit log was interrupted: {error}; try again") from None


def _bodies(store: SqlStore, release: ReleaseKey | None) -> Iterator[bytes]:
    try:
        for row in store.rows():
            if release is None or (row.namespace, row.release) == (release.namespace, release.name):
                yield row.line
    except StoreError as error:
        raise Failure(f"the database cannot be read: {error}") from None
