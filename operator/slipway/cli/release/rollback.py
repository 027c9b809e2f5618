"""`slipway rollback`: take production back, and see it happen."""

from __future__ import annotations

import asyncio
import functools
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import click
from pydantic import ValidationError
from rich.markup import escape

from slipway.api.policy import Rollback
from slipway.api.revision import ModelRevision
from slipway.api.traffic import Router
from slipway.cli import options
from slipway.cli.kubectl import audit_entries
from slipway.cli.release.preview import Preview, preview
from slipway.cli.session import Failure, ReleaseKey, on_cluster, read_release
from slipway.cli.view import CONSOLE, plain_table
from slipway.cluster.port import Cluster, Object
from slipway.observe.views import route_view
from slipway.words.names import REVISION_LABEL

LOOK_SECONDS = 0.01
"""How often it is looked whether production has moved: what is measured is tens of milliseconds."""
COLD_SECONDS = 300.0
_DECISIONS = ("RollbackRequested", "RolledBack")
_ENVELOPE = ("time", "level", "logger", "message")
"""What belongs to the log line rather than to the audit entry on it."""


@dataclass(frozen=True)
class Done:
    """A rollback that was seen to happen."""

    moved: float
    """Seconds from the API server accepting the patch to production selecting the target."""
    settled: float
    """Seconds until the operator had written down that it is done."""


def request_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """--to, --version and --reason, as `request`."""

    @click.option("--to", help="previous, or the name of a revision.  [default: previous]")
    @click.option("--version", help="A model version that served production before.")
    @click.option("--reason", help="Reason, kept in the history.")
    @functools.wraps(command)
    def with_request(*args: Any, to: str | None, version: str | None, reason: str | None, **others: Any) -> Any:
        if to and version:
            raise click.UsageError("name one target: --to or --version")
        target = {"version": version} if version else {"to": to or "previous"}
        try:
            request = Rollback.model_validate({**target, "reason": reason})
        except ValidationError as error:
            raise click.UsageError(f"{error.errors()[0]['loc'][0]}: {error.errors()[0]['msg']}") from None
        return command(*args, request=request, **others)

    return with_request


@click.command()
@options.key
@request_options
@click.option("--dry-run", is_flag=True, help="Show what would happen without changing anything.")
@click.option("--timeout", type=options.Span(), default=f"{COLD_SECONDS:.0f}s", show_default=True, help="Timeout.")
@options.operator_namespace
def command(key: ReleaseKey, request: Rollback, dry_run: bool, timeout: float, operator_namespace: str) -> None:
    """Roll production back to a revision that served before. Nothing is promoted until spec.rollback is removed."""
    before = on_cluster(lambda cluster: preview(cluster, key, request))
    if dry_run:
        describe(before)
        return
    done = on_cluster(lambda cluster: roll_back(cluster, key, request, before, timeout))
    CONSOLE.print(
        f"[green]✓[/] production serves {before.target.name} (version {before.target.spec.model.version}): "
        f"[bold]{done.moved:.3f} s[/] after the patch was accepted; on record after {done.settled:.2f} s"
    )
    for entry in decisions(key, operator_namespace, done):
        CONSOLE.print(f"[bold]audit[/] {escape(json.dumps(entry, ensure_ascii=False))}", soft_wrap=True)
    CONSOLE.print(f"[dim]{lifting(key)}[/]", soft_wrap=True)


def describe(before: Preview) -> None:
    """From where to where, at what price, and what would follow."""

    def side(revision: ModelRevision) -> str:
        return f"{revision.name}, version {revision.spec.model.version}, {revision.digest or 'no digest yet'}"

    table = plain_table("", "")
    table.show_header = False
    table.add_row("from", side(before.source))
    table.add_row("to", f"[bold]{side(before.target)}[/]")
    table.add_row("pods", "warm" if before.warm else f"cold: {before.ready} of {before.wanted} are ready")
    table.add_row("expected", before.expected)
    for index, effect in enumerate(before.effects):
        table.add_row("" if index else "effects", escape(effect))
    CONSOLE.print("[bold]A rollback would roll production back[/]")
    CONSOLE.print(table)
    CONSOLE.print("[dim]dry run: nothing was changed[/]")


async def roll_back(cluster: Cluster, key: ReleaseKey, request: Rollback, before: Preview, limit: float) -> Done:
    """Write spec.rollback and wait until production was seen to move and the operator wrote it down. Raises Failure."""
    # null removes what an older request may have named beside what this one does.
    whole = {"to": None, "version": None, "reason": None, **request.wire()}
    moved, accepted = await asyncio.gather(
        _moved(cluster, key, before, limit), _write(cluster, key, {"rollback": whole})
    )
    settled = await _settled(cluster, key, before, accepted + limit)
    return Done(max(0.0, moved - accepted), settled - accepted)


async def _write(cluster: Cluster, key: ReleaseKey, spec: dict[str, Any]) -> float:
    """Merge `spec` into the release's; when the API server had accepted it."""
    await cluster.patch_merge("ModelRelease", key.namespace, key.name, {"spec": spec})
    return time.monotonic()


async def _moved(cluster: Cluster, key: ReleaseKey, before: Preview, limit: float) -> float:
    """When production traffic was first seen to follow the target alone."""
    give_up, target = time.monotonic() + limit, before.target.name
    kind = "HTTPRoute" if before.release.status.router is Router.GATEWAY else "Service"
    while time.monotonic() < give_up:
        found = await cluster.get(kind, key.namespace, key.name)
        if found and (_weights(found) == {target} if kind == "HTTPRoute" else _selected(found) == target):
            return time.monotonic()
        await asyncio.sleep(LOOK_SECONDS)
    release = await read_release(cluster, key)
    raise Failure(
        f"production of {key} does not follow {target} after {limit:.0f} s, but spec.rollback is still in "
        f"progress: {release.status.message or 'the operator has not responded; check that it is running'}"
    )


def _selected(service: Object) -> str | None:
    selected: str | None = service["spec"].get("selector", {}).get(REVISION_LABEL)
    return selected


def _weights(route: Object) -> set[str]:
    return set(route_view(route).weights)


async def _settled(cluster: Cluster, key: ReleaseKey, before: Preview, give_up: float) -> float:
    """When the operator had written down that the rollback is complete."""
    while time.monotonic() < give_up:
        state = (await read_release(cluster, key)).status.rollback
        if state and state.completed_at and state.to == before.target.name:
            return time.monotonic()
        await asyncio.sleep(0.1)
    raise Failure(
        f"production of {key} serves {before.target.name}, but the operator has not recorded it; check that "
        "it is running"
    )


def decisions(key: ReleaseKey, operator_namespace: str, done: Done) -> list[dict[str, Any]]:
    """The operator's audit entries of this rollback."""
    entries = audit_entries(operator_namespace, since_seconds=int(done.settled) + 5)
    mine = [e for e in entries if (e.get("namespace"), e.get("release")) == (key.namespace, key.name)]
    decided = [entry for entry in mine if entry.get("action") in _DECISIONS]
    return [{k: v for k, v in entry.items() if k not in _ENVELOPE} for entry in decided]


def lifting(key: ReleaseKey) -> str:
    """How to allow promotions again."""
    patch = json.dumps({"spec": {"rollback": None}})
    return (
        f"to allow promotions again: kubectl -n {key.namespace} patch modelrelease {key.name} --type merge -p '{patch}'"
    )
