"""Every reason is documented in one place, and nowhere else is one written."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import slipway
from slipway.api.gates.verdict import Verdict
from slipway.api.reasons import REGISTERED, Reason
from slipway.api.release_status import HoldReason, RollbackTrigger
from slipway.api.revision import Phase
from slipway.gates.watch.slo import SloState

ROOT = Path(slipway.__file__).parent
HOLDING = ("act", "audit", "context", "notify", "observe/release.py", "plan", "process", "reconcile.py", "status")
"""Where decisions, conditions and phases are made."""
OTHERS_WORDS = {"Alias", "Approval", "Rollback", "Unknown"}
"""Names of effects and statuses that are words of reasons too."""
WORDS = {str(reason) for reason in REGISTERED.values()}


def literals() -> Iterator[tuple[str, str]]:
    """Every string that is written out where reasons are made, with its file."""
    for name in HOLDING:
        place = ROOT / name
        for path in sorted(place.rglob("*.py")) if place.is_dir() else [place]:
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Constant) and isinstance(node.value, str):
                    yield node.value, str(path.relative_to(ROOT))


def test_no_reason_is_written_out_where_one_is_given() -> None:
    found = [(word, where) for word, where in literals() if word in WORDS - OTHERS_WORDS]
    assert found == []


def test_the_search_would_find_one() -> None:
    assert {"UnknownRegistry", "CanaryStep", "Stalled"} <= WORDS
    assert any(word == "Deployment" for word, _ in literals())


@pytest.mark.parametrize(
    ("used", "words"),
    [
        ("Phase", [phase.value for phase in Phase]),
        ("Held", [reason.value for reason in HoldReason]),
        ("Attempt", [f"RolledBackBy{trigger.value}" for trigger in RollbackTrigger]),
        ("Attempt", [f"Gate{verdict.value}" for verdict in Verdict if verdict is not Verdict.PASS]),
        (
            "SLOHealthy",
            [state.value for state in SloState if state not in (SloState.HEALTHY, SloState.NO_DATA)],
        ),
    ],
)
def test_words_that_the_api_makes_are_documented_too(used: str, words: list[str]) -> None:
    assert [word for word in words if (used, word) not in REGISTERED] == []


def test_a_reason_is_its_word_and_has_a_sentence() -> None:
    assert all(isinstance(reason, str) and reason.isidentifier() for reason in REGISTERED.values())
    assert all(reason.sentence.endswith(".") and reason.remedy[-1:] in ("", ".") for reason in REGISTERED.values())


def test_a_word_is_documented_once_for_each_use() -> None:
    with pytest.raises(ValueError, match="documented twice"):
        Reason("UnknownRegistry", "Stalled", "Again.")
