"""The release's own objects, read live: first what a rollback needs to know, then everything else."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping
from dataclasses import replace

from slipway.api.release import ModelRelease
from slipway.api.revision import ModelRevision
from slipway.api.traffic import Router
from slipway.audit import pending
from slipway.cluster.port import NotFound, Object
from slipway.context.context import Context
from slipway.observe.views import autoscaler_view, deployment_view, job_view, pod_view, route_view, service_view
from slipway.plan.situation.needs import UNREAD
from slipway.plan.situation.observed import Autoscaler, Observed
from slipway.words import names

MONITORS = ("ServiceMonitor", "PrometheusRule")
SCALER = "HorizontalPodAutoscaler"
AROUND = ("Service", "Pod", "Job", "ConfigMap", "PodDisruptionBudget", SCALER)

Lists = dict[str, list[Object]]
"""Objects by kind."""


async def serving(context: Context, namespace: str, name: str) -> Observed | None:
    """What production traffic follows and what it could follow; None where the release does not exist.

    That is the release, its revisions and their Deployments, the production Service and the route. Raises ClusterError,
    and pydantic.ValidationError for objects that today's schema would not admit.
    """
    labels = {names.RELEASE_LABEL: name}
    manifest, production, revisions, deployments = await asyncio.gather(
        context.cluster.get("ModelRelease", namespace, name),
        context.cluster.get("Service", namespace, name),
        context.cluster.list("ModelRevision", namespace, labels),
        context.cluster.list("Deployment", namespace, labels),
    )
    if manifest is None:
        return None
    release = pending(context.recorder, ModelRelease.parse(manifest))
    routes = await _routes(context, release)
    parsed = (pending(context.recorder, ModelRevision.parse(revision)) for revision in revisions)
    found = {"ModelRevision": revisions, "HTTPRoute": routes or [], "Service": [production] if production else []}
    return Observed(
        release=release,
        settings=context.settings,
        revisions=tuple(sorted(parsed, key=lambda revision: revision.spec.number)),
        production=service_view(production) if production else None,
        route=next((route_view(route) for route in routes or () if route["metadata"]["name"] == name), None),
        gateway_api=routes is not None,
        skew=context.discovered.skew,
        deployments={view.name: view for view in map(deployment_view, deployments)},
        children=_owned(release, found),
        **dict.fromkeys(("services", "autoscalers", "pods", "jobs", "pins", "budgets", "monitors"), UNREAD),
    )


async def surrounded(context: Context, seen: Observed) -> Observed:
    """`seen` with all other objects of the release. Raises as `serving` does."""
    release = seen.release
    namespace, name = release.metadata.namespace, release.metadata.name
    found, monitors = await asyncio.gather(_lists(context, namespace, name), _monitors(context, namespace, name))
    others = [service for service in found["Service"] if service["metadata"]["name"] != name]
    pods = [pod for pod in found["Pod"] if "deletionTimestamp" not in pod["metadata"]]
    serving_pods = [pod for pod in pods if names.GATE_LABEL not in pod["metadata"]["labels"]]
    owned = _owned(release, {**found, **(monitors or {}), "Service": others})
    return replace(
        seen,
        services={service["metadata"]["name"]: service_view(service) for service in others},
        autoscalers=_autoscalers(found[SCALER], name, seen.deployments),
        pods=tuple(map(pod_view, serving_pods)),
        jobs={view.name: view for view in (job_view(job, found["Pod"]) for job in found["Job"])},
        pins={pin["metadata"]["labels"].get(names.REVISION_LABEL, ""): _pinned(pin) for pin in found["ConfigMap"]},
        budgets=frozenset(budget["metadata"]["name"] for budget in found["PodDisruptionBudget"]),
        monitors=None if monitors is None else {kind: _rendered(items) for kind, items in monitors.items()},
        children=(*seen.children, *owned),
    )


async def _lists(context: Context, namespace: str, name: str) -> Lists:
    """What bears the release's label; and all autoscalers, for a user's own bears no label of ours."""
    labels, everything = {names.RELEASE_LABEL: name}, dict[str, str]()
    lists = (context.cluster.list(kind, namespace, everything if kind == SCALER else labels) for kind in AROUND)
    return dict(zip(AROUND, await asyncio.gather(*lists), strict=True))


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
