"""Whatever is done to a log, verify finds it and names the record."""

from __future__ import annotations

import json
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from slipway.audit.checkpoint import SignedCheckpoint, Signer
from slipway.audit.record import GENESIS, Head, canonical, digest, head_of, sealed
from slipway.audit.verify import Log, untrusted, verify
from tests.unit.audit.letters import SIGNER, letters

COUNT = 12
RECORDS = sealed(Head(), letters(COUNT))
LINES = [canonical(record) for record in RECORDS]
END = SIGNER.sign(head_of(RECORDS[-1]), "2026-01-01T00:01:00Z")
PLACES = st.integers(min_value=0, max_value=COUNT - 1)


def named(log: Log) -> set[int]:
    """The numbers of the records that were found to be wrong."""
    return {finding.seq for finding in log.findings}


def resealed(record: dict[str, Any], **changes: Any) -> bytes:
    """`record` with `changes` and the hash that it should have then."""
    changed = {**record, **changes}
    return canonical({**changed, "hash": digest(changed)})


def test_a_log_that_nobody_touched_is_whole() -> None:
    log = verify(LINES, [END])
    assert (log.findings, log.records, log.head) == ([], COUNT, Head(COUNT, RECORDS[-1]["hash"]))


def test_the_chain_begins_with_the_genesis_hash_and_every_record_names_the_one_before() -> None:
    assert [record["prev"] for record in RECORDS] == [GENESIS, *(record["hash"] for record in RECORDS[:-1])]
    assert [record["seq"] for record in RECORDS] == list(range(1, COUNT + 1))


def test_a_hash_is_that_of_the_canonical_form_without_itself() -> None:
    record = json.loads(LINES[3])
    assert record["hash"] == digest({key: record[key] for key in reversed(list(record))})


@settings(max_examples=400)
@given(st.data())
def test_any_one_byte_changed_is_found(data: st.DataObject) -> None:
    text = b"\n".join(LINES) + b"\n"
    place = data.draw(st.integers(min_value=0, max_value=len(text) - 1))
    byte = data.draw(st.integers(min_value=0, max_value=255).filter(lambda b: b != text[place]))
    changed = text[:place] + bytes([byte]) + text[place + 1 :]
    log = verify(changed.removesuffix(b"\n").split(b"\n"), [END])
    assert text[:place].count(b"\n") + 1 in named(log)


@given(PLACES)
def test_a_removed_record_is_named(place: int) -> None:
    log = verify(LINES[:place] + LINES[place + 1 :], [END], Head())
    assert place + 1 in named(log)


@given(PLACES, PLACES)
def test_records_in_another_order_are_found(one: int, other: int) -> None:
    lines = list(LINES)
    lines[one], lines[other] = lines[other], lines[one]
    assert bool(verify(lines, [END], Head()).findings) is (one != other)


@given(st.integers(min_value=0, max_value=COUNT - 1))
def test_a_cut_end_is_named_by_the_first_record_that_is_missing(kept: int) -> None:
    log = verify(LINES[:kept], [END])
    assert named(log) == {kept + 1}
    assert "truncated" in log.findings[0].what


@given(PLACES)
def test_a_record_that_was_forged_together_with_its_hash_is_found(place: int) -> None:
    lines = list(LINES)
    lines[place] = resealed(RECORDS[place], actor="mallory")
    assert place + 1 in named(verify(lines, [END]))


def test_a_log_that_was_rewritten_from_somewhere_to_its_end_contradicts_the_checkpoint() -> None:
    forged = sealed(head_of(RECORDS[4]), letters(COUNT - 5, uid="uid-2"))
    log = verify(LINES[:5] + [canonical(record) for record in forged], [END])
    assert named(log) == {COUNT}


def test_a_record_that_was_put_in_twice_is_found() -> None:
    assert named(verify([*LINES[:4], LINES[3], *LINES[4:]])) == {4}


def test_the_same_entry_recorded_twice_is_found_even_in_a_sound_chain() -> None:
    again = sealed(head_of(RECORDS[-1]), letters(1))
    assert named(verify([*LINES, canonical(again[0])])) == {COUNT + 1}


def test_a_log_may_begin_after_an_archived_part_and_must_follow_it() -> None:
    assert verify(LINES[5:], [END], head_of(RECORDS[4])).findings == []
    assert named(verify(LINES[5:], [END], Head(5, "f" * 64))) == {5}


def test_an_edited_checkpoint_is_found() -> None:
    edited = SignedCheckpoint(**{**vars(END), "seq": 3})
    assert named(verify(LINES, [edited])) == {3}


def test_a_checkpoint_of_another_key_is_not_trusted() -> None:
    stranger = Signer(Ed25519PrivateKey.from_private_bytes(bytes([1] * 32))).sign(Head(2, "x"), "2026-01-01T00:01:00Z")
    assert [finding.seq for finding in untrusted([END, stranger], SIGNER.public)] == [2]


def test_a_checkpoint_survives_its_text() -> None:
    assert SignedCheckpoint.parse(END.text()) == END
    assert END.valid()
