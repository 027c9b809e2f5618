"""Who changed a release: what the webhook stamped counts, and nothing else does."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slipway.api.actors import UNVERIFIED, Part, Signed, Stamp, actors, stamped
from slipway.api.release import ReleaseSpec

KEY, AT = b"k" * 32, "2026-01-01T00:00:00.000Z"
DIGEST = "sha256:" + "a" * 64


def signed(annotation: str | None = None, generation: int = 1, name: str = "cancer", **spec: Any) -> Signed:
    base: dict[str, Any] = {"model": {"name": "m", "candidate": {"alias": "staging"}}}
    return Signed("demo", name, generation, ReleaseSpec.model_validate({**base, **spec}), annotation)


def unseen(before: Signed, **spec: Any) -> Signed:
    """`before` after somebody gave it the spec, without the webhook."""
    after = signed(before.annotation, before.generation, **spec)
    return after if after.spec == before.spec else replace(after, generation=before.generation + 1)


def edited(before: Signed | None, user: str, **spec: Any) -> Signed:
    """`before` after `user` gave it the spec, with the webhook running."""
    after = unseen(before, **spec) if before else signed(**spec)
    return replace(after, annotation=stamped(KEY, before, after, Stamp(user=user, at=AT)))


def who(release: Signed, part: Part) -> str:
    return actors(KEY, release).who(part)


ROLLBACK = {"rollback": {"to": "previous"}}


def test_whoever_makes_a_release_made_all_of_it() -> None:
    made = edited(None, "alice")
    assert {who(made, part) for part in Part} == {"alice"}


@pytest.mark.parametrize(
    ("change", "part"),
    [
        (ROLLBACK, Part.ROLLBACK),
        ({"retry": "2"}, Part.RETRY),
        ({"paused": True}, Part.PAUSED),
        ({"model": {"name": "m", "candidate": {"version": "3"}}}, Part.CANDIDATE),
        ({"gates": {"approval": {"approved": DIGEST}}}, Part.APPROVED),
        ({"rollout": {"watch": "1m"}}, Part.SPEC),
        ({"gates": {"approval": {"required": True}}}, Part.SPEC),
    ],
)
def test_a_change_is_of_the_part_that_changed(change: dict[str, Any], part: Part) -> None:
    changed = edited(edited(None, "alice"), "bob", **change)
    assert {p for p in Part if who(changed, p) == "bob"} == {part}
    assert {who(changed, p) for p in Part if p is not part} == {"alice"}


def test_who_took_a_value_away_is_known_too() -> None:
    lifted = edited(edited(edited(None, "alice"), "bob", **ROLLBACK), "carol")
    assert who(lifted, Part.ROLLBACK) == "carol"


def test_a_stamp_outlives_changes_of_other_parts() -> None:
    rolled_back = edited(edited(None, "alice"), "bob", **ROLLBACK)
    later = edited(rolled_back, "carol", **ROLLBACK, paused=True)
    assert (who(later, Part.ROLLBACK), who(later, Part.PAUSED)) == ("bob", "carol")


def test_one_change_without_the_webhook_ends_all_stamps() -> None:
    made = edited(None, "alice")
    changed = unseen(made, **ROLLBACK)
    assert actors(KEY, changed).stamps == {}
    later = edited(changed, "carol", **ROLLBACK, paused=True)
    assert (who(later, Part.ROLLBACK), who(later, Part.PAUSED)) == (UNVERIFIED, "carol")


def test_a_value_that_comes_back_without_the_webhook_does_not_bring_its_stamp_back() -> None:
    asked = edited(edited(None, "alice"), "bob", **ROLLBACK)
    again = unseen(unseen(asked), **ROLLBACK)
    assert again.spec == asked.spec
    assert who(again, Part.ROLLBACK) == UNVERIFIED


def test_a_stamp_of_another_object_counts_for_nothing() -> None:
    other = edited(None, "alice")
    assert who(replace(other, name="another"), Part.SPEC) == UNVERIFIED
    assert who(replace(other, namespace="another"), Part.SPEC) == UNVERIFIED


def test_a_release_that_was_made_anew_does_not_inherit_the_stamps_of_its_namesake() -> None:
    made = edited(None, "alice")
    assert who(signed(made.annotation, 1, **ROLLBACK), Part.ROLLBACK) == UNVERIFIED


def test_a_stamp_of_another_key_counts_for_nothing() -> None:
    made = edited(None, "alice")
    assert actors(b"x" * 32, made).who(Part.SPEC) == UNVERIFIED


def test_a_client_cannot_write_its_own() -> None:
    mine = edited(None, "mallory")
    forged = replace(mine, annotation=(mine.annotation or "").replace("mallory", "alice"))
    assert "alice" in (forged.annotation or "")
    assert who(forged, Part.SPEC) == UNVERIFIED


def test_what_a_client_sends_along_is_replaced() -> None:
    mine = edited(None, "mallory")
    sent = replace(mine, annotation=(edited(None, "alice").annotation))
    assert "alice" not in stamped(KEY, mine, sent, Stamp(user="mallory", at=AT))


def test_an_annotation_that_was_taken_off_comes_back() -> None:
    made = edited(None, "alice")
    bare = replace(made, annotation=None)
    assert stamped(KEY, made, bare, Stamp(user="bob", at=AT)) == made.annotation


def test_a_field_that_a_later_version_adds_ends_no_stamp() -> None:
    made = edited(None, "alice")
    spelled_out = signed(made.annotation, paused=False, revisionHistoryLimit=10, gates={"approval": {}})
    assert who(spelled_out, Part.SPEC) == who(spelled_out, Part.PAUSED) == "alice"


SPECS = st.fixed_dictionaries(
    {},
    optional={
        "retry": st.sampled_from(["1", "2"]),
        "paused": st.booleans(),
        "rollback": st.sampled_from([{"to": "previous"}, {"version": "1"}, {"to": "previous", "reason": "x"}]),
        "gates": st.sampled_from([{"approval": {"approved": DIGEST}}, {"approval": {"required": True}}]),
        "revisionHistoryLimit": st.integers(1, 3),
    },
)


EDITS = st.lists(st.tuples(st.sampled_from(["alice", "bob"]), SPECS, st.booleans()), max_size=8)


@given(EDITS)
def test_the_last_writer_is_named_or_nobody_is(edits: list[tuple[str, dict[str, Any], bool]]) -> None:
    """Any history of edits, some while the webhook was away: no part is ever laid to anybody but its last writer."""
    current, writers = edited(None, "alice"), dict.fromkeys(Part, "alice")
    for user, spec, seen in edits:
        after = edited(current, user, **spec) if seen else unseen(current, **spec)
        changed = [part for part in Part if _value(after.spec, part) != _value(current.spec, part)]
        writers |= dict.fromkeys(changed, user)
        assert all(who(after, part) in (writers[part], UNVERIFIED) for part in Part)
        if seen:
            assert all(who(after, part) == user for part in changed)
        current = after
    if all(seen for _, _, seen in edits):
        assert {part: who(current, part) for part in Part} == writers


def _value(spec: ReleaseSpec, part: Part) -> Any:
    wire = spec.wire()
    approved = wire["gates"]["approval"].pop("approved", None)
    parts = {
        Part.ROLLBACK: wire.pop("rollback", None),
        Part.RETRY: wire.pop("retry", None),
        Part.PAUSED: wire.pop("paused"),
        Part.CANDIDATE: wire["model"].pop("candidate"),
        Part.APPROVED: approved,
        Part.RESUME: wire.pop("resume", None),
    }
    return wire if part is Part.SPEC else parts[part]


@given(st.text(max_size=200))
def test_any_other_text_is_nobodys_stamp(text: str) -> None:
    assert actors(KEY, signed(text)).stamps == {}
    made = edited(None, "alice")
    assert made.annotation is not None
    if text:
        assert actors(KEY, signed(made.annotation + text)).stamps == {}
