"""`slipway report`: a release's history and evidence as files that can be kept, shown and checked."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from slipway.api.revision import ModelRevision, Watched
from slipway.cli import options
from slipway.cli.audit import source as audit_source
from slipway.cli.registry import RegistryAdmin, configured_url, reachable
from slipway.cli.release.follow import Progress, look
from slipway.cli.report import board
from slipway.cli.session import Failure, ReleaseKey, on_cluster
from slipway.cli.view import CONSOLE
from slipway.cluster.port import Cluster
from slipway.plan.situation.observed import Version
from slipway.report.files import files
from slipway.report.story import LiveFigures, Panel, Story
from slipway.words.times import stamp

AUDIT = "audit.jsonl"


@click.command()
@options.key
@options.mlflow
@click.option(
    "--prometheus",
    help="Prometheus to draw the dashboard panels from, inside the cluster or not. Defaults to the operator's, if any.",
)
@click.option(
    "--window", type=options.Span(), default="1h", show_default=True, help="Time range of the panels, such as 30m."
)
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("artifacts"),
    show_default=True,
    help="Directory for the files. It is created if needed; files of an earlier report are replaced.",
)
def command(key: ReleaseKey, mlflow: options.Mlflow, prometheus: str | None, window: float, out: Path) -> None:
    """Write lineage.mmd, metrics_snapshot.json, audit.jsonl, model_card.md and report.html.

    What cannot be read (MLflow, the audit log, Prometheus) is left out of the report, and said.
    """

    async def read(cluster: Cluster) -> tuple[Progress, str]:
        seen = await look(cluster, key)
        url = mlflow.tracking_uri or await configured_url(cluster, seen.release, mlflow.operator_namespace)
        return seen, url

    seen, url = on_cluster(read)
    versions = _described(url, seen)
    log = _log(mlflow.operator_namespace)
    records = [record for record in map(json.loads, log.lines) if _about(record, key)] if log else []
    panels = panels_of(key, mlflow.operator_namespace, prometheus, window)
    written = write(out, replace(story(seen, versions, records), panels=panels))
    if log:
        written.append(log.save(out / AUDIT))
    for path in written:
        CONSOLE.print(f"wrote {path}")


def panels_of(key: ReleaseKey, operator_namespace: str, prometheus: str | None, window: float) -> tuple[Panel, ...]:
    """The board's panels. A board that may not be read, or a Prometheus that is gone, costs the curves."""
    try:
        url = prometheus or on_cluster(lambda cluster: board.configured_prometheus(cluster, operator_namespace))
        if url is None:
            return ()
        installed = on_cluster(lambda cluster: board.installed(cluster, operator_namespace))
        if installed is None:
            raise Failure("the operator's chart has no boards (monitoring.dashboards.enabled)")
        return board.drawn(installed, key, url, window)
    except Failure as error:
        CONSOLE.print(f"[yellow]without curves[/]: {error.message}")
        return ()


def story(seen: Progress, versions: Mapping[str, Version], records: Sequence[Mapping[str, Any]]) -> Story:
    """What the report tells."""
    return Story(
        release=seen.release,
        revisions=tuple(seen.revisions),
        taken_at=stamp(datetime.now(UTC)),
        versions=versions,
        records=tuple(records),
        live_figures=counted(seen),
    )


def write(out: Path, told: Story) -> list[Path]:
    """Write the files of the report into `out`. Raises Failure where that cannot be done."""
    try:
        out.mkdir(parents=True, exist_ok=True)
        paths = []
        for name, text in files(told).items():
            path = out / name
            path.write_text(text, encoding="utf-8")
            paths.append(path)
    except OSError as error:
        raise Failure(f"cannot write the report to {out}: {error.strerror}; choose another place with --out") from None
    return paths


def _log(operator_namespace: str) -> audit_source.Collected | None:
    """The operator's whole log: one release's records alone are no chain that could be verified."""
    try:
        return audit_source.collected(operator_namespace)
    except Failure as error:
        CONSOLE.print(f"[yellow]without the audit log[/]: {error.message}")
        return None


def _about(record: Mapping[str, Any], key: ReleaseKey) -> bool:
    return (record["namespace"], record["release"]) == (key.namespace, key.name)


def counted(seen: Progress) -> LiveFigures | None:
    """What the operator counted of the live revision while it watched it."""
    live = seen.release.status.live
    revision: ModelRevision | None = next((r for r in seen.revisions if live and r.name == live.revision), None)
    watched: Watched | None = revision.status.watched if revision else None
    if watched is None:
        return None
    source = "counted while it was watched"
    return LiveFigures(source, watched.requests, watched.slow, watched.errors, timed=watched.timed)


def _described(url: str, seen: Progress) -> Mapping[str, Version]:
    """What MLflow says of every version; a registry that cannot be reached costs the report its tags, no more."""
    model = seen.release.spec.model.name
    wanted = sorted({revision.spec.model.version for revision in seen.revisions})
    try:
        with reachable(url) as here:
            registry = RegistryAdmin(here)
            return {version: registry.described(model, version) for version in wanted}
    except Failure as error:
        CONSOLE.print(f"[yellow]without MLflow's tags[/]: {error.message}")
        return {}
