"""The operator is struck at every write of a release and of a rollback. The end is the same, and nothing is done twice.

Writes are those to the API server, Events included, and those to MLflow. `make faults` strikes at one write a story,
for each write and each way; here as many as can be of one story are struck: all but what
comes again after a kill before it, and half of those whose answer is lost.
"""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from tests.e2e.faults.lanes import Lane, Run, run
from tests.e2e.figures import record
from tests.e2e.operator_pod import Operator

pytestmark = [pytest.mark.e2e, pytest.mark.alone, pytest.mark.long, pytest.mark.timeout(900)]

REFERENCE = Lane("undisturbed", "none")
EVENT = ("POST", "/api/v1/namespaces/events")
STRUCK = [
    Lane("before", "killed before the write"),
    Lane("after", "killed after the write, before the answer"),
    Lane("answered", "killed with the answer"),
    Lane("lost", "answer lost"),
]


@pytest.fixture(scope="module")
def told(operator: Operator, versions: Mapping[str, str], server_image: str) -> Run:
    """The story of every lane."""
    done = run([REFERENCE, *STRUCK], operator, versions, server_image)
    for lane in (REFERENCE, *STRUCK):
        strikes = [write for write in done.writes(lane) if write["fault"] != "none"]
        record(f"writes of the story, {lane.name}", f"{len(done.writes(lane))}, struck {len(strikes)}")
    return done


def test_the_story_without_a_fault(told: Run) -> None:
    outcome = told.outcomes[REFERENCE.name]
    assert [phase for phase, _, _ in outcome.end.phases] == ["Live", "RolledBack"]
    assert len(outcome.end.flips) == 2, "there and back"
    assert outcome.end.made == {"ModelRevision": 2, "Deployment": 2, "Service": 6, "Job": 2}
    assert outcome.end.rollback == ("User", True)
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
