"""One ModelRelease under test: what a user does to it, and what there is to see of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tests.e2e.cluster import Cluster, Object
from tests.e2e.kubectl import kubectl
from tests.e2e.models import Models, example
from tests.e2e.waiting import until

RELEASE, REVISION, GATE = "slipway.dev/release", "slipway.dev/revision", "slipway.dev/gate"
CHILDREN = ("ModelRevision", "Deployment", "Service", "Job", "ConfigMap", "PodDisruptionBudget", "Pod")
RELEASE_SECONDS = 300.0
"""How long one release may take before a test gives it up: pod starts on a busy machine are most of it."""


def server(replicas: int = 1) -> Object:
    """Serving pods that ask for little CPU, so that many fit on a small machine."""
    return {"replicas": replicas, "resources": {"requests": {"cpu": "20m", "memory": "256Mi"}}}


def manifest(namespace: str, name: str, **spec: Any) -> Object:
    """A ModelRelease that is small and fast where `spec` does not say otherwise."""
    fast: Object = {
        "server": server(),
        "gates": {"smoke": {"p95": "2s", "requests": 100, "rate": 50}},
        "rollout": {"watch": "3s", "keepWarm": "10m", "progressDeadline": "6m"},
    }
    return {
        "apiVersion": "slipway.dev/v1alpha1",
        "kind": "ModelRelease",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {**fast, **spec},
    }


@dataclass(frozen=True)
class Release:
    """A ModelRelease by its name; it need not exist yet."""

    cluster: Cluster
    models: Models
    namespace: str
    name: str
    alias: str
    """The alias that it follows."""
    production_alias: str

    def model(self, **changes: Any) -> Object:
        """The model part of its spec."""
        base = {"name": self.models.name, "candidate": {"alias": self.alias}, "productionAlias": self.production_alias}
        return {**base, **changes}

    def apply(self, **spec: Any) -> None:
        """`kubectl apply` it."""
        whole = {"model": self.model(), **spec}
        kubectl("apply", "-f", "-", manifest=manifest(self.namespace, self.name, **whole))

    def patch(self, text: str) -> None:
        """`kubectl patch modelrelease NAME --type merge -p TEXT`."""
        kubectl("-n", self.namespace, "patch", "modelrelease", self.name, "--type", "merge", "-p", text)

    def stage(self, version: str) -> None:
        """Point the alias that it follows at `version`."""
        self.models.move(self.alias, version)

    def status(self) -> Object:
        """Its status; empty where it does not exist."""
        found = self.cluster.get("ModelRelease", self.namespace, self.name) or {}
        return dict(found.get("status", {}))

    def condition(self, kind: str) -> Object:
        """One of its conditions."""
        found = [c for c in self.status().get("conditions", []) if c["type"] == kind]
        return dict(found[0]) if found else {"status": "absent"}

    def revisions(self) -> list[Object]:
        """Its revisions, oldest first."""
        found = self.cluster.list("ModelRevision", self.namespace, {RELEASE: self.name})
        return sorted(found, key=lambda revision: int(revision["spec"]["number"]))

    def newest(self, version: str) -> Object | None:
        """The newest revision of a model version."""
        found = [r for r in self.revisions() if r["spec"]["model"]["version"] == version]
        return found[-1] if found else None

    def phase(self, version: str) -> str | None:
        """Phase of that revision."""
        phase: str | None = (self.newest(version) or {}).get("status", {}).get("phase")
        return phase

    def live(self) -> str | None:
        """The version that its status says production serves."""
        version: str | None = (self.status().get("live") or {}).get("version")
        return version

    def selected(self) -> str | None:
        """The revision that the production Service selects: the truth."""
        service = self.cluster.get("Service", self.namespace, self.name) or {}
        revision: str | None = service.get("spec", {}).get("selector", {}).get(REVISION)
        return revision

    def answers(self) -> str | None:
        """The model version that answers a prediction request now."""
        return self.cluster.request(self.namespace, self.name, example()).get("X-Model-Version")

    def pods(self, revision: str | None = None) -> dict[str, Object]:
        """Its serving pods, or those of one revision, by UID; without those on their way out."""
        labels = {RELEASE: self.name} | ({REVISION: revision} if revision else {})
        found = self.cluster.list("Pod", self.namespace, labels)
        staying = [p for p in found if "deletionTimestamp" not in p["metadata"]]
        return {p["metadata"]["uid"]: p for p in staying if GATE not in p["metadata"]["labels"]}

    def written(self) -> dict[str, str]:
        """Everything that belongs to it, with the resource version that the last write left."""
        labels = {RELEASE: self.name}
        found = [(kind, o["metadata"]) for kind in CHILDREN for o in self.cluster.list(kind, self.namespace, labels)]
        own = self.cluster.get("ModelRelease", self.namespace, self.name) or {"metadata": {}}
        found.append(("ModelRelease", own["metadata"]))
        return {f"{kind} {meta.get('name')}": str(meta.get("resourceVersion")) for kind, meta in found}

    def serving_pods(self) -> set[str]:
        """UIDs of the ready pods behind the production Service."""
        slices = self.cluster.list("EndpointSlice", self.namespace, {"kubernetes.io/service-name": self.name})
        endpoints = [endpoint for piece in slices for endpoint in piece.get("endpoints") or []]
        return {e["targetRef"]["uid"] for e in endpoints if e["conditions"].get("ready")}

    def seen(self) -> str:
        """Where it stands, for the message of a test that gave up."""
        status = self.status()
        conditions = {c["type"]: f"{c['status']} {c['reason']}" for c in status.get("conditions", [])}
        phases = {r["metadata"]["name"]: r.get("status", {}).get("phase") for r in self.revisions()}
        return f"{status.get('phase')}: {status.get('message')} {phases} {conditions}"

    def until_phase(self, version: str, *phases: str, within: float = RELEASE_SECONDS) -> Object:
        """The newest revision of `version`, once it is in one of `phases`."""

        def look() -> Object | None:
            found = self.newest(version)
            return found if found and found.get("status", {}).get("phase") in phases else None

        return until(f"version {version} is {' or '.join(phases)}", look, within, self.seen)

    def until_condition(self, kind: str, status: str, within: float = 60.0) -> Object:
        """The condition, once it has `status`."""

        def look() -> Object | None:
            found = self.condition(kind)
            return found if found["status"] == status else None

        return until(f"condition {kind} is {status}", look, within, self.seen)

    def release(self, version: str) -> Object:
        """Move the alias and wait until the watch after the flip is over; the revision."""
        self.stage(version)
        return self.until_promoted(version)

    def until_promoted(self, version: str) -> Object:
        """The revision of `version`, once production serves it and everything about it is done."""
        revision = self.until_phase(version, "Live")
        until(f"version {version} is announced", lambda: self._announced(version), 30, self.seen)
        return revision

    def _announced(self, version: str) -> bool:
        return self.condition("Promoted")["status"] == "True" and self.status().get("productionAliasVersion") == version
