"""What a rollback would do: the operator's own planner, asked about a release as if the rollback stood in its spec."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from slipway.api.policy import Rollback
from slipway.api.release import LifecycleStages, ModelRelease
from slipway.api.revision import ModelRevision, Phase
from slipway.cli.session import Failure, ReleaseKey, read_release, read_revisions
from slipway.cli.view import phase_seconds
from slipway.cluster.port import Cluster
from slipway.observe import views
from slipway.plan.production.rollback import can_serve, requested
from slipway.plan.situation.observed import Observed
from slipway.plan.situation.scene import Scene
from slipway.plan.situation.sizing import size
from slipway.settings import Images, Registry, Settings

_UNUSED = Settings(images=Images(server="-", native="-", jobs="-"), registries={"default": Registry(url="http://-")})
"""The planner takes a configuration with every observation, and a rollback depends on nothing in it."""


@dataclass(frozen=True)
class Preview:
    """A rollback before it happens."""

    release: ModelRelease
    source: ModelRevision
    target: ModelRevision
    warm: bool
    """Whether production can be moved at once, without starting a pod."""
    ready: int
    wanted: int
    aborted: ModelRevision | None = None
    """What is on its way and would not arrive."""

    @property
    def expected(self) -> str:
        """Seconds it should take, from what was measured before."""
        if self.warm:
            return f"under 1 s: {self.ready} of {self.wanted} pods are ready, none is started"
        taken = phase_seconds(self.target)
        start = taken.get(Phase.FETCHING, 0.0) + taken.get(Phase.STAGING, 0.0)
        return f"about {max(start, 1.0):.0f} s: pods have to start, and the first start took that long"

    @property
    def effects(self) -> list[str]:
        """What follows in the registry and for later releases."""
        model = self.release.spec.model
        old, new = self.source.spec.model.version, self.target.spec.model.version
        lines = [f"alias {model.production_alias} of {model.name}: version {old} → {new}"]
        if model.lifecycle_stages is LifecycleStages.SYNC:
            lines.append(f"stage Production: version {old} → {new}")
        if model.candidate.alias:
            lines.append(f"alias {model.candidate.alias}: unchanged")
        lines += self._bundle()
        if self.aborted:
            lines.append(
                f"{self.aborted.name} (version {self.aborted.spec.model.version}) is in progress and will be aborted"
            )
        held = "nothing is promoted until spec.rollback is removed"
        return [*lines, f"{held}; version {old} is not promoted again automatically"]

    def _bundle(self) -> list[str]:
        """What comes back with the model, where it differs."""
        old, new = self.source.spec, self.target.spec
        lines = []
        if old.server.image != new.server.image:
            lines.append(f"server image: {old.server.image} → {new.server.image}")
        if old.serving_hash != new.serving_hash and old.server.config != new.server.config:
            lines.append(f"pod configuration: as {self.target.name} had it")
        if old.policy.slo != new.policy.slo:
            slo = new.policy.slo
            lines.append(
                f"objectives: p95 {slo.latency.p95}, errors {slo.errors.ratio:.2%}, as {self.target.name} had them"
            )
        return lines


async def preview(cluster: Cluster, key: ReleaseKey, request: Rollback) -> Preview:
    """The rollback that `request` would start now. Raises Failure where there is none."""
    seen = await observe(cluster, key)
    scene = Scene(replace(seen, release=asking(seen.release, request)), datetime.now(UTC))
    plan = requested(scene)
    if plan is not None and plan.stalled:
        raise Failure(plan.stalled[1])
    state = plan.facts.rollback if plan is not None and plan.facts else None
    source, target = (seen.revision(state.from_revision), seen.revision(state.to)) if state else (None, None)
    if source is None or target is None or scene.live is None:
        raise Failure(f"{key} serves no revision yet, so there is nothing to take back; see slipway status {key.name}")
    if target is scene.live:
        raise Failure(f"production of {key} serves {target.name} already; see slipway status {key.name}")
    current = seen.deployments.get(target.name)
    wanted = current.replicas if current and current.replicas else size(scene)
    warm = can_serve(scene, target)
    return Preview(seen.release, source, target, warm, scene.ready_pods(target), wanted, scene.candidate)


def asking(release: ModelRelease, request: Rollback) -> ModelRelease:
    """`release` as if `request` stood in its spec and had not been looked at yet."""
    spec = release.spec.model_copy(update={"rollback": request})
    return release.model_copy(update={"spec": spec, "status": release.status.model_copy(update={"rollback": None})})


async def observe(cluster: Cluster, key: ReleaseKey) -> Observed:
    """What the planner needs to know for a rollback."""
    release, revisions, service, deployments = await asyncio.gather(
        read_release(cluster, key),
        read_revisions(cluster, key),
        cluster.get("Service", key.namespace, key.name),
        cluster.list("Deployment", key.namespace, key.labels),
    )
    return Observed(
        release=release,
        settings=_UNUSED,
        revisions=tuple(revisions),
        production=views.service_view(service) if service else None,
        deployments={view.name: view for view in map(views.deployment_view, deployments)},
    )
