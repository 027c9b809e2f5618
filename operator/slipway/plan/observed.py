"""What was seen in the cluster and in the registry, as the planner takes it. Unknown is a value: None."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from slipway.actors import Actors
from slipway.api.release import ModelRelease
from slipway.api.revision import ModelRevision
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
class Version:
    """One registered model version."""

    version: str
    model_id: str | None = None
    run_id: str | None = None
    ready: bool = True
    stage: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    metrics: Mapping[str, float] = field(default_factory=dict)
    datasets: Mapping[str, str] = field(default_factory=dict)
    """Metric → name and digest of the dataset that it was measured on, where MLflow was told."""
    mlmodel: str | None = None
    """Text of the model's MLmodel file; None: not read."""
    requirements: str | None = None
    """Text of its requirements.txt; None: it has none."""
    unlisted_types: tuple[str, ...] | None = None
    """Types in its skops file that no server loads; None: it has no such file, or it was not read."""


@dataclass(frozen=True)
class RegistryView:
    """What the registry was last seen to say. `problem` set: it could not be reached, and the rest may be old."""

    problem: str | None = None
    model_exists: bool | None = None
    aliases: Mapping[str, str] = field(default_factory=dict)
    versions: Mapping[str, Version] = field(default_factory=dict)
    """The versions that a decision may need now; one that is missing could not be read."""


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


@dataclass(frozen=True)
class Observed:
    """One look at everything that belongs to a release."""

    release: ModelRelease
    settings: Settings
    revisions: tuple[ModelRevision, ...] = ()
    """By number, oldest first."""
    production: Service | None = None
    services: Mapping[str, Service] = field(default_factory=dict)
    """The other Services of the release, by name, and any Service that stands where one of them should."""
    deployments: Mapping[str, Deployment] = field(default_factory=dict)
    pods: tuple[Pod, ...] = ()
    jobs: Mapping[str, Job] = field(default_factory=dict)
    pins: Mapping[str, str] = field(default_factory=dict)
    """Revision → digest in its pin ConfigMap."""
    budgets: frozenset[str] = frozenset()
    """Names of the release's PodDisruptionBudgets."""
    children: tuple[tuple[str, str, str, bool], ...] = ()
    """The release's own children: kind, name, uid, and whether they refer to it as their owner."""
    policy: ConfigText | None = None
    requests_problem: str | None = None
    """Why the smoke gate's requests cannot be mounted; None: they can, or were not looked for."""
    registry: RegistryView = field(default_factory=RegistryView)
    actors: Actors = field(default_factory=Actors)
    """Who made the release's spec what it is, as far as that is certain."""
    counters: Mapping[str, Counters] | None = None
    """Counters of the live revision's pods, by pod; None: not read."""

    def revision(self, name: str | None) -> ModelRevision | None:
        """The revision called `name`."""
        return next((revision for revision in self.revisions if revision.name == name), None)

    def pods_of(self, revision: str) -> tuple[Pod, ...]:
        """The pods of `revision`."""
        return tuple(pod for pod in self.pods if pod.revision == revision)
