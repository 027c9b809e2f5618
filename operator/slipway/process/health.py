"""Probes and metrics over HTTP."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from aiohttp import web
from prometheus_client import CollectorRegistry, generate_latest

from slipway.audit import export

HEALTH_PORT = 8080
METRICS_PORT = 9090

HealthProblem = Callable[[], str | None]


async def serve(
    live: HealthProblem, ready: HealthProblem, registry: CollectorRegistry, inner: web.Application | None = None
) -> list[web.AppRunner]:
    """Serve /healthz and /readyz on 8080, /metrics on 9090, `inner` on the loopback's 8082.

    Each problem is None or a sentence that answers 503.
    """

    def probe(problem: HealthProblem) -> Callable[[web.Request], web.Response]:
        def answer(_: web.Request) -> web.Response:
            sentence = problem()
            return web.Response(text=sentence or "ok", status=503 if sentence else 200)

        return answer

    def metrics(_: web.Request) -> web.Response:
        return web.Response(body=generate_latest(registry), headers={"Content-Type": "text/plain; version=0.0.4"})

    def handler(function: Callable[[web.Request], web.Response]) -> Callable[[web.Request], Awaitable[web.Response]]:
        async def asynchronous(request: web.Request) -> web.Response:
            return function(request)

        return asynchronous

    health, figures = web.Application(), web.Application()
    health.add_routes([web.get("/healthz", handler(probe(live))), web.get("/readyz", handler(probe(ready)))])
    figures.add_routes([web.get("/metrics", handler(metrics))])
    runners = [await _start(health, HEALTH_PORT), await _start(figures, METRICS_PORT)]
    return [*runners, await _start(inner, export.PORT, "127.0.0.1")] if inner else runners


async def _start(app: web.Application, port: int, host: str | None = None) -> web.AppRunner:
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, host, port).start()
    return runner
