"""Reads everything that a plan may need, live from the API server. Production truth is the Service's selector."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from slipway import names
from slipway.api.base import seconds
from slipway.api.release import ModelRelease
from slipway.api.revision import ModelRevision
from slipway.context import Context
from slipway.kube import NotFound, Object
from slipway.metrics import pods as pod_metrics
from slipway.plan.needs import Needs, needs
from slipway.plan.observed import Counters, Observed, PolicyText, RegistryView, Service
from slipway.plan.scene import Scene
from slipway.views import deployment_view, job_view, pod_view, service_view

POLICY_KEY = "governance.tags.yaml"
MONITORS = ("ServiceMonitor", "PrometheusRule")


async def observe(context: Context, namespace: str, name: str, now: datetime) -> Observed | None:
    """One look at the release and all that belongs to it; None where it does not exist.

    Raises ClusterError, and pydantic.ValidationError for objects that today's schema would not admit.
    """
    manifest = await context.cluster.get("ModelRelease", namespace, name)
    if manifest is None:
        return None
    release = ModelRelease.parse(manifest)
    seen = await _children(context, release)
    seen = replace(seen, registry=_registry(context, release))
    wants = needs(Scene(seen, now))
    if wants == Needs():
        return seen
    return await _extras(context, seen, wants)


async def _children(context: Context, release: ModelRelease) -> Observed:
    """The release's own objects, read side by side."""
    namespace, name = release.metadata.namespace, release.metadata.name
    labels, cluster = {names.RELEASE_LABEL: name}, context.cluster
    kinds = ("ModelRevision", "Service", "Deployment", "Pod", "Job", "ConfigMap", "PodDisruptionBudget")
    lists = await asyncio.gather(*(cluster.list(kind, namespace, labels) for kind in kinds))
    found: dict[str, list[Object]] = dict(zip(kinds, lists, strict=True))
    monitors = await _monitors(context, namespace, labels)
    found |= monitors or {}
    services = {service["metadata"]["name"]: service_view(service) for service in found["Service"]}
    production = services.pop(name, None)
    if production is None:
        foreign = await cluster.get("Service", namespace, name)
        production = service_view(foreign) if foreign else None
    revisions = sorted((ModelRevision.parse(r) for r in found["ModelRevision"]), key=lambda r: r.spec.number)
    pods = [pod for pod in found["Pod"] if "deletionTimestamp" not in pod["metadata"]]
    serving = [pod for pod in pods if names.GATE_LABEL not in pod["metadata"]["labels"]]
    return Observed(
        release=release,
        settings=context.settings,
        revisions=tuple(revisions),
        production=production,
        services=services,
        deployments={view.name: view for view in map(deployment_view, found["Deployment"])},
        pods=tuple(map(pod_view, serving)),
        jobs={view.name: view for view in (job_view(job, found["Pod"]) for job in found["Job"])},
        pins={pin["metadata"]["labels"].get(names.REVISION_LABEL, ""): _pinned(pin) for pin in found["ConfigMap"]},
        budgets=frozenset(budget["metadata"]["name"] for budget in found["PodDisruptionBudget"]),
        monitors=None if monitors is None else {kind: _rendered(items) for kind, items in monitors.items()},
        children=_owned(release, found),
    )


async def _monitors(context: Context, namespace: str, labels: Mapping[str, str]) -> dict[str, list[Object]] | None:
    """The objects for the Prometheus Operator by kind; None where the cluster does not know these kinds (any more)."""
    if not context.discovered.monitoring:
        return None
    try:
        lists = await asyncio.gather(*(context.cluster.list(kind, namespace, labels) for kind in MONITORS))
    except NotFound:
        context.discovered.monitoring = False
        return None
    return dict(zip(MONITORS, lists, strict=True))


def _rendered(items: list[Object]) -> str:
    """What the release's one object of a kind was rendered from; empty where there is none."""
    stamps = [(item["metadata"].get("annotations") or {}).get(names.RENDERED_ANNOTATION, "") for item in items]
    return str(stamps[0]) if stamps else ""


def _pinned(pin: Object) -> str:
    return str(pin.get("data", {}).get("digest", ""))


def _owned(release: ModelRelease, found: Mapping[str, list[Object]]) -> tuple[tuple[str, str, str, bool], ...]:
    """The children that belong to the release itself rather than to a revision, and whether they refer to it."""
    children = []
    for kind in ("ModelRevision", "Service", "PodDisruptionBudget", *MONITORS):
        for child in found.get(kind, ()):
            meta = child["metadata"]
            owners = {owner["uid"] for owner in meta.get("ownerReferences", [])}
            of_revision = kind == "Service" and names.REVISION_LABEL in meta["labels"]
            if not of_revision:
                children.append((kind, meta["name"], meta["uid"], release.metadata.uid in owners))
    return tuple(children)


def _registry(context: Context, release: ModelRelease) -> RegistryView:
    """What the registry said last; nothing is asked here."""
    model = release.spec.model
    if model.registry not in context.settings.registries:
        return RegistryView(problem=f"registry {model.registry} is not configured")
    return context.board.view(model.registry, model.name, {})


async def _extras(context: Context, seen: Observed, wants: Needs) -> Observed:
    versions, policy, strangers, counters = await asyncio.gather(
        _versions(context, seen, wants),
        _policy(context, seen, wants),
        _strangers(context, seen, wants),
        _counters(context, seen, wants),
    )
    registry, services = replace(seen.registry, versions=versions), {**seen.services, **strangers}
    return replace(seen, registry=registry, policy=policy, services=services, counters=counters)


async def _versions(context: Context, seen: Observed, wants: Needs) -> dict[str, Any]:
    model = seen.release.spec.model
    if model.registry not in context.settings.registries or not wants.versions:
        return {}
    return await context.board.versions(model.registry, model.name, wants.versions, context.monotonic())


async def _policy(context: Context, seen: Observed, wants: Needs) -> PolicyText | None:
    if wants.policy is None:
        return None
    found = await context.cluster.get("ConfigMap", seen.release.metadata.namespace, wants.policy)
    if found is None:
        return PolicyText(problem="does not exist in the release's namespace")
    text = (found.get("data") or {}).get(POLICY_KEY)
    return PolicyText(text=text) if text else PolicyText(problem=f"has no key {POLICY_KEY}")


async def _strangers(context: Context, seen: Observed, wants: Needs) -> dict[str, Service]:
    """Services that bear a name of this release and not its label."""
    namespace = seen.release.metadata.namespace
    found = await asyncio.gather(*(context.cluster.get("Service", namespace, name) for name in wants.services))
    return {view.name: view for view in (service_view(service) for service in found if service)}


async def _counters(context: Context, seen: Observed, wants: Needs) -> dict[str, Counters] | None:
    if wants.counters_of is None:
        return None
    revision = seen.revision(wants.counters_of)
    ips = {pod.name: pod.ip for pod in seen.pods_of(wants.counters_of) if pod.ready and pod.ip}
    if revision is None or not ips:
        return None
    return await pod_metrics.read(context.http, ips, seconds(revision.spec.policy.slo.latency.p95))
