"""`slipway deploy`: move the candidate alias, and follow the release to its end."""

from __future__ import annotations

import sys
import time
from datetime import UTC, datetime

import click
from rich.markup import escape

from slipway.cli import options
from slipway.cli.registry import RegistryAdmin, configured_url, reachable
from slipway.cli.release.follow import Progress, Wish, follow, look, patience
from slipway.cli.release.narrate import Narrator, conclude
from slipway.cli.session import Failure, ReleaseKey, on_cluster
from slipway.cli.view import CONSOLE
from slipway.cluster.port import Cluster


@click.command()
@options.key
@click.option("--version", "wanted", help="Model version to release. Defaults to the newest in MLflow.")
@click.option("--retry", is_flag=True, help="Retry a version that was rejected or rolled back.")
@options.timeout
@options.mlflow
def command(key: ReleaseKey, wanted: str | None, retry: bool, timeout: float | None, mlflow: options.Mlflow) -> None:
    """Release a model version: move the candidate alias to it and wait for the result.

    Exit codes: 0 promoted, 1 rejected or rolled back, 2 error or timeout.
    """
    sys.exit(deploy(key, wanted, retry, timeout, mlflow))


def deploy(key: ReleaseKey, wanted: str | None, retry: bool, timeout: float | None, mlflow: options.Mlflow) -> int:
    """What the command does; its exit code."""
    before = on_cluster(lambda cluster: look(cluster, key))
    alias = candidate_alias(before)
    url = mlflow.tracking_uri or on_cluster(
        lambda cluster: configured_url(cluster, before.release, mlflow.operator_namespace)
    )
    wish = stage(before, alias, url, wanted)
    if retry:
        on_cluster(lambda cluster: ask_again(cluster, key))
    narrator = Narrator(time.monotonic)
    with narrator:
        end = on_cluster(lambda cluster: follow(cluster, wish, timeout or patience(before.release), narrator))
    return conclude(wish, end)


def candidate_alias(seen: Progress) -> str:
    """The alias that the release follows. Raises Failure where moving it would release nothing."""
    release = seen.release
    name, alias, hold = release.metadata.name, release.spec.model.candidate.alias, release.status.hold
    if alias is None:
        raise Failure(f"{name} follows no alias: set spec.model.candidate.version to release another version")
    if hold is not None:
        raise Failure(f"{name} is held; nothing was changed: {hold.message}")
    return alias


def stage(before: Progress, alias: str, url: str, wanted: str | None) -> Wish:
    """Point the alias at the version. Raises Failure."""
    release = before.release
    model = release.spec.model.name
    with CONSOLE.status("asking MLflow"), reachable(url) as here:
        registry = RegistryAdmin(here)
        version = wanted or registry.latest(model)
        moved = registry.alias(model, alias) != version
        if moved:
            registry.move(model, alias, version)
    verb = "now points" if moved else "points already"
    CONSOLE.print(f"alias [bold]{escape(alias)}[/] of {escape(model)} {verb} at version [bold]{escape(version)}[/]")
    key = ReleaseKey(release.metadata.namespace, release.metadata.name)
    return Wish(key, version, after=release.status.last_revision)


async def ask_again(cluster: Cluster, key: ReleaseKey) -> None:
    """Change spec.retry: what stands against a version does so no more."""
    patch = {"spec": {"retry": datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")}}
    await cluster.patch_merge("ModelRelease", key.namespace, key.name, patch)
