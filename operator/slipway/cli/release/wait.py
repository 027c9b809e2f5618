"""`slipway wait`: follow what is on its way to its end."""

from __future__ import annotations

import sys
import time

import click

from slipway.cli import options
from slipway.cli.release.follow import Progress, Wish, follow, look, patience
from slipway.cli.release.narrate import Narrator, conclude
from slipway.cli.session import Failure, ReleaseKey, on_cluster


@click.command()
@options.key
@click.option("--version", "wanted", help="Model version to wait for. Defaults to the requested version.")
@options.timeout
def command(key: ReleaseKey, wanted: str | None, timeout: float | None) -> None:
    """Wait for the release in progress to finish.

    Exit codes: 0 promoted, 1 rejected or taken back, 2 error or timeout.
    """
    seen = on_cluster(lambda cluster: look(cluster, key))
    wish = Wish(key, wanted or wanted_version(seen), after=seen.release.status.last_revision)
    narrator = Narrator(time.monotonic)
    with narrator:
        end = on_cluster(lambda cluster: follow(cluster, wish, timeout or patience(seen.release), narrator))
    sys.exit(conclude(wish, end))


def wanted_version(seen: Progress) -> str:
    """The version that the spec asks for, as far as the operator knows. Raises Failure where it does not."""
    status, fixed = seen.release.status, seen.release.spec.model.candidate.version
    version = fixed or (status.wanted.version if status.wanted else None)
    if version is None:
        why = status.message or "the operator has not reconciled it"
        advice = "move its candidate alias, or name one with --version"
        raise Failure(f"{seen.release.metadata.name} requests no version yet: {why}; {advice}")
    return version
