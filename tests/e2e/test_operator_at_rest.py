"""The operator when there is nothing to do: it writes nothing, needs little, was refused nothing, and ends clean."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping

import pytest

from tests.e2e.figures import record
from tests.e2e.operator_pod import Operator
from tests.e2e.releases import Release

pytestmark = [pytest.mark.e2e, pytest.mark.alone, pytest.mark.timeout(900)]

QUIET_SECONDS = 20
DENIED = re.compile(r'is forbidden: User \\?"system:serviceaccount:.* cannot ')


def test_after_everything_settled_nothing_is_written_any_more(served: Release, operator: Operator) -> None:
    before = _settled(served)
    cpu = operator.metric("process_cpu_seconds_total")

    time.sleep(QUIET_SECONDS)

    used = operator.metric("process_cpu_seconds_total") - cpu
    assert served.written() == before
    record("operator idle, share of a core", round(used / QUIET_SECONDS, 4))
    resident = operator.metric("process_resident_memory_bytes")
    record("operator idle, resident megabytes", round(resident / 1_000_000, 1))


def _settled(release: Release) -> Mapping[str, str]:
    """What there is once two looks in a row are the same."""
    before: Mapping[str, str] = {}
    for _ in range(20):
        now = release.written()
        if now == before:
            return now
        before = now
        time.sleep(3)
    raise AssertionError(f"never at rest: {release.seen()}")


def test_it_was_never_refused_a_right(operator: Operator) -> None:
    log = operator.log()
    refusals = [line for line in log.splitlines() if DENIED.search(line)]
    assert refusals == []
    assert "slipway.audit" in log, "this is not the operator's log"


def test_it_ends_clean_when_it_is_asked_to(operator: Operator) -> None:
    assert operator.terminate() == 0
    operator.until_ready()


def test_it_logged_no_bug(operator: Operator) -> None:
    assert [line for line in operator.log().splitlines() if '"error"' in line and "bug" in line] == []
