"""The operator is struck at every write of a release, of a canary and of a rollback. The end is always the same.

Writes are those to the API server, Events included, and those to MLflow. `make faults` strikes at one write a story,
for each write and each way; here as many as can be of one story are struck: all but what
comes again after a kill before it, and half of those whose answer is lost.
"""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from tests.e2e.faults.canary import canary
from tests.e2e.faults.lanes import Lane, Run, run
from tests.e2e.faults.switch import switch
from tests.e2e.figures import record
from tests.e2e.models import AGAIN
from tests.e2e.operator_pod import Operator

pytestmark = [pytest.mark.e2e, pytest.mark.alone, pytest.mark.long, pytest.mark.timeout(1800)]

REFERENCE = Lane("undisturbed", "none")
EVENT = ("POST", "/api/v1/namespaces/events")
STRUCK = [
    Lane("before", "killed before the write"),
    Lane("after", "killed after the write, before the answer"),
    Lane("answered", "killed with the answer"),
    Lane("lost", "answer lost"),
]
STORIES = [switch, canary]


@pytest.fixture(scope="module", params=STORIES, ids=lambda story: story.__name__)
def told(request: pytest.FixtureRequest, operator: Operator, versions: Mapping[str, str]) -> Run:
    """A story in every lane."""
    done = run(request.param, [REFERENCE, *STRUCK], operator, versions)
    for lane in (REFERENCE, *STRUCK):
        strikes = [write for write in done.writes(lane) if write["fault"] != "none"]
        what = f"writes of the story of a {request.param.__name__}, {lane.name}"
        record(what, f"{len(done.writes(lane))}, struck {len(strikes)}")
    return done


@pytest.mark.parametrize("told", [switch], indirect=True, ids=["switch"])
def test_the_story_of_a_switch_without_a_fault(told: Run) -> None:
    end = told.outcomes[REFERENCE.name].end
    assert [phase for phase, _, _ in end.phases] == ["Live", "RolledBack"]
    assert len(end.flips) == 2, "there and back"
    assert end.made == {"ModelRevision": 2, "Deployment": 2, "Service": 6, "HTTPRoute": 0, "Job": 2}
    assert end.rollback == ("User", True)
    assert told.ended(REFERENCE) == []


@pytest.mark.parametrize("told", [canary], indirect=True, ids=["canary"])
def test_the_story_of_a_canary_without_a_fault(told: Run, versions: Mapping[str, str]) -> None:
    end = told.outcomes[REFERENCE.name].end
    first, second, third = versions["modest"], versions["good"], versions[AGAIN]
    assert [phase for phase, _, _ in end.phases] == ["Live", "RolledBack", "Aborted"]
    assert end.flips == (second, first), "there and back"
    there = [{first: 100}, {first: 90, second: 10}, {first: 50, second: 50}, {second: 100}]
    back = [{second: 90, third: 10}, {second: 50, third: 50}, {first: 100}]  # both lose their shares in one write
    assert list(end.weights) == [*there, *back]
    assert end.rollback == ("User", True)
    assert told.ended(REFERENCE) == []


@pytest.mark.parametrize("lane", STRUCK, ids=lambda lane: lane.name)
def test_the_end_is_the_same_whatever_struck(told: Run, lane: Lane) -> None:
    outcome, undisturbed = told.outcomes[lane.name], told.outcomes[REFERENCE.name]
    assert outcome.end == undisturbed.end
    assert outcome.served == undisturbed.served
    assert told.ended(lane) == [], "an operator ended by itself"


@pytest.mark.parametrize("lane", STRUCK, ids=lambda lane: lane.name)
def test_callers_saw_nothing_of_it(told: Run, lane: Lane) -> None:
    outcome = told.outcomes[lane.name]
    assert outcome.answers > 0
    assert outcome.failures == []
    assert outcome.without_endpoints == []


@pytest.mark.parametrize("lane", [REFERENCE, *STRUCK], ids=lambda lane: lane.name)
def test_afterwards_nothing_is_written_any_more(told: Run, lane: Lane) -> None:
    assert told.outcomes[lane.name].written_at_rest == []


@pytest.mark.parametrize("lane", STRUCK, ids=lambda lane: lane.name)
def test_every_kind_of_write_was_struck(told: Run, lane: Lane) -> None:
    """Nothing that the undisturbed operator writes escapes, but Events: they tell of a write that got its answer."""
    struck = {_kind(write) for write in told.writes(lane) if write["fault"] != "none"}
    assert {_kind(write) for write in told.writes(REFERENCE)} - {EVENT} <= struck


def _kind(write: Mapping[str, object]) -> tuple[str, str]:
    """Verb and collection, without the names in the path."""
    parts = str(write["path"]).split("/")
    return str(write["verb"]), "/".join(part for part in parts if "e2e-faults" not in part and "struck" not in part)
