"""Which records become a notification, and what it says."""

from __future__ import annotations

from typing import Any

import pytest

from slipway.notify.message import Mood, News, message


def record(action: str, **changes: Any) -> News:
    """A record of the audit log."""
    fields = {
        "time": "2026-01-01T00:00:00.000Z",
        "namespace": "demo",
        "release": "cancer",
        "revision": "cancer-r2",
        "action": action,
        "from": None,
        "to": None,
        "actor": "rule:GateFail",
        "reason": "auc 0.91 is below production's 0.95",
        "effect": None,
        "outcome": "Decided",
        "details": {"version": "2"},
    }
    return News.model_validate({**fields, **changes})


def test_it_says_which_release_what_happened_why_who_and_where_to_look() -> None:
    told = message(record("GateFail", to="Rejected"))
    assert told is not None
    assert told.title == "demo/cancer: version 2 was rejected"
    assert told.body.splitlines() == [
        "Release: demo/cancer, revision cancer-r2",
        "Why: auc 0.91 is below production's 0.95",
        "By: rule:GateFail",
        "At: 2026-01-01T00:00:00.000Z",
        "Look: kubectl --namespace demo describe modelrevision cancer-r2",
    ]
    assert told.mood is Mood.FAILURE


@pytest.mark.parametrize(
    ("found", "title"),
    [
        (record("Promoted", to="Live"), "version 2 is promoted"),
        (record("GateInconclusive", to="Inconclusive"), "version 2 ended without enough evidence"),
        (record("RolledBack", effect="Rollback", outcome="Done"), "production was rolled back to version 2"),
        (record("ApprovalAsked"), "version 2 waits for approval"),
    ],
)
def test_what_people_hear_of(found: News, title: str) -> None:
    told = message(found)
    assert told is not None
    assert told.title == f"demo/cancer: {title}"


def test_a_hold_is_about_the_release() -> None:
    told = message(record("Held", revision="", details={}, reason="spec.paused is true"))
    assert told is not None
    assert told.title == "demo/cancer: promotions are held"
    assert told.body.endswith("Look: kubectl --namespace demo describe modelrelease cancer")


@pytest.mark.parametrize(
    "found",
    [
        record("Started", to="Pending"),
        record("Flipped", to="Watching", effect="Flip", outcome="Done"),
        record("RollbackRequested", effect="Rollback", outcome="Intended"),
        record("RollbackDropped", effect="Rollback", outcome="Dropped"),
        record("GatesJudged"),
        record("AliasMoved", effect="Alias", outcome="Done"),
    ],
    ids=lambda found: found.action,
)
def test_what_people_need_not_hear_of(found: News) -> None:
    assert message(found) is None


def test_a_long_reason_is_cut() -> None:
    told = message(record("GateFail", to="Rejected", reason="x" * 5000))
    assert told is not None
    assert len(told.body) < 1200
