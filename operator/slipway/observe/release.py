"""Reads everything that a plan may need, live from the API server: what production traffic follows is the truth."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from slipway.api.actors import ANNOTATION, Actors, Signed, actors
from slipway.api.base import seconds
from slipway.api.release import ModelRelease
from slipway.context.context import Context
from slipway.metrics.source import PodReading, Target
from slipway.observe.children import serving, surrounded
from slipway.observe.views import service_view
from slipway.plan.planner import needs
from slipway.plan.production.rollback import imminent
from slipway.plan.situation.needs import NOTHING, Needs
from slipway.plan.situation.observed import ConfigText, Observed, RegistryView, Service
from slipway.plan.situation.scene import Scene

POLICY_KEY = "governance.tags.yaml"


async def observe(context: Context, namespace: str, name: str, now: datetime) -> Observed | None:
    """One look at the release and all that belongs to it; None where it does not exist.

    Where production can be taken back at once, nothing is read that does not matter for that: a rollback waits for
    nobody. Raises ClusterError, and pydantic.ValidationError for objects that today's schema would not admit.
    """
    seen = await serving(context, namespace, name)
    if seen is None:
        return None
    seen = replace(seen, registry=_registry(context, seen.release), actors=_actors(context, seen.release))
    if imminent(Scene(seen, now)):
        return seen
    seen = await surrounded(context, seen)
    wants = needs(Scene(seen, now))
    if wants == NOTHING:
        return seen
    return await _extras(context, seen, wants)


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
    return context.registries.view(model.registry, model.name)


async def _extras(context: Context, seen: Observed, wants: Needs) -> Observed:
    registry, policy, requests, strangers, counters = await asyncio.gather(
        _described(context, seen, wants),
        _policy(context, seen, wants),
        _requests(context, seen, wants),
        _strangers(context, seen, wants),
        _counters(context, seen, wants),
    )
    services = {**seen.services, **strangers}
    seen = replace(seen, registry=registry, policy=policy, requests=requests, services=services)
    if counters is None:
        return seen
    read = {pod: found for pod, found in counters.items() if not isinstance(found, str)}
    unread = {pod: why for pod, why in counters.items() if isinstance(why, str)}
    return replace(seen, reading=wants.counters, counters=read, unread=unread)


async def _described(context: Context, seen: Observed, wants: Needs) -> RegistryView:
    model = seen.release.spec.model
    if model.registry not in context.settings.registries or not wants.versions.versions:
        return seen.registry
    versions = await context.registries.versions(model.registry, model.name, wants.versions, context.monotonic())
    return replace(seen.registry, versions=versions)


async def _policy(context: Context, seen: Observed, wants: Needs) -> ConfigText | None:
    if wants.policy is None:
        return None
    return await _text(context, seen, wants.policy, POLICY_KEY)


async def _requests(context: Context, seen: Observed, wants: Needs) -> ConfigText | None:
    if wants.requests is None:
        return None
    return await _text(context, seen, wants.requests.config_map, wants.requests.key)


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


async def _counters(context: Context, seen: Observed, wants: Needs) -> Mapping[str, PodReading] | None:
    """Counters of the ready pods of all revisions that are asked for, by pod; or why there are none."""
    reading = wants.counters
    judged = seen.revision(reading.judged) if reading else None
    if reading is None or judged is None:
        return None
    source = context.pods if reading.now else context.counters
    targets = [
        Target(seen.release.metadata.namespace, pod.name, pod.ip, pod.started, pod.restarts)
        for revision in sorted(reading.revisions)
        for pod in seen.pods_of(revision)
        if pod.ready and pod.ip
    ]
    return await source.read(targets, seconds(judged.spec.policy.slo.latency.p95))
