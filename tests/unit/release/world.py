"""A whole release in memory: the real loop over a fake cluster and registry, with a clock that tests turn."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from prometheus_client import CollectorRegistry

from slipway.audit.checkpoint import Signer
from slipway.audit.recorder import Recorder
from slipway.audit.store.protocol import StoreError
from slipway.cluster.port import Conflict, Object
from slipway.context.context import Context
from slipway.gates.inline.logged import Figure, Logged
from slipway.metrics.instruments import Instruments
from slipway.observe.children import serving, surrounded
from slipway.observe.release import observe
from slipway.plan.planner import plan
from slipway.plan.production.rollback import imminent
from slipway.plan.situation.observed import Version
from slipway.plan.situation.scene import Scene
from slipway.reconcile import reconcile
from slipway.registry.cache import RegistryCache
from slipway.settings import Audit, Images, Registry, Settings
from slipway.status.release import project
from tests.unit.release.callers import Callers
from tests.unit.release.fakes import FakeCluster, FakeCounters, FakeRegistry, FakeStore

NAMESPACE, NAME, MODEL = "demo", "cancer", "cancer_classifier"
POLICY = """
apiVersion: slipway.dev/v1alpha1
kind: GovernancePolicy
tags: [{name: owner, required: true}]
"""
SIGNER = Signer(Ed25519PrivateKey.from_private_bytes(bytes(32)))
"""Signs the checkpoints of every world."""
PATIENCE = 400
"""Passes after which a world that still writes counts as restless."""


def settings() -> Settings:
    """An operator's configuration."""
    return Settings(
        images=Images(server="server:1", native="native:1", jobs="native:1"),
        registries={"default": Registry(url="http://mlflow")},
        audit=Audit(key=Path("/key.pem")),
        server_packages="numpy==2.4.6\nscikit-learn==1.9.1\n",
    )


def version(number: str, auc: float = 0.95, **tags: str) -> Version:
    """A well-governed model version."""
    metrics = Logged({"auc": (Figure(auc),)})
    return Version(number, f"m-{number}", f"run-{number}", tags={"owner": "team", **tags}, metrics=metrics)


def release(**spec: Any) -> Object:
    """A ModelRelease manifest as the API server would store it."""
    base = {
        "model": {"name": MODEL, "candidate": {"alias": "staging"}},
        "gates": {"smoke": {}, "metrics": [{"name": "auc"}], "governance": {"policy": "governance-tags"}},
        "rollout": {"watch": "30s", "keepWarm": "10m", "progressDeadline": "5m"},
    }
    return {
        "apiVersion": "slipway.dev/v1alpha1",
        "kind": "ModelRelease",
        "metadata": {"name": NAME, "namespace": NAMESPACE, "uid": "release-uid"},
        "spec": {**base, **spec},
    }


@dataclass
class World:
    """Everything around one release."""

    cluster: FakeCluster = field(default_factory=FakeCluster)
    registry: FakeRegistry = field(default_factory=lambda: FakeRegistry({MODEL: {}}))
    counters: FakeCounters = field(default_factory=FakeCounters)
    store: FakeStore = field(default_factory=FakeStore)
    recorder: Recorder | None = None
    """Of an operator that has more releases than this one; None: this release has its own."""
    uid: str = "release-uid"
    now: datetime = datetime(2026, 1, 1, tzinfo=UTC)
    paused: list[tuple[str | None, float]] = field(default_factory=list)
    """What production served, and for how many seconds, whenever the operator let others work."""

    def __post_init__(self) -> None:
        self.callers = Callers(self.cluster, self.counters)
        self.registry.described = {n: version(n) for n in ("1", "2", "3")}
        manifest = release()
        self.put({**manifest, "metadata": {**manifest["metadata"], "uid": self.uid}})
        policy = {"kind": "ConfigMap", "metadata": {"name": "governance-tags", "namespace": NAMESPACE}}
        self.put({**policy, "data": {"governance.tags.yaml": POLICY}})
        self.restart()

    def restart(self) -> None:
        """A new operator process: nothing but the cluster and the registry survives."""
        instruments = Instruments(CollectorRegistry())
        cache = RegistryCache({"default": (self.registry, 1.0)}, instruments)
        self.audit = self.recorder or Recorder(self.store, instruments, SIGNER)
        self.context = Context(
            self.cluster,
            cache,
            self.counters,
            self.counters,
            settings(),
            instruments,
            lambda: self.now,
            lambda: self.now.timestamp(),
            self.audit,
            pause=self.pause,
        )

    def put(self, manifest: Object) -> None:
        """Store an object without counting it as one of the operator's writes."""
        meta = manifest["metadata"]
        self.cluster.store((manifest["kind"], meta["namespace"], meta["name"]), manifest)

    def edit(self, **spec: Any) -> None:
        """Patch the release's spec; None removes a field."""
        manifest = self.cluster.objects[("ModelRelease", NAMESPACE, NAME)]
        new = {k: v for k, v in {**manifest["spec"], **spec}.items() if v is not None}
        self.put({**manifest, "spec": new})

    def alias(self, number: str | None) -> None:
        """Move the alias `staging`."""
        if number is None:
            self.registry.models[MODEL].pop("staging", None)
        else:
            self.registry.models[MODEL]["staging"] = number

    async def pause(self, seconds: float) -> None:
        """The operator lets others work."""
        self.now += timedelta(seconds=seconds)
        self.paused.append((self.serving, seconds))

    def later(self, seconds: float) -> datetime:
        """The time in `seconds`."""
        return self.now + timedelta(seconds=seconds)

    async def step(self) -> float | None:
        """One pass of the operator, after its registry poll and after the cluster's controllers ran."""
        self.cluster.tick()
        with suppress(StoreError):
            await self.audit.flush()
        self.callers.call(self.now, (NAMESPACE, NAME))
        await self.context.registries.refresh("default")
        await self._hold_what_a_rollback_reads_against_everything()
        try:
            return await reconcile(self.context, NAMESPACE, NAME)
        except Conflict:
            return 0.0

    async def _hold_what_a_rollback_reads_against_everything(self) -> None:
        """A rollback that is imminent is planned from less: in no history may that lead to another plan."""
        first = await serving(self.context, NAMESPACE, NAME)
        if first is None or not imminent(Scene(first, self.now)):
            return
        seen = await observe(self.context, NAMESPACE, NAME, self.now)
        assert seen is not None
        everything = await surrounded(self.context, seen)
        decided = plan(seen, self.now)
        assert decided.action or decided.facts
        assert decided == plan(everything, self.now)
        assert project(Scene(seen, self.now), decided) == project(Scene(everything, self.now), decided)

    async def passes(self, number: int, seconds: float = 0.1) -> None:
        """So many passes, with time between them."""
        for _ in range(number):
            self.now += timedelta(seconds=seconds)
            await self.step()

    async def settle(self, hours: float = 1.0, look: Callable[[], None] = lambda: None) -> None:
        """Let time pass until nothing is left to do; fails where the operator never comes to rest."""
        end = self.now + timedelta(hours=hours)
        for _ in range(PATIENCE):
            before = len(self.cluster.writes)
            again = await self.step()
            look()
            quiet = len(self.cluster.writes) == before and (self.store.down or not len(self.audit))
            if quiet and (again is None or self.now + timedelta(seconds=again) > end):
                return
            self.now += timedelta(seconds=again if quiet and again else 0.01)  # our own writes wake us
        raise AssertionError(f"never at rest; last writes: {self.cluster.writes[-10:]}")

    async def until(self, phase: str) -> None:
        """Run until the release shows `phase`."""
        for _ in range(PATIENCE):
            if self.status.get("phase") == phase:
                return
            self.now += timedelta(seconds=max(await self.step() or 0.0, 0.01))
        raise AssertionError(f"never {phase}; it is {self.status.get('phase')}: {self.status.get('message')}")

    @property
    def status(self) -> dict[str, Any]:
        """The release's status."""
        return dict(self.cluster.objects[("ModelRelease", NAMESPACE, NAME)].get("status", {}))

    def condition(self, type_: str) -> dict[str, Any]:
        """One condition of the release."""
        return next(c for c in self.status["conditions"] if c["type"] == type_)

    def revision(self, number: int) -> dict[str, Any]:
        """A revision's status."""
        return dict(self.cluster.objects[("ModelRevision", NAMESPACE, f"{NAME}-r{number}")]["status"])

    def names(self, kind: str) -> list[str]:
        """Names of the objects of `kind`."""
        return sorted(name for k, _, name in self.cluster.objects if k == kind)

    @property
    def weights(self) -> dict[str, int]:
        """The route's weights, by revision."""
        route = self.cluster.objects[("HTTPRoute", NAMESPACE, NAME)]
        return {backend["name"]: backend["weight"] for backend in route["spec"]["rules"][0]["backendRefs"]}

    def weigh(self, **weights: int) -> None:
        """Edit the route by hand: r1=90, r2=10."""
        route = self.cluster.objects[("HTTPRoute", NAMESPACE, NAME)]
        backends = route["spec"]["rules"][0]["backendRefs"]
        template = backends[0]
        new = [{**template, "name": f"{NAME}-{name}", "weight": weight} for name, weight in weights.items()]
        self.put({**route, "spec": {**route["spec"], "rules": [{"backendRefs": new}]}})

    @property
    def serving(self) -> str | None:
        """The revision that the production selector points at."""
        service = self.cluster.objects.get(("Service", NAMESPACE, NAME))
        return service["spec"]["selector"]["slipway.dev/revision"] if service else None

    def flips(self) -> int:
        """How often production was moved, its creation included."""
        return sum(
            1 for verb, kind, name in self.cluster.writes if kind == "Service" and name == NAME and verb != "apply"
        )
