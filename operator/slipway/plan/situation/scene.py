"""What follows from an observation alone: who is live, who is on the way, what is wanted. No decisions here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from slipway.api.actors import Actor, Part
from slipway.api.revision import ModelRevision, Phase, PinnedServer, Policy
from slipway.plan.situation.observed import Observed, Route, Undescribed, Version
from slipway.plan.situation.phases import FAILED, IN_FLIGHT, SERVING
from slipway.words import names
from slipway.words.canonical import digest_of

_SIZE = frozenset({"replicas", "autoscaling", "minReadySeconds"})
"""What decides how many pods there are, and not what they serve."""


@dataclass(frozen=True)
class Desired:
    """What the spec and the alias ask production to serve."""

    version: str
    server: PinnedServer
    policy: Policy

    @cached_property
    def serving_hash(self) -> str:
        """Identity of what the pods would serve.

        The number of pods is not part of it, and neither is an image that the release leaves to the operator: a larger
        release and a newer operator need no new proof.
        """
        config = {key: value for key, value in self.server.config.wire().items() if key not in _SIZE}
        return digest_of({"version": self.version, "server": config})

    @cached_property
    def policy_hash(self) -> str:
        """Identity of how it would be judged."""
        return digest_of(self.policy.wire())


@dataclass(frozen=True)
class Scene:
    """An observation at a moment, with what follows from it."""

    seen: Observed
    now: datetime

    @property
    def name(self) -> str:
        """Name of the release."""
        return self.seen.release.metadata.name

    def who(self, part: Part) -> Actor:
        """User who gave this part of the spec its value, as the API server knows it; otherwise "unverified"."""
        return self.seen.actors.who(part)

    @cached_property
    def route(self) -> Route | None:
        """The release's own route."""
        route = self.seen.route
        return route if route and route.release == self.name else None

    @cached_property
    def shares(self) -> Mapping[str, int]:
        """Percent of production traffic by revision, the live one first.

        A route of the release is the truth where there is one. Without one it is the selector of the production
        Service, which follows the route: so there is always one object that says what is live, and never a status.
        """
        if self.route is not None:
            return self.route.shares
        service = self.seen.production
        pointed = service.selector.get(names.REVISION_LABEL) if service and service.release == self.name else None
        return {pointed: 100} if pointed else {}

    @cached_property
    def served(self) -> str | None:
        """Name of the revision that production traffic follows, whether we know it or not."""
        return next(iter(self.shares), None)

    @cached_property
    def live(self) -> ModelRevision | None:
        """The revision that production serves; the other one, if any, only has a share."""
        revision, service = self.seen.revision(self.served), self.seen.production
        if revision is None:
            return None
        if self.route is not None:
            return revision
        exact = service is not None and dict(service.selector) == names.selector(self.name, revision.name)
        return revision if exact else None

    def share(self, revision: ModelRevision) -> int:
        """Percent of production traffic that `revision` has."""
        return self.shares.get(revision.name, 0)

    @cached_property
    def candidate(self) -> ModelRevision | None:
        """The newest revision on its way."""
        flying = [r for r in self.seen.revisions if r.status.phase in IN_FLIGHT and r is not self.live]
        return flying[-1] if flying else None

    @cached_property
    def flying(self) -> ModelRevision | None:
        """The newest revision in an in-flight phase, even where production already serves it."""
        flying = [r for r in self.seen.revisions if r.status.phase in IN_FLIGHT]
        return flying[-1] if flying else None

    @property
    def newest(self) -> ModelRevision | None:
        """The revision that was made last, whatever became of it."""
        return self.seen.revisions[-1] if self.seen.revisions else None

    @cached_property
    def previous(self) -> ModelRevision | None:
        """The revision to go back to: the one that production left last without being taken back."""
        retired = [r for r in self.seen.revisions if r.status.phase is Phase.RETIRED and r is not self.live]
        return max(retired, key=lambda r: (r.status.replaced_at or "", r.spec.number), default=None)

    @cached_property
    def lost(self) -> tuple[ModelRevision, ...]:
        """Revisions whose status says that production serves them while it does not."""
        return tuple(r for r in self.seen.revisions if r.status.phase in SERVING and r is not self.live)

    @cached_property
    def wanted_version(self) -> str | None:
        """The version that the spec asks for; None: the alias points nowhere, or is not known."""
        source = self.seen.release.spec.model.candidate
        return source.version or self.seen.registry.aliases.get(source.alias or "")

    @cached_property
    def desired(self) -> Desired | None:
        """What production should serve in the end; None where it is not known."""
        spec = self.seen.release.spec
        if self.wanted_version is None:
            return None
        images = self.seen.settings.images
        image = spec.server.image or images.server
        server = PinnedServer(image=image, native_image=images.native, config=spec.server)
        return Desired(
            self.wanted_version, server, Policy(gates=spec.gates.pinned(), rollout=spec.rollout, slo=spec.slo)
        )

    @cached_property
    def alias_since(self) -> str | None:
        """Since when the wanted version is wanted, as recorded; None: not recorded yet."""
        seen = self.seen.release.status.wanted
        return seen.since if seen and seen.version == self.wanted_version else None

    def failed_before(self, desired: Desired) -> ModelRevision | None:
        """The newest attempt whose end stands against another one at `desired`."""
        attempts = [r for r in self.seen.revisions if r.spec.model.version == desired.version and self.stands(r)]
        return attempts[-1] if attempts else None

    def stands(self, revision: ModelRevision) -> bool:
        """Whether `revision` failed or was taken back since its version is wanted, and nobody asked to retry."""
        status, intake, last = revision.status, revision.spec.intake, self.seen.release.status.rollback
        if status.phase not in FAILED or revision.spec.model.version != self.wanted_version or not self.alias_since:
            return False
        retry = last.retry if last and last.from_revision == revision.name else intake.retry
        taken_back = status.phase is Phase.ROLLED_BACK and (status.replaced_at or "") >= self.alias_since
        return retry == (self.seen.release.spec.retry or "") and (taken_back or intake.since == self.alias_since)

    def version(self, version: str | None) -> Version | None:
        """What the registry says of `version`; None: not read."""
        answer = self.seen.registry.versions.get(version or "")
        return answer if isinstance(answer, Version) else None

    def undescribed(self, version: str) -> Undescribed | None:
        """Why the registry does not describe `version`; None: it does, or was not asked."""
        answer = self.seen.registry.versions.get(version)
        return answer if isinstance(answer, Undescribed) else None

    def warm(self, revision: ModelRevision) -> bool:
        """Whether every pod that `revision` wants is available: production can be pointed at it now."""
        deployment = self.seen.deployments.get(revision.name)
        return deployment is not None and deployment.available >= max(1, deployment.replicas)

    def ready_pods(self, revision: ModelRevision) -> int:
        """How many of its pods are ready."""
        deployment = self.seen.deployments.get(revision.name)
        return deployment.ready if deployment else 0
