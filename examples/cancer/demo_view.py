"""What the demonstration shows on the terminal."""

from __future__ import annotations

import json
import time
import urllib.request
from collections.abc import Iterable

from cancer_models import data
from rich.markup import escape

from slipway.api.revision import ModelRevision
from slipway.cli.kubectl import forwarded
from slipway.cli.session import Failure, ReleaseKey
from slipway.cli.view import CONSOLE, figure, plain_table
from slipway.plan.situation.phases import ENDED_EARLY

ROUTING_SECONDS = 5.0
"""How long a forwarded port may still reach a pod of the version before."""


def chapter(title: str) -> None:
    """A heading."""
    CONSOLE.print()
    CONSOLE.rule(f"[bold]{title}[/]", align="left", style="dim")


def command_line(command: str) -> None:
    """What a user would have typed."""
    CONSOLE.print(f"[bold cyan]$[/] [bold]{escape(command)}[/]", soft_wrap=True)


def production_answer(key: ReleaseKey, expected: str) -> None:
    """Ask production about one patient, and say who answered. Raises Failure when it was another version."""
    row = data.load().holdout_x.head(1)
    body = json.dumps({"dataframe_split": row.to_dict(orient="split", index=False)}).encode()
    give_up = time.monotonic() + ROUTING_SECONDS
    while True:
        version, answer = _ask(key, body)
        if version == expected:
            break
        if time.monotonic() > give_up:
            raise Failure(f"production of {key} is answered by version {version} instead of {expected}")
    CONSOLE.print(f"  production answers: [bold]X-Model-Version: {version}[/], {escape(answer)}")


def _ask(key: ReleaseKey, body: bytes) -> tuple[str | None, str]:
    """The version that answered one request to the production Service, and what it said."""
    with forwarded(key.namespace, f"service/{key.name}", 80) as url:
        request = urllib.request.Request(f"{url}/invocations", body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=10) as response:
            return response.headers["X-Model-Version"], response.read().decode().strip()


def stopper(revision: ModelRevision) -> str:
    """The gate that stopped the revision, or the reason why it ended."""
    gate = next((result for result in revision.status.gates if result.blocks), None)
    return f"gate {gate.name}" if gate else revision.status.reason or "nothing"


def stopped(revisions: Iterable[ModelRevision]) -> None:
    """The revisions that never reached production, with what stopped each."""
    table = plain_table("VERSION", "REVISION", "STOPPED BY", "MEASURED", "THRESHOLD", "WHY")
    for revision in revisions:
        if revision.status.phase not in ENDED_EARLY:
            continue
        gate = next((result for result in revision.status.gates if result.blocks), None)
        table.add_row(
            revision.spec.model.version,
            revision.name,
            stopper(revision),
            figure(gate.measured, gate.unit) if gate else "-",
            figure(gate.threshold, gate.unit) if gate else "-",
            escape((gate.message if gate else revision.status.message) or "-"),
        )
    CONSOLE.print(table)


def where_to_look(key: ReleaseKey, seconds: float) -> None:
    """What to try next."""
    chapter(f"Done in {seconds:.0f} s")
    in_namespace = f"-n {key.namespace}"
    lift = json.dumps({"spec": {"rollback": None}})
    for what, command in (
        ("the history", f"kubectl {in_namespace} get modelreleases,modelrevisions"),
        ("one screen", f"slipway status {key.name} {in_namespace}"),
        ("the evidence", f"kubectl {in_namespace} get modelrevision {key.name}-r4 -o yaml"),
        ("the decisions", "kubectl -n slipway-system logs deployment/slipway | grep slipway.audit"),
        ("the registry", "make mlflow-ui   # http://127.0.0.1:5000"),
        ("lift the hold", f"kubectl {in_namespace} patch modelrelease {key.name} --type merge -p '{lift}'"),
        ("release again", "make deploy VERSION=2"),
        ("the meaning", "kubectl explain modelrelease.spec.gates"),
        ("all gone", "make cluster-down"),
    ):
        CONSOLE.print(f"  {what:<14} [bold]{escape(command)}[/]", soft_wrap=True)
