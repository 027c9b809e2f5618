"""`slipway resume`: lift the pause of a canary step."""

from __future__ import annotations

import click

from slipway.api.release import ModelRelease
from slipway.api.revision import ModelRevision, Phase
from slipway.cli import options
from slipway.cli.release.follow import look
from slipway.cli.session import Failure, ReleaseKey, on_cluster
from slipway.cli.view import CONSOLE
from slipway.cluster.port import Cluster


@click.command()
@options.key
@click.option(
    "--step", type=click.IntRange(1, 16), help="Resume all steps up to this one.  [default: the current step]"
)
def command(key: ReleaseKey, step: int | None) -> None:
    """Resume the candidate's current canary step. The step still needs its evidence."""
    mark = on_cluster(lambda cluster: resume(cluster, key, step))
    CONSOLE.print(f"[green]✓[/] spec.resume of {key} is {mark}")


async def resume(cluster: Cluster, key: ReleaseKey, step: int | None) -> str:
    """Write spec.resume; what was written. Raises Failure where no canary is under way."""
    seen = await look(cluster, key)
    candidate = _in_canary(seen.release, seen.revisions)
    state = candidate.status.canary if candidate else None
    if candidate is None or state is None:
        raise Failure(f"{key} has no canary to resume; see slipway status {key.name}")
    steps = len(candidate.spec.policy.rollout.steps)
    if step is not None and not state.step <= step <= steps:
        raise Failure(f"{candidate.name} is at step {state.step} of {steps}; --step {step} has no effect")
    mark = f"{candidate.name}/{step or state.step}"
    await cluster.patch_merge("ModelRelease", key.namespace, key.name, {"spec": {"resume": mark}})
    return mark


def _in_canary(release: ModelRelease, revisions: tuple[ModelRevision, ...]) -> ModelRevision | None:
    """The release's candidate, if it is in its canary."""
    name = release.status.candidate.revision if release.status.candidate else None
    return next((r for r in revisions if r.name == name and r.status.phase is Phase.CANARY), None)
