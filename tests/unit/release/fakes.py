"""A cluster and a registry in memory, behind the same protocols as the real clients.

The cluster keeps objects with resource versions, a status subresource and compare-and-swap, and plays the built-in
controllers: `tick` makes the pods of Deployments ready and finishes Jobs, as scripted. Every write is counted, and a
crash can be ordered before or after any of them.
"""

from __future__ import annotations

import itertools
import json
import pickle
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from slipway.audit.record import Head, Letter, head_of, sealed
from slipway.audit.store.protocol import Appended, Row, StoreError
from slipway.cluster.port import ClusterError, Conflict, NotFound, Object
from slipway.metrics.source import PodReading, Target
from slipway.plan.situation.observed import Counters, Version
from slipway.registry.protocol import Promotion, RegistryError, RegistryRefusal

T = TypeVar("T")
Identity = tuple[str, str, str]
DIGEST = "sha256:" + "a" * 64


class Crash(BaseException):
    """The process was killed here. Not an Exception: nothing may catch it."""


def passing(gate: str) -> str:
    """The verdict of a gate that passes."""
    return json.dumps({"name": gate, "verdict": "Pass", "message": "fine", "n": 500})


def failing(gate: str) -> str:
    """The verdict of a gate that fails."""
    return json.dumps({"name": gate, "verdict": "Fail", "message": "too slow", "measured": 251.0, "threshold": 200.0})


@dataclass
class FakeCluster:
    """See the module's docstring."""

    objects: dict[Identity, Object] = field(default_factory=dict)
    writes: list[tuple[str, str, str]] = field(default_factory=list)
    crash_before: int | None = None
    crash_after: int | None = None
    verdict: Callable[[str], str] = passing
    digest: str = DIGEST
    broken: frozenset[str] = frozenset()
    """Model versions whose server ends with an error."""
    unfetched: frozenset[str] = frozenset()
    """Model versions whose artifacts cannot be fetched, whatever one tries."""
    unready: set[str] = field(default_factory=set)
    """Revisions whose pods are not ready."""
    pending: dict[str, int] = field(default_factory=dict)
    """Revision → how many of its pods find no node."""
    unknown_kinds: frozenset[str] = frozenset()
    """Kinds that this cluster does not serve."""
    gateway_up: bool = True
    """Whether the controller of the Gateways runs: it takes up routes and says so in their status."""
    restarts: dict[str, int] = field(default_factory=dict)
    """Revision → how often each of its pods was restarted."""
    refuse: Callable[[str, Identity], ClusterError | None] = lambda verb, identity: None
    """What the API server answers to a write instead of doing it."""
    published: Object | None = None
    """The OpenAPI document of our kinds."""
    events: list[Object] = field(default_factory=list)
    """The Events that were posted."""
    stuck_gates: frozenset[str] = frozenset()
    """Gates whose image cannot be pulled."""
    _versions: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    async def get(self, kind: str, namespace: str, name: str) -> Object | None:
        found = self.objects.get((kind, namespace, name))
        return _copied(found) if found else None

    async def list(self, kind: str, namespace: str, labels: Mapping[str, str]) -> list[Object]:
        if kind in self.unknown_kinds:
            raise NotFound(404, f"the server could not find the requested resource {kind}")
        return [
            _copied(obj)
            for (k, ns, _), obj in sorted(self.objects.items())
            if k == kind and namespace in ("", ns) and _matches(obj, labels)
        ]

    async def knows(self, kind: str) -> bool:
        return kind not in self.unknown_kinds

    async def schemas(self, document: str) -> Object:
        if self.published is None:
            raise NotFound(404, f"no document {document}")
        return self.published

    async def create(self, manifest: Mapping[str, Any]) -> Object:
        identity = _identity(manifest)
        if identity in self.objects:
            raise Conflict(409, f"{identity} exists")
        if identity[0] == "Event":
            self.events.append(_copied(dict(manifest)))
            return {}
        return self._write("create", identity, lambda: self.store(identity, {**manifest, "status": {}}))

    async def apply(self, manifest: Mapping[str, Any]) -> Object:
        identity = _identity(manifest)
        old = self.objects.get(identity, {})
        return self._write("apply", identity, lambda: self.store(identity, _merged(old, dict(manifest))))

    async def replace_status(self, manifest: Mapping[str, Any]) -> Object:
        identity = _identity(manifest)
        old = self._current(identity)
        if manifest["metadata"]["resourceVersion"] != old["metadata"]["resourceVersion"]:
            raise Conflict(409, "the object was changed")
        return self._write("status", identity, lambda: self.store(identity, {**old, "status": manifest["status"]}))

    async def swap(self, where: Identity, resource_version: str, values: Mapping[str, Any]) -> Object:
        new = _copied(self._current(where))
        if new["metadata"]["resourceVersion"] != resource_version:
            raise Conflict(409, "the object has been modified")
        for path, value in values.items():
            *parents, last = path.strip("/").split("/")
            target = new
            for part in parents:
                target = target[int(part)] if isinstance(target, list) else target[part]
            target[last] = value
        return self._write("flip", where, lambda: self.store(where, new))

    async def patch_merge(self, kind: str, namespace: str, name: str, patch: Mapping[str, Any]) -> Object:
        identity = (kind, namespace, name)
        old = self._current(identity)
        return self._write("patch", identity, lambda: self.store(identity, _merged(old, dict(patch))))

    async def delete(self, kind: str, namespace: str, name: str, uid: str | None) -> None:
        identity = (kind, namespace, name)
        if identity in self.objects:
            self._write("delete", identity, lambda: self._remove(identity))

    def _current(self, identity: Identity) -> Object:
        if identity not in self.objects:
            raise NotFound(404, f"{identity} is gone")
        return self.objects[identity]

    def _write(self, verb: str, identity: Identity, effect: Callable[[], Object]) -> Object:
        refused = self.refuse(verb, identity)
        if refused is not None:
            raise refused
        number = len(self.writes) + 1
        if self.crash_before == number:
            self.crash_before = None
            raise Crash
        self.writes.append((verb, identity[0], identity[2]))
        answer = effect()
        if self.crash_after == number:
            self.crash_after = None
            raise Crash
        return answer

    def store(self, identity: Identity, manifest: Mapping[str, Any]) -> Object:
        new = _copied(dict(manifest))
        old = self.objects.get(identity)
        meta = new["metadata"]
        meta.setdefault("uid", old["metadata"]["uid"] if old else f"uid-{next(self._versions)}")
        meta.setdefault("creationTimestamp", "2026-01-01T00:00:00Z")
        changed = old is None or old.get("spec") != new.get("spec")
        meta["generation"] = (old["metadata"]["generation"] if old else 0) + (1 if changed else 0)
        meta["resourceVersion"] = str(next(self._versions))
        self.objects[identity] = new
        return _copied(new)

    def _remove(self, identity: Identity) -> Object:
        gone = self.objects.pop(identity)
        uid = gone["metadata"]["uid"]
        for other in [i for i, o in self.objects.items() if _owned_by(o, uid)]:
            self._remove(other)
        if identity[0] == "Deployment":
            self.drop_pods(identity[1], identity[2])
        return {}

    # What the built-in controllers and the kubelet do.

    def tick(self) -> None:
        """Pods start and become ready, Jobs finish."""
        for (kind, namespace, name), obj in list(self.objects.items()):
            if kind == "Deployment":
                self._run_deployment(namespace, name, obj)
            elif kind == "Job" and not obj.get("status"):
                self._run_job(namespace, name, obj)
            elif kind == "HTTPRoute" and self.gateway_up:
                obj["status"] = {"parents": [_accepted(obj)]}

    def _run_deployment(self, namespace: str, name: str, obj: Object) -> None:
        replicas, version = obj["spec"]["replicas"], obj["metadata"]["labels"]["slipway.dev/model-version"]
        self.drop_pods(namespace, name)
        for number in range(replicas):
            self.objects[("Pod", namespace, f"{name}-{number}")] = self._pod(name, number, obj, version)
        ready = 0 if version in self.broken or name in self.unready else replicas - self.pending.get(name, 0)
        status = {"observedGeneration": obj["metadata"]["generation"], "replicas": replicas}
        obj["status"] = {**status, "updatedReplicas": replicas, "readyReplicas": ready, "availableReplicas": ready}

    def _pod(self, name: str, number: int, deployment: Object, version: str) -> Object:
        broken, ready = version in self.broken, name not in self.unready
        fetched = {"terminated": {"exitCode": 0, "message": json.dumps({"ok": True, "digest": self.digest})}}
        if version in self.unfetched:
            report = {"ok": False, "reason": "NotFound", "message": "no such version", "retryable": False}
            fetched = {"terminated": {"exitCode": 3, "message": json.dumps(report)}}
        crash = {"exitCode": 1, "message": json.dumps({"ok": False, "reason": "LoadFailed", "message": "bad magic"})}
        restarts = self.restarts.get(name, 0)
        server = (
            {"restartCount": 2, "state": {"terminated": crash}} if broken else {"restartCount": restarts, "state": {}}
        )
        conditions = [{"type": "Ready", "status": "True" if ready and not broken else "False"}]
        return {
            "kind": "Pod",
            "metadata": {
                "name": f"{name}-{number}",
                "namespace": deployment["metadata"]["namespace"],
                "uid": f"pod-{name}-{number}",
                "labels": deployment["spec"]["template"]["metadata"]["labels"],
                "creationTimestamp": "2026-01-01T00:00:00Z",
            },
            "status": {
                "podIP": f"10.0.0.{number + 1}",
                "conditions": conditions,
                "initContainerStatuses": [{"name": "fetch", "state": fetched}],
                "containerStatuses": [{"name": "server", **server}],
            },
        }

    def drop_pods(self, namespace: str, revision: str) -> None:
        for identity, obj in list(self.objects.items()):
            labels = obj["metadata"].get("labels", {})
            mine = identity[:2] == ("Pod", namespace) and labels.get("slipway.dev/revision") == revision
            if mine and "slipway.dev/gate" not in labels:
                del self.objects[identity]

    def _run_job(self, namespace: str, name: str, obj: Object) -> None:
        labels = {**obj["metadata"]["labels"], "job-name": name}
        ended = {"terminated": {"exitCode": 0, "message": self.verdict(labels["slipway.dev/gate"])}}
        gate = labels["slipway.dev/gate"]
        if gate in self.stuck_gates:
            self._stuck_pod(namespace, name, labels)
            return
        obj["status"] = {"succeeded": 1}
        self.objects[("Pod", namespace, f"{name}-x")] = {
            "kind": "Pod",
            "metadata": {
                "name": f"{name}-x",
                "namespace": namespace,
                "uid": f"pod-{name}",
                "labels": labels,
                "creationTimestamp": "2026-01-01T00:00:00Z",
                "ownerReferences": [{"uid": obj["metadata"]["uid"]}],
            },
            "status": {"containerStatuses": [{"name": "gate", "state": ended}]},
        }

    def _stuck_pod(self, namespace: str, job: str, labels: dict[str, str]) -> None:
        waiting = {"waiting": {"reason": "ImagePullBackOff"}}
        meta = {"name": f"{job}-x", "namespace": namespace, "uid": job, "labels": labels, "creationTimestamp": ""}
        status = {"containerStatuses": [{"name": "gate", "state": waiting}]}
        self.objects[("Pod", namespace, f"{job}-x")] = {"kind": "Pod", "metadata": meta, "status": status}


@dataclass
class FakeStore:
    """An audit store in memory, with crash points of its own."""

    records: list[Mapping[str, Any]] = field(default_factory=list)
    down: bool = False
    appends: int = 0
    crash_before: int | None = None
    crash_after: int | None = None

    def append(self, letters: Sequence[Letter]) -> Appended:
        if self.down:
            raise StoreError("connection refused")
        known = {(r["source"]["uid"], r["source"]["seq"]) for r in self.records}
        new = sealed(self.head(), [letter for letter in letters if letter.identity not in known])
        if new:
            self.appends += 1
            self._crash("crash_before")
            self.records += new
            self._crash("crash_after")
        return Appended(tuple(new), self.head())

    def head(self) -> Head:
        return head_of(self.records[-1]) if self.records else Head()

    def anchor(self) -> Head:
        return Head()

    def rows(self, after: int = 0) -> Iterator[Row]:
        raise NotImplementedError("no test reads rows from memory")

    def _crash(self, when: str) -> None:
        if getattr(self, when) == self.appends:
            setattr(self, when, None)
            raise Crash


@dataclass
class FakeCounters:
    """Pods that answer requests, and a source of their counters that can be lost."""

    answered: dict[str, Counters] = field(default_factory=dict)
    """Pod → its counters; a pod that is not here has answered nothing yet."""
    down: bool = False
    why: dict[str, str] = field(default_factory=dict)
    """Pod → why it cannot be read."""
    reads: int = 0

    async def read(self, targets: Iterable[Target], slow_above: float) -> Mapping[str, PodReading]:
        self.reads += 1
        if self.down:
            return {}
        return {t.pod: self.why.get(t.pod, self.answered.get(t.pod, Counters(0, 0, 0))) for t in targets}

    def serve(self, revision: str, requests: int, slow: int = 0, errors: int = 0, bulk: int = 0) -> None:
        """The first pod of `revision` answers so many requests more, `bulk` of them with too many rows to be timed."""
        old = self.answered.get(f"{revision}-0", Counters(0, 0, 0))
        total, timed = old.requests + requests, old.by_latency + requests - bulk
        self.answered[f"{revision}-0"] = Counters(
            total, old.slow + slow, old.errors + errors, timed=timed if timed < total else None
        )


@dataclass
class FakeRegistry:
    """An MLflow in memory."""

    models: dict[str, dict[str, str]] = field(default_factory=dict)
    described: dict[str, Version] = field(default_factory=dict)
    down: bool = False
    failing: dict[str, str] = field(default_factory=dict)
    """Version → the error with which it cannot be described for now, while all else is answered."""
    announced: list[str] = field(default_factory=list)
    tags: dict[tuple[str, str], dict[str, str]] = field(default_factory=dict)
    """Model and version → tags that were set."""

    async def aliases(self) -> Mapping[str, Mapping[str, str]]:
        self._reach()
        return _copied(self.models)

    async def version(self, model: str, version: str, metrics: frozenset[str]) -> Version:
        self._reach()
        if version in self.failing:
            raise RegistryError(self.failing[version])
        if version not in self.described:
            raise RegistryRefusal(f"RESOURCE_DOES_NOT_EXIST: no version {version}")
        return self.described[version]

    async def tag(self, model: str, version: str, tag: tuple[str, str]) -> None:
        self._reach()
        self.tags.setdefault((model, version), {})[tag[0]] = tag[1]

    async def announce(self, promotion: Promotion) -> None:
        self._reach()
        self.models[promotion.model][promotion.alias] = promotion.version
        self.announced.append(promotion.version)

    def _reach(self) -> None:
        if self.down:
            raise RegistryError("connection refused")


def _copied(value: T) -> T:
    """A deep copy; several times as fast as copy.deepcopy, and these tests make a million."""
    copied: T = pickle.loads(pickle.dumps(value))
    return copied


def _accepted(route: Object) -> Object:
    """What a gateway's controller says of a route that it carries out."""
    generation = route["metadata"]["generation"]
    conditions = [
        {"type": type_, "status": "True", "observedGeneration": generation} for type_ in ("Accepted", "ResolvedRefs")
    ]
    return {"parentRef": {"name": "public"}, "conditions": conditions}


def _identity(manifest: Mapping[str, Any]) -> Identity:
    return manifest["kind"], manifest["metadata"]["namespace"], manifest["metadata"]["name"]


def _matches(obj: Object, labels: Mapping[str, str]) -> bool:
    have = obj["metadata"].get("labels") or {}
    return all(have.get(key) == value for key, value in labels.items())


def _owned_by(obj: Object, uid: str) -> bool:
    return any(owner["uid"] == uid for owner in obj["metadata"].get("ownerReferences") or [])


def _merged(old: Mapping[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    result = dict(old)
    for key, value in new.items():
        if value is None:
            result.pop(key, None)
        elif isinstance(value, dict):
            result[key] = _merged(old.get(key) or {}, value)
        else:
            result[key] = value
    return result


__all__ = ["DIGEST", "Crash", "FakeCluster", "FakeCounters", "FakeRegistry", "FakeStore", "failing", "passing"]
