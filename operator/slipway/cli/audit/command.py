"""`slipway audit`: read the audit log, and prove that nothing was taken out of it or changed."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from slipway.audit import archive as archives
from slipway.audit.checkpoint import SignedCheckpoint
from slipway.audit.store.protocol import StoreError
from slipway.audit.store.sql import SqlStore
from slipway.audit.verify import Finding, Log, untrusted, verify
from slipway.cli import options
from slipway.cli.audit import source
from slipway.cli.session import Failure, ReleaseKey

DAMAGED = 1
"""Exit code where the log is not whole."""

out = click.option(
    "--out", type=click.Path(dir_okay=False, path_type=Path), help="Output file. Defaults to standard output."
)
database = click.option(
    "--database",
    metavar="URL",
    help="Read this store instead of asking the operator: sqlite:////PATH or postgresql://…",
)


@click.group()
def command() -> None:
    """Read the audit log and verify that it is complete and unmodified.

    The log is read through a port that kubectl forwards to the operator's pod: who may do that may read it.
    """


@contextmanager
def _opened(operator_namespace: str, url: str | None, release: ReleaseKey | None = None) -> Iterator[source.AuditLog]:
    if url:
        yield source.database(url, release)
    else:
        with source.operators(operator_namespace, release) as opened:
            yield opened


@command.command()
@out
@click.option("--release", help="Only records of this release. An excerpt cannot be verified on its own.")
@options.namespace
@options.operator_namespace
@database
def export(out: Path | None, release: str | None, namespace: str, **where: str) -> None:
    """Write the log as JSON lines. FILE.checkpoints holds a signed record of its end."""
    wanted = ReleaseKey(namespace, release) if release else None
    with _opened(where["operator_namespace"], where["database"], wanted) as log:
        if out is None:
            for line in log.lines:
                sys.stdout.buffer.write(line + b"\n")
            return
        with out.open("wb") as written:
            count = sum(1 for line in log.lines if written.write(line + b"\n"))
        if log.checkpoint and not wanted:
            out.with_name(out.name + source.SIDECAR).write_text(log.checkpoint.text() + "\n")
    click.echo(f"{count} records written to {out}", err=True)


@command.command("verify")
@click.option("--file", type=click.Path(path_type=Path), help="Verify this export instead of the operator's log.")
@click.option(
    "--checkpoints",
    type=click.Path(path_type=Path),
    help="File with checkpoints, one per line, instead of the cluster's.",
)
@click.option(
    "--public-key", type=click.Path(path_type=Path), help="Trust only checkpoints signed with this key (PEM)."
)
@options.operator_namespace
@database
def verify_(
    file: Path | None, checkpoints: Path | None, public_key: Path | None, operator_namespace: str, database: str | None
) -> None:
    """Find records that were modified, removed, added, reordered or truncated. Exits with 1 if there are any.

    The log is held against the signed checkpoints on the ModelRevisions (or in a file), and against what every release
    and revision says that it recorded.
    """
    key = source.trusted(public_key) if public_key else None
    if file is not None:
        sidecar = file.with_name(file.name + source.SIDECAR)
        known = checkpoints or (sidecar if sidecar.exists() else None)
        signed = source.checkpoints(known) if known else []
        _conclude(verify(source.file(file).lines, signed), [], signed, key)
        return
    witness = source.Witness(source.checkpoints(checkpoints), {}, []) if checkpoints else source.witnesses()
    with _opened(operator_namespace, database) as log:
        signed = [*witness.checkpoints, *([log.checkpoint] if log.checkpoint else [])]
        read = verify(log.lines, signed, log.anchor)
        edited = [Finding(0, f"the checkpoint on ModelRevision {name} was modified") for name in witness.broken]
        _conclude(read, [*_missing(read, witness), *edited], signed, key or log.key)


def _missing(log: Log, witness: source.Witness) -> Iterator[Finding]:
    """Entries that an object says were recorded, and that the log does not have. Archived ones are not looked for."""
    if log.anchor.seq:
        return
    for uid, (name, entry) in witness.entries.items():
        have = log.sources.get(uid, 0)
        if have < entry:
            yield Finding(log.head.seq + 1, f"it is missing: {name} has recorded {entry} entries, the log has {have}")


def _conclude(log: Log, further: Iterable[Finding], signed: list[SignedCheckpoint], key: str | None) -> None:
    """Print what was found, and end with the exit code that says so."""
    findings = [*log.findings, *further, *(untrusted(signed, key) if key else [])]
    for finding in findings:
        click.echo(str(finding))
    first = log.anchor.seq + 1
    if findings:
        click.echo(f"the log is damaged: {len(findings)} findings in records {first} to {log.head.seq}", err=True)
        raise SystemExit(DAMAGED)
    click.echo(f"the log is intact: records {first} to {log.head.seq}, checked against {len(signed)} checkpoints")
    if not signed:
        click.echo("without checkpoints, truncation cannot be detected: use --checkpoints FILE", err=True)
    elif key is None:
        click.echo("the key of the checkpoints was not checked: use --public-key FILE", err=True)


@command.command()
@out
@options.operator_namespace
def key(out: Path | None, operator_namespace: str) -> None:
    """Write the public key of the checkpoints. Store it outside the cluster."""
    text = source.operators_key(operator_namespace)
    if out is None:
        click.echo(text, nl=False)
    else:
        out.write_text(text)


@command.command()
@out
def checkpoints(out: Path | None) -> None:
    """Write the checkpoints of the ModelRevisions, one per line. Store them outside the cluster."""
    text = "".join(f"{each.text()}\n" for each in sorted(source.witnesses().checkpoints, key=lambda each: each.seq))
    if out is None:
        click.echo(text, nl=False)
    else:
        out.write_text(text)


@command.command()
@click.option("--database", metavar="URL", required=True, help="URL of the store, with a role that may create tables.")
def migrate(database: str) -> None:
    """Create or migrate the store's tables, for a PostgreSQL in which the operator may only insert and select."""
    try:
        SqlStore(database).prepare()
    except StoreError as error:
        raise Failure(str(error)) from None


@command.command()
@click.option("--database", metavar="URL", required=True, help="URL of the store, with a role that may delete.")
@click.option("--before", type=int, required=True, help="Archive the records up to and including this number.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), required=True, help="A new file.")
def archive(database: str, before: int, out: Path) -> None:
    """Move the oldest records from the store into a file. The store continues where the file ends."""
    try:
        head = archives.archive(SqlStore(database), before, out)
    except (StoreError, archives.NotArchived) as error:
        raise Failure(str(error)) from None
    click.echo(f"records up to {head.seq} are in {out}; the store continues from hash {head.hash}", err=True)
