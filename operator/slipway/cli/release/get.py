"""`slipway get`: releases at a glance."""

from __future__ import annotations

import click
from rich.table import Table

from slipway.api.release import ModelRelease
from slipway.cli import options
from slipway.cli.session import on_cluster
from slipway.cli.view import CONSOLE, ago, plain_table
from slipway.cluster.port import Cluster


@click.command()
@options.namespace
@click.option("-A", "--all-namespaces", is_flag=True, help="All namespaces.")
def command(namespace: str, all_namespaces: bool) -> None:
    """List releases."""
    where = "" if all_namespaces else namespace

    async def read(cluster: Cluster) -> list[ModelRelease]:
        return [ModelRelease.parse(found) for found in await cluster.list("ModelRelease", where, {})]

    found = on_cluster(read)
    if not found:
        CONSOLE.print(f"no ModelReleases in {f'namespace {where}' if where else 'the cluster'}")
        return
    CONSOLE.print(table(found))


def table(found: list[ModelRelease]) -> Table:
    """One line for each release."""
    rows = plain_table("NAMESPACE", "NAME", "PHASE", "LIVE", "CANDIDATE", "GATE", "READY", "HELD", "AGE")
    for release in sorted(found, key=lambda r: (r.metadata.namespace, r.metadata.name)):
        status = release.status
        ready = next((c.status for c in status.conditions if c.type == "Ready"), "Unknown")
        rows.add_row(
            release.metadata.namespace,
            release.metadata.name,
            status.phase or "-",
            status.live.version if status.live else "-",
            status.candidate.version if status.candidate else "-",
            status.gate or "-",
            f"[{'green' if ready == 'True' else 'red'}]{ready}[/]",
            status.hold.reason.value if status.hold else "-",
            ago(release.metadata.creation_timestamp),
        )
    return rows
