"""Reads everything that a plan may need, live from the API server: what production traffic follows is the truth."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from slipway import names
from slipway.actors import ANNOTATION, Actors, Signed, actors
from slipway.api.base import seconds
from slipway.api.release import ModelRelease
from slipway.api.revision import ModelRevision
from slipway.api.traffic import Router
from slipway.audit import pending
from slipway.context import Context
from slipway.kube import NotFound, Object
from slipway.metrics.source import Target
from slipway.plan.needs import Needs, needs
from slipway.plan.observed import Autoscaler, ConfigText, Counters, Observed, RegistryView, Service
from slipway.plan.scene import Scene
from slipway.views import autoscaler_view, deployment_view, job_view, pod_view, route_view, service_view

POLICY_KEY = "governance.tags.yaml"
MONITORS = ("ServiceMonitor", "PrometheusRule")
SCALER = "HorizontalPodAutoscaler"


async def observe(context: Context, namespace: str, name: str, now: datetime) -> Observed | None:
    """One look at the release and all that belongs to it; None where it does not exist.

    Raises ClusterError, and pydantic.ValidationError for objects that today's schema would not admit.
    """
    manifest, found, monitors = await asyncio.gather(
        context.cluster.get("ModelRelease", namespace, name),
        _lists(context, namespace, name),
        _monitors(context, namespace, name),
    )
    if manifest is None:
        return None
    release = pending(context.consumers, ModelRelease.parse(manifest))
    seen = await _children(context, release, found, monitors)
    seen = replace(seen, registry=_registry(context, release), actors=_actors(context, release))
    wants = needs(Scene(seen, now))
    if wants == Needs():
        return seen
    return await _extras(context, seen, wants)


Lists = dict[str, list[Object]]
"""Objects by kind."""


async def _lists(context: Context, namespace: str, name: str) -> Lists:
    """What bears the release's label; and all autoscalers, for a user's own bears no label of ours."""
    labels, everything = {names.RELEASE_LABEL: name}, dict[str, str]()
    kinds = ("ModelRevision", "Service", "Deployment", "Pod", "Job", "ConfigMap", "PodDisruptionBudget", SCALER)
    lists = (context.cluster.list(kind, namespace, everything if kind == SCALER else labels) for kind in kinds)
    return dict(zip(kinds, await asyncio.gather(*lists), strict=True))


async def _children(context: Context, release: ModelRelease, found: Lists, monitors: Lists | None) -> Observed:
    """The release's own objects, and those of strangers that bear its name."""
    namespace, name = release.metadata.namespace, release.metadata.name
    services = {service["metadata"]["name"]: service_view(service) for service in found["Service"]}
    production = services.pop(name, None)
    routes = await _routes(context, release)
    if production is None:
        foreign = await context.cluster.get("Service", namespace, name)
        production = service_view(foreign) if foreign else None
    parsed = (pending(context.consumers, ModelRevision.parse(r)) for r in found["ModelRevision"])
    revisions = sorted(parsed, key=lambda r: r.spec.number)
    pods = [pod for pod in found["Pod"] if "deletionTimestamp" not in pod["metadata"]]
    serving = [pod for pod in pods if names.GATE_LABEL not in pod["metadata"]["labels"]]
    deployments = {view.name: view for view in map(deployment_view, found["Deployment"])}
    return Observed(
        release=release,
        settings=context.settings,
        revisions=tuple(revisions),
        production=production,
        route=next((route_view(route) for route in routes or () if route["metadata"]["name"] == name), None),
        gateway_api=routes is not None,
        services=services,
        deployments=deployments,
        autoscalers=_autoscalers(found[SCALER], name, deployments),
        pods=tuple(map(pod_view, serving)),
        jobs={view.name: view for view in (job_view(job, found["Pod"]) for job in found["Job"])},
        pins={pin["metadata"]["labels"].get(names.REVISION_LABEL, ""): _pinned(pin) for pin in found["ConfigMap"]},
        budgets=frozenset(budget["metadata"]["name"] for budget in found["PodDisruptionBudget"]),
        monitors=None if monitors is None else {kind: _rendered(items) for kind, items in monitors.items()},
        children=_owned(release, {**found, **(monitors or {}), "HTTPRoute": routes or []}),
    )


async def _routes(context: Context, release: ModelRelease) -> list[Object] | None:
    """The routes of the release, and a stranger's with its name; None where the cluster knows no HTTPRoutes.

    Read for the Gateway router alone, and after a change to another router until its route is gone.
    """
    namespace, name = release.metadata.namespace, release.metadata.name
    if Router.GATEWAY not in (release.spec.traffic.router, release.status.router):
        return []
    try:
        routes = await context.cluster.list("HTTPRoute", namespace, {names.RELEASE_LABEL: name})
    except NotFound:
        return None
    stranger = None if routes else await context.cluster.get("HTTPRoute", namespace, name)
    return [stranger] if stranger else routes


def _autoscalers(found: list[Object], release: str, deployments: Collection[str]) -> tuple[Autoscaler, ...]:
    views = (autoscaler_view(scaler, release) for scaler in found)
    return tuple(view for view in views if view is not None and view.deployment in deployments)


async def _monitors(context: Context, namespace: str, name: str) -> Lists | None:
    """The objects for the Prometheus Operator by kind; None where the cluster does not know these kinds (any more)."""
    if not context.discovered.monitoring:
        return None
    try:
        labels = {names.RELEASE_LABEL: name}
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
    for kind in ("ModelRevision", "Service", "PodDisruptionBudget", "HTTPRoute", *MONITORS):
        for child in found.get(kind, ()):
            meta = child["metadata"]
            if (meta.get("labels") or {}).get(names.RELEASE_LABEL) != release.metadata.name:
                continue
            owners = {owner["uid"] for owner in meta.get("ownerReferences", [])}
            of_revision = kind == "Service" and names.REVISION_LABEL in meta["labels"]
            if not of_revision:
                children.append((kind, meta["name"], meta["uid"], release.metadata.uid in owners))
    return tuple(children)


def _actors(context: Context, release: ModelRelease) -> Actors:
    """The stamps that the admission webhook made, and nobody else."""
    meta = release.metadata
    if context.actor_key is None:
        return Actors()
    signed = Signed(meta.namespace, meta.name, meta.generation, release.spec, meta.annotations.get(ANNOTATION))
    return actors(context.actor_key, signed)


def _registry(context: Context, release: ModelRelease) -> RegistryView:
    """What the registry said last; nothing is asked here."""
    model = release.spec.model
    if model.registry not in context.settings.registries:
        return RegistryView(problem=f"registry {model.registry} is not configured")
    return context.board.view(model.registry, model.name, {})


async def _extras(context: Context, seen: Observed, wants: Needs) -> Observed:
    versions, policy, problem, strangers, counters = await asyncio.gather(
        _versions(context, seen, wants),
        _policy(context, seen, wants),
        _requests(context, seen, wants),
        _strangers(context, seen, wants),
        _counters(context, seen, wants),
    )
    registry, services = replace(seen.registry, versions=versions), {**seen.services, **strangers}
    seen = replace(seen, registry=registry, policy=policy, requests_problem=problem)
    return replace(seen, services=services, counters=counters)


async def _versions(context: Context, seen: Observed, wants: Needs) -> dict[str, Any]:
    model = seen.release.spec.model
    if model.registry not in context.settings.registries or not wants.versions:
        return {}
    return await context.board.versions(model.registry, model.name, wants.versions, context.monotonic())


async def _policy(context: Context, seen: Observed, wants: Needs) -> ConfigText | None:
    if wants.policy is None:
        return None
    return await _text(context, seen, wants.policy, POLICY_KEY)


async def _requests(context: Context, seen: Observed, wants: Needs) -> str | None:
    if wants.requests is None:
        return None
    return (await _text(context, seen, wants.requests.config_map, wants.requests.key)).problem


async def _text(context: Context, seen: Observed, name: str, key: str) -> ConfigText:
    """What ConfigMap `name` has under `key`."""
    found = await context.cluster.get("ConfigMap", seen.release.metadata.namespace, name)
    if found is None:
        return ConfigText(problem="does not exist in the release's namespace")
    text = (found.get("data") or {}).get(key)
    return ConfigText(text=text) if text else ConfigText(problem=f"has no key {key}")


async def _strangers(context: Context, seen: Observed, wants: Needs) -> dict[str, Service]:
    """Services that bear a name of this release and not its label."""
    namespace = seen.release.metadata.namespace
    found = await asyncio.gather(*(context.cluster.get("Service", namespace, name) for name in wants.services))
    return {view.name: view for view in (service_view(service) for service in found if service)}


async def _counters(context: Context, seen: Observed, wants: Needs) -> dict[str, Counters] | None:
    """Counters of the ready pods of all revisions that are asked for, by pod."""
    reading = wants.reading
    judged = seen.revision(reading.judged) if reading else None
    if reading is None or judged is None:
        return None
    source = context.pods if reading.now else context.counters
    targets = [
        Target(seen.release.metadata.namespace, pod.name, pod.ip)
        for revision in sorted(reading.revisions)
        for pod in seen.pods_of(revision)
        if pod.ready and pod.ip
    ]
    return dict(await source.read(targets, seconds(judged.spec.policy.slo.latency.p95)))
