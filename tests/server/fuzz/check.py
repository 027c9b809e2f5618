"""What has to hold after any requests at all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from prometheus_client.parser import text_string_to_metric_families

from tests.server.client import Client
from tests.server.fuzz.crowd import crowd
from tests.server.fuzz.requests import Requests

Codes = Counter[int]


def requests_for(client: Client) -> Requests:
    """The requests that fit a server's model, and those that nearly do."""
    example = client.get("/slipway/example")
    return Requests(example.json if example.status == 200 else None, client.get("/v2/models/demo").json["inputs"])


def asked(client: Client, seeds: Sequence[str]) -> tuple[Codes, list[str]]:
    """The codes that clients saw, and everything that is not as it should be.

    That is: no answer, a 5xx, an answer that was not counted, or counted as something else.
    """
    requests = requests_for(client)
    before = counted(client)
    seen = crowd(client.port, requests, seeds)
    found = counted(client) - before - Counter({200: 1})  # the page that was read before
    told = [] if found == seen.codes else [f"clients saw {dict(seen.codes)}, counted were {dict(found)}"]
    if seen.codes.total() != len(seeds):
        told.append(f"of {len(seeds)} requests {seen.codes.total()} were sent")
    return seen.codes, [*seen.wrong, *told]


def counted(client: Client) -> Codes:
    """What the server has counted by code, on all routes."""
    found: Codes = Counter()
    for family in text_string_to_metric_families(client.get("/metrics").body.decode()):
        for sample in family.samples if family.name == "inference_requests" else ():
            found[int(sample.labels["code"])] += int(sample.value)
    return found
