"""What was seen in the cluster and in the registry, as the planner takes it.

Unknown is a value: None. What was not read is UNREAD, which is not empty: nobody can look into it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from slipway.api.actors import Actors
from slipway.api.release import ModelRelease
from slipway.api.revision import ModelRevision
from slipway.gates.inline.logged import Logged
from slipway.plan.situation.needs import UNREAD, Kind, Needs, Reading
from slipway.settings import Settings


@dataclass(frozen=True)
class Pod:
    """One serving pod."""

    name: str
    revision: str
    ip: str | None = None
    ready: bool = False
    waiting: str | None = None
    """Reason why a container does not start, such as ImagePullBackOff."""
    restarts: int = 0
    started: str | None = None
    """When its serving container was last started, as the kubelet says."""
    fetch_report: str | None = None
    """Termination message of the init container."""
    fetch_failed: bool = False
    exit_report: str | None = None
    """Termination message of the serving container when it last ended with an error."""
    unschedulable: str | None = None


@dataclass(frozen=True)
class Deployment:
    """A revision's Deployment."""

    name: str
    uid: str
    replicas: int
    ready: int
    settled: bool
    """The controller has seen the last change and every pod runs the current template."""
    available: int = 0
    """Pods that have been ready for minReadySeconds."""
    manifest: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Autoscaler:
    """A HorizontalPodAutoscaler of a revision's Deployment."""

    name: str
    uid: str
    deployment: str
    """Name of the Deployment that it targets."""
    ours: bool
    """Whether Slipway made it for this release; otherwise it is the user's."""
    manifest: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Job:
    """A gate's Job."""

    name: str
    uid: str
    revision: str
    gate: str
    """The gate's label."""
    finished: bool
    message: str | None = None
    """Termination message of its container: the verdict."""
    exit_code: int | None = None
    reason: str | None = None
    production: str | None = None
    """Identity of the production that it compares with."""
    waiting: str | None = None
    """Why its pod does not start: the reason of its container, or the scheduler's sentence."""
    started_at: str | None = None
    ended_at: str | None = None


@dataclass(frozen=True)
class Service:
    """A Service and what its selector points at."""

    name: str
    uid: str
    resource_version: str
    selector: Mapping[str, str]
    release: str | None
    """The release that owns it, by label; None for somebody else's Service."""


@dataclass(frozen=True)
class Route:
    """The HTTPRoute of a release: the weights of its first rule are what production traffic follows."""

    name: str
    uid: str
    resource_version: str
    release: str | None
    """The release that owns it, by label; None for somebody else's route."""
    weights: Mapping[str, int] = field(default_factory=dict)
    """Service of a revision → its weight, in the route's order; those without weight are left out."""
    strange: str | None = None
    """What is in it that Slipway does not put there."""
    problem: str | None = None
    """Why no gateway carries it out as it is now; None where one does."""
    affinity: bool = False
    """Whether the API server kept its session affinity: the standard channel's definition drops it."""
    manifest: Mapping[str, Any] = field(default_factory=dict)

    @property
    def shares(self) -> Mapping[str, int]:
        """Percent of the traffic by revision, the first one being live."""
        total = sum(self.weights.values())
        return {revision: round(100 * weight / total) for revision, weight in self.weights.items()}


@dataclass(frozen=True)
class Version:
    """One registered model version."""

    version: str
    model_id: str | None = None
    run_id: str | None = None
    ready: bool = True
    stage: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    metrics: Logged = field(default_factory=Logged)
    """What was logged on it of the metrics that were asked for."""
    mlmodel: str | None = None
    """Text of the model's MLmodel file; None: not read."""
    requirements: str | None = None
    """Text of its requirements.txt; None: it has none."""
    unlisted_types: tuple[str, ...] | None = None
    """Types in its skops file that no server loads; None: it has no such file, or it was not read."""


@dataclass(frozen=True)
class Undescribed:
    """Why the registry does not describe a version."""

    says: str
    """The registry's own words."""
    final: bool
    """Whether it will say the same until somebody acts: it answered, and has no such version or refuses to show it."""


@dataclass(frozen=True)
class RegistryView:
    """What the registry was last seen to say. `problem` set: it could not be reached, and the rest may be old."""

    problem: str | None = None
    model_exists: bool | None = None
    aliases: Mapping[str, str] = field(default_factory=dict)
    versions: Mapping[str, Version | Undescribed] = field(default_factory=dict)
    """What was asked for because a decision may need it now: the version, or why the registry does not describe it."""


@dataclass(frozen=True)
class ConfigText:
    """The text under one key of a ConfigMap, or why there is none, as the end of a sentence."""

    text: str | None = None
    problem: str | None = None


@dataclass(frozen=True)
class Counters:
    """One pod's raw request counters since its start."""

    requests: int
    slow: int
    errors: int
    in_flight: int = 0
    """Requests that it is answering now."""
    timed: int | None = None
    """Requests that latency is judged on, the slow ones among them; None: all of them."""
    started: str | None = None
    """When the process that counted them started, as the kubelet says; None: not known."""
    delayed: bool = False
    """Whether an earlier reading may have been a newer one: then a lower count says nothing."""

    @property
    def by_latency(self) -> int:
        """Requests that latency is judged on."""
        return self.requests if self.timed is None else self.timed

    def from_afar(self, started: str | None) -> Counters:
        """The same, read from somebody who had read it earlier, of a process that started at `started`."""
        return replace(self, started=started, delayed=True)


@dataclass(frozen=True)
class Observed:
    """One look at everything that belongs to a release."""

    release: ModelRelease
    settings: Settings
    revisions: tuple[ModelRevision, ...] = ()
    """By number, oldest first."""
    production: Service | None = None
    route: Route | None = None
    """The HTTPRoute with the release's name. Where there is none, the production Service says what is live."""
    gateway_api: bool = True
    """Whether the cluster knows HTTPRoutes."""
    services: Mapping[str, Service] = field(default_factory=dict)
    """The other Services of the release, by name, and any Service that stands where one of them should."""
    deployments: Mapping[str, Deployment] = field(default_factory=dict)
    autoscalers: tuple[Autoscaler, ...] = ()
    """Those that target one of `deployments`, by name."""
    pods: tuple[Pod, ...] = ()
    jobs: Mapping[str, Job] = field(default_factory=dict)
    pins: Mapping[str, str] = field(default_factory=dict)
    """Revision → digest in its pin ConfigMap."""
    budgets: frozenset[str] = frozenset()
    """Names of the release's PodDisruptionBudgets."""
    monitors: Mapping[str, str] | None = None
    """Kind of each object for the Prometheus Operator → what it was rendered from; None: the cluster knows none."""
    children: tuple[tuple[str, str, str, bool], ...] = ()
    """The release's own children: kind, name, uid, and whether they refer to it as their owner."""
    policy: ConfigText | None = None
    requests: ConfigText | None = None
    """The smoke gate's requests; None: not asked for."""
    registry: RegistryView = field(default_factory=RegistryView)
    actors: Actors = field(default_factory=Actors)
    """Who made the release's spec what it is, as far as that is certain."""
    skew: tuple[str, str] | None = None
    """How the CRDs differ from the operator's: reason and sentence; None: they do not."""
    reading: Reading | None = None
    """Whose counters were read; None: nobody's."""
    counters: Mapping[str, Counters] = field(default_factory=dict)
    """Those counters by pod. Who did not answer is missing."""
    unread: Mapping[str, str] = field(default_factory=dict)
    """Pod that was asked for its counters in vain → why, as the end of a sentence that begins with the pod."""

    def revision(self, name: str | None) -> ModelRevision | None:
        """The revision called `name`."""
        return next((revision for revision in self.revisions if revision.name == name), None)

    def pods_of(self, revision: str) -> tuple[Pod, ...]:
        """The pods of `revision`."""
        return tuple(pod for pod in self.pods if pod.revision == revision)

    def counters_of(self, revision: str) -> Mapping[str, Counters]:
        """Counters of those pods of `revision` that were read."""
        if self.reading is None and self.counters is not UNREAD:
            return {}
        return {pod.name: self.counters[pod.name] for pod in self.pods_of(revision) if pod.name in self.counters}

    def unread_of(self, revision: str) -> str | None:
        """Which pods of `revision` were asked for their counters in vain, and why, in one sentence; None: none."""
        if self.reading is None and self.unread is not UNREAD:
            return None
        missing = [pod.name for pod in self.pods_of(revision) if pod.name in self.unread]
        if not missing:
            return None
        others = f" (and {len(missing) - 1} more)" if len(missing) > 1 else ""
        return f"pod {missing[0]}{others} {self.unread[missing[0]]}"

    def only(self, kinds: frozenset[Kind], asked: Needs) -> Observed:
        """The same for a step that reads `kinds` and has `asked` for these: what was read for others is UNREAD."""
        ours = asked.counters is not None and asked.counters.judged == (self.reading and self.reading.judged)
        versions = self.registry.versions if Kind.VERSIONS in kinds else UNREAD
        counted = Kind.COUNTERS in kinds
        return replace(
            self,
            registry=replace(self.registry, versions=versions),
            policy=self.policy if Kind.POLICY in kinds else UNREAD,
            requests=self.requests if Kind.REQUESTS in kinds else UNREAD,
            reading=self.reading if counted and ours else None,
            counters=self.counters if counted else UNREAD,
            unread=self.unread if counted else UNREAD,
        )
