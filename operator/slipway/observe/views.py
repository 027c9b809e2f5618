"""Pure: what the API server says of an object → the planner's view of it."""

from __future__ import annotations

from typing import Any

from slipway.cluster.port import Object
from slipway.plan.situation.observed import Autoscaler, Deployment, Job, Pod, Route, Service
from slipway.words import names

_WAITING_IS_NORMAL = {"PodInitializing", "ContainerCreating"}


def service_view(service: Object) -> Service:
    """A Service."""
    meta = service["metadata"]
    return Service(
        name=meta["name"],
        uid=meta["uid"],
        resource_version=meta["resourceVersion"],
        selector=service["spec"].get("selector") or {},
        release=(meta.get("labels") or {}).get(names.RELEASE_LABEL),
    )


def route_view(route: Object) -> Route:
    """An HTTPRoute, as far as Slipway makes one: a single rule whose backends are Services of revisions."""
    meta, rules = route["metadata"], route["spec"].get("rules") or [{}]
    backends = rules[0].get("backendRefs") or []
    alien = [backend for backend in backends if backend.get("kind", "Service") != "Service" or backend.get("namespace")]
    strange = f"{len(rules)} rules" if len(rules) > 1 else f"backend {alien[0]['name']}" if alien else None
    weights = {backend["name"]: backend.get("weight", 1) for backend in backends if backend not in alien}
    return Route(
        name=meta["name"],
        uid=meta["uid"],
        resource_version=meta["resourceVersion"],
        release=(meta.get("labels") or {}).get(names.RELEASE_LABEL),
        weights={name: weight for name, weight in weights.items() if weight > 0},
        strange=strange,
        problem=_route_problem(route),
        affinity="sessionPersistence" in rules[0],
        manifest=route,
    )


def _route_problem(route: Object) -> str | None:
    """Why no gateway carries out `route` as it is now, in words that say which one; None where one does."""
    parents = route.get("status", {}).get("parents") or []
    if not parents:
        return (
            "no gateway has accepted the route; check that the Gateway of spec.traffic.gateway exists and "
            "that its controller runs"
        )
    problems = [_parent_problem(parent, route["metadata"].get("generation", 0)) for parent in parents]
    return None if None in problems else problems[0]


def _parent_problem(parent: Object, generation: int) -> str | None:
    name = parent.get("parentRef", {}).get("name", "?")
    conditions = {condition["type"]: condition for condition in parent.get("conditions") or []}
    for type_ in ("Accepted", "ResolvedRefs"):
        condition = conditions.get(type_, {})
        if condition.get("status") != "True":
            return f"Gateway {name}: {type_} is {condition.get('status', 'unknown')}, {condition.get('message', '')}"
        if condition.get("observedGeneration", generation) < generation:
            return f"Gateway {name} has not programmed the latest weights yet; check that its controller runs"
    return None


def deployment_view(deployment: Object) -> Deployment:
    """A revision's Deployment."""
    meta, spec, status = deployment["metadata"], deployment["spec"], deployment.get("status", {})
    replicas = spec.get("replicas", 1)
    current = status.get("observedGeneration", 0) >= meta["generation"]
    settled = current and status.get("updatedReplicas", 0) == replicas == status.get("replicas", 0)
    ready = status.get("readyReplicas", 0)
    available = status.get("availableReplicas", 0)
    return Deployment(meta["name"], meta["uid"], replicas, ready, settled, available, deployment)


def autoscaler_view(autoscaler: Object, release: str) -> Autoscaler | None:
    """An autoscaler of a Deployment, seen from `release`; None for one of something else."""
    meta, target = autoscaler["metadata"], autoscaler["spec"]["scaleTargetRef"]
    if target.get("kind") != "Deployment":
        return None
    labels = meta.get("labels") or {}
    ours = labels.get(names.RELEASE_LABEL) == release and labels.get(names.MANAGED_BY) == names.MANAGER
    return Autoscaler(meta["name"], meta["uid"], target["name"], ours, autoscaler)


def pod_view(pod: Object) -> Pod:
    """A serving pod."""
    status = pod.get("status", {})
    fetch, server = _container(status, "init"), _container(status, "")
    state = server.get("state", {})
    ended = state.get("terminated") or server.get("lastState", {}).get("terminated")
    return Pod(
        name=pod["metadata"]["name"],
        revision=pod["metadata"]["labels"].get(names.REVISION_LABEL, ""),
        ip=status.get("podIP"),
        ready=any(c["type"] == "Ready" and c["status"] == "True" for c in status.get("conditions", [])),
        waiting=_waiting(fetch) or _waiting(server),
        restarts=server.get("restartCount", 0),
        started=state.get("running", {}).get("startedAt"),
        fetch_report=_fetch_report(fetch),
        fetch_failed=any(t.get("exitCode", 0) != 0 for t in _ends(fetch)),
        exit_report=ended.get("message") if ended and ended.get("exitCode", 0) != 0 else None,
        unschedulable=next(
            (c.get("message") for c in status.get("conditions", []) if c.get("reason") == "Unschedulable"), None
        ),
    )


def job_view(job: Object, pods: list[Object]) -> Job:
    """A gate's Job with what its newest pod left behind."""
    meta, status = job["metadata"], job.get("status", {})
    failed = next((c for c in status.get("conditions", []) if c["type"] == "Failed" and c["status"] == "True"), None)
    mine = [pod for pod in pods if pod["metadata"]["labels"].get("job-name") == meta["name"]]
    ended, views = _newest_end(mine), [pod_view(pod) for pod in mine]
    return Job(
        name=meta["name"],
        uid=meta["uid"],
        revision=meta["labels"].get(names.REVISION_LABEL, ""),
        gate=meta["labels"].get(names.GATE_LABEL, ""),
        finished=failed is not None or status.get("succeeded", 0) > 0,
        message=ended.get("message"),
        exit_code=ended.get("exitCode"),
        reason=_job_reason((failed or {}).get("reason"), ended.get("reason")),
        production=(meta.get("annotations") or {}).get(names.PRODUCTION_ANNOTATION),
        waiting=next((pod.unschedulable or pod.waiting for pod in views), None),
        started_at=status.get("startTime"),
        ended_at=status.get("completionTime") or (failed or {}).get("lastTransitionTime"),
    )


def _job_reason(job: str | None, container: str | None) -> str | None:
    """The container knows best why it ended (OOMKilled), but for a deadline, of which only the Job knows."""
    return job if job == "DeadlineExceeded" or container is None else container


def _newest_end(pods: list[Object]) -> dict[str, Any]:
    for pod in sorted(pods, key=lambda p: str(p["metadata"]["creationTimestamp"]), reverse=True):
        ended: dict[str, Any] | None = _container(pod.get("status", {}), "").get("state", {}).get("terminated")
        if ended:
            return ended
    return {}


def _container(status: Object, which: str) -> dict[str, Any]:
    statuses = status.get("initContainerStatuses" if which else "containerStatuses") or [{}]
    first: dict[str, Any] = statuses[0]
    return first


def _ends(container: dict[str, Any]) -> list[dict[str, Any]]:
    """How the container ended, newest first."""
    ends = (container.get(key, {}).get("terminated") for key in ("state", "lastState"))
    return [end for end in ends if end]


def _fetch_report(container: dict[str, Any]) -> str | None:
    return next((str(end["message"]) for end in _ends(container) if end.get("message")), None)


def _waiting(container: dict[str, Any]) -> str | None:
    reason = container.get("state", {}).get("waiting", {}).get("reason")
    return None if reason in _WAITING_IS_NORMAL else reason
