"""Raw request counters, read from the serving pods themselves."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import aiohttp
from prometheus_client.parser import text_string_to_metric_families

from slipway import names
from slipway.plan.observed import Counters

TIMEOUT_SECONDS = 2.0
MAX_BYTES = 4 * 1024 * 1024
REQUESTS, LATENCY = "inference_requests", "inference_request_duration_seconds"


async def read(session: aiohttp.ClientSession, ips: Mapping[str, str], slow_above: float) -> dict[str, Counters]:
    """Counters by pod name from the pods at `ips`; a pod that does not answer is left out. `slow_above` in seconds."""
    answers = await asyncio.gather(*(_read_one(session, ip, slow_above) for ip in ips.values()))
    return {pod: counters for pod, counters in zip(ips, answers, strict=True) if counters is not None}


async def _read_one(session: aiohttp.ClientSession, ip: str, slow_above: float) -> Counters | None:
    host = f"[{ip}]" if ":" in ip else ip
    url = f"http://{host}:{names.HTTP_PORT}/metrics"
    try:
        async with session.get(url, timeout=aiohttp.ClientTimeout(TIMEOUT_SECONDS)) as response:
            if response.status != 200:
                return None
            body = await response.content.read(MAX_BYTES)
            return counted(body.decode(errors="replace"), slow_above)
    except (aiohttp.ClientError, TimeoutError, ValueError):
        return None


def counted(text: str, slow_above: float) -> Counters:
    """Counters in a Prometheus exposition. Raises ValueError for text that is not one.

    Slow are the answers above the bucket bound `slow_above`; the server has such a bucket because it is told the
    objective, and without one nothing is known to be slow. 5xx answers are errors.
    """
    requests = errors = total = 0.0
    fast: float | None = None
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            if sample.name == f"{REQUESTS}_total":
                requests += sample.value
                errors += sample.value if sample.labels.get("code", "").startswith("5") else 0
            elif sample.name == f"{LATENCY}_count":
                total += sample.value
            elif sample.name == f"{LATENCY}_bucket" and float(sample.labels["le"]) == slow_above:
                fast = (fast or 0.0) + sample.value
    slow = 0.0 if fast is None else max(0.0, total - fast)
    return Counters(requests=int(max(requests, total)), slow=int(slow), errors=int(errors))
