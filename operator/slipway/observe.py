"""Reads everything that a plan may need, live from the API server. Production truth is the Service's selector."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from slipway import names
from slipway.actors import ANNOTATION, Actors, Signed, actors
from slipway.api.base import seconds
from slipway.api.release import ModelRelease
from slipway.api.revision import ModelRevision
from slipway.audit import pending
from slipway.context import Context
from slipway.kube import Object
from slipway.metrics import pods as pod_metrics
from slipway.plan.needs import Needs, needs
from slipway.plan.observed import ConfigText, Counters, Observed, RegistryView, Service
from slipway.plan.scene import Scene
from slipway.views import deployment_view, job_view, pod_view, service_view

POLICY_KEY = "governance.tags.yaml"


async def observe(context: Context, namespace: str, name: str, now: datetime) -> Observed | None:
    """One look at the release and all that belongs to it; None where it does not exist.

    Raises ClusterError, and pydantic.ValidationError for objects that today's schema would not admit.
    """
    manifest = await context.cluster.get("ModelRelease", namespace, name)
    if manifest is None:
        return None
    release = pending(context.consumers, ModelRelease.parse(manifest))
    seen = await _children(context, release)
    seen = replace(seen, registry=_registry(context, release), actors=_actors(context, release))
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
    services = {service["metadata"]["name"]: service_view(service) for service in found["Service"]}
    production = services.pop(name, None)
    if production is None:
        foreign = await cluster.get("Service", namespace, name)
        production = service_view(foreign) if foreign else None
    parsed = (pending(context.consumers, ModelRevision.parse(r)) for r in found["ModelRevision"])
    revisions = sorted(parsed, key=lambda r: r.spec.number)
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
        children=_owned(release, found),
    )


def _pinned(pin: Object) -> str:
    return str(pin.get("data", {}).get("digest", ""))


def _owned(release: ModelRelease, found: Mapping[str, list[Object]]) -> tuple[tuple[str, str, str, bool], ...]:
    """The children that belong to the release itself rather than to a revision, and whether they refer to it."""
    children = []
    for kind in ("ModelRevision", "Service", "PodDisruptionBudget"):
        for child in found[kind]:
            meta = child["metadata"]
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
    if wants.counters_of is None:
        return None
    revision = seen.revision(wants.counters_of)
    ips = {pod.name: pod.ip for pod in seen.pods_of(wants.counters_of) if pod.ready and pod.ip}
    if revision is None or not ips:
        return None
    return await pod_metrics.read(context.http, ips, seconds(revision.spec.policy.slo.latency.p95))
