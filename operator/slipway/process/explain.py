"""What the plan says about one release, over HTTP on the pod's loopback: who may forward a port to it may ask."""

from __future__ import annotations

from aiohttp import web
from pydantic import ValidationError

from slipway.cluster.port import ClusterError
from slipway.context.context import Context
from slipway.observe.release import observe
from slipway.plan.explained import explained

PATH = "/explain/{namespace}/{name}"


class Explain:
    """GET /explain/NAMESPACE/NAME: the steps of the plan as JSON. It reads what a pass reads, and writes nothing."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def add_to(self, app: web.Application) -> None:
        """Add the route."""
        app.add_routes([web.get(PATH, self.answer)])

    async def answer(self, request: web.Request) -> web.Response:
        """404: there is no such release. 503: the cluster does not answer, or the release cannot be read."""
        now, at = self._context.now(), request.match_info
        try:
            seen = await observe(self._context, at["namespace"], at["name"], now)
        except (ClusterError, ValidationError) as error:
            raise web.HTTPServiceUnavailable(text=str(error)[:1000]) from error
        if seen is None:
            raise web.HTTPNotFound(text=f"no ModelRelease {at['name']} in namespace {at['namespace']}")
        return web.json_response([word.wire() for word in explained(seen, now)])
