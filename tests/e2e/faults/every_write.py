"""One strike a story, for each of its writes and each way to strike: `make faults`. Named so that only that finds it.

A strike in one place is another test than strikes everywhere: the second one may mend what the first one broke.
"""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from tests.e2e.faults.canary import canary
from tests.e2e.faults.lanes import Lane, Run, run
from tests.e2e.faults.story import End, Story
from tests.e2e.faults.switch import switch
from tests.e2e.operator_pod import Operator

pytestmark = [pytest.mark.e2e, pytest.mark.alone, pytest.mark.timeout(12 * 3600)]

REFERENCE = Lane("undisturbed", "none")
WAYS = {
    "before": "killed before the write",
    "after": "killed after the write, before the answer",
    "answered": "killed with the answer",
    "lost": "answer lost",
}
AT_ONCE = 6


@pytest.mark.parametrize("story", [switch, canary], ids=["switch", "canary"])
def test_the_end_is_the_same_wherever_it_struck(story: Story, operator: Operator, versions: Mapping[str, str]) -> None:
    reference = run(story, [REFERENCE], operator, versions)
    undisturbed, count = reference.outcomes[REFERENCE.name].end, len(reference.writes(REFERENCE))
    numbers = range(1, count + 1)
    plans = [Lane(f"{name}-{n}", fault, {"only": n}) for n in numbers for name, fault in WAYS.items()]
    different: dict[str, str] = {}
    for start in range(0, len(plans), AT_ONCE):
        batch = plans[start : start + AT_ONCE]
        done = run(story, batch, operator, versions)
        different |= {lane.name: problem for lane in batch if (problem := _problem(done, lane, undisturbed))}
        print(f"{start + len(batch)} of {len(plans)} stories, {len(different)} went wrong", flush=True)  # noqa: T201
    assert different == {}


def _problem(done: Run, lane: Lane, undisturbed: End) -> str:
    """What came out otherwise; "" for nothing."""
    outcome = done.outcomes[lane.name]
    struck = [f"{write['verb']} {write['path']}" for write in done.writes(lane) if write["fault"] != "none"]
    wrong = [
        *([f"ended as {outcome.end}"] if outcome.end != undisturbed else []),
        *([f"{len(outcome.failures)} failed requests"] if outcome.failures else []),
        *([f"no ready pod at {outcome.without_endpoints}"] if outcome.without_endpoints else []),
        *([f"written at rest: {outcome.written_at_rest}"] if outcome.written_at_rest else []),
        *([f"operators ended: {done.ended(lane)}"] if done.ended(lane) else []),
    ]
    return f"struck at {struck}: {'; '.join(wrong)}" if wrong else ""
