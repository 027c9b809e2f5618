"""What `/metrics` says, as numbers."""

from __future__ import annotations

from collections import Counter

from prometheus_client.parser import text_string_to_metric_families

Codes = Counter[tuple[str, int]]


def counted(text: bytes) -> Codes:
    """Answers by route and code."""
    families = text_string_to_metric_families(text.decode())
    found = [each for family in families for each in family.samples if each.name == "inference_requests_total"]
    return Counter({(s.labels["route"], int(s.labels["code"])): int(s.value) for s in found if s.value})


def timed(text: bytes, family: str) -> Counter[str]:
    """Answers by route in one family of durations."""
    families = text_string_to_metric_families(text.decode())
    found = [each for each in families if each.name == f"inference_{family}_duration_seconds"]
    samples = [each for family in found for each in family.samples if each.name.endswith("_count")]
    return Counter({each.labels["route"]: int(each.value) for each in samples if each.value})
