"""Verdicts from gate pods are untrusted: whatever is wrong with one becomes an Error that says so."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slipway.api.gates.verdict import Verdict
from slipway.gates.job import MAX_BYTES, read

GOOD = {"verdict": "Pass", "message": "fine", "measured": 12.5, "threshold": 200, "unit": "ms", "n": 500}


def test_a_verdict_is_read_with_its_evidence() -> None:
    result = read("smoke", json.dumps({**GOOD, "measuredOn": {"candidate": "m-r2"}, "details": {"slow": 3}}), 0, None)
    assert (result.verdict, result.measured, result.n) == (Verdict.PASS, 12.5, 500)
    assert (result.measured_on, result.details) == ({"candidate": "m-r2"}, {"slow": 3})


def test_a_pod_cannot_choose_its_name_nor_excuse_itself_from_blocking() -> None:
    text = json.dumps({**GOOD, "verdict": "Fail", "name": "other", "dryRun": True, "attempts": 9, "startedAt": "x"})
    result = read("custom/fair", text, 0, None)
    assert (result.name, result.dry_run, result.attempts, result.started_at) == ("custom/fair", False, 1, None)
    assert result.blocks


@pytest.mark.parametrize("code", [1, 137, None])
def test_a_pass_counts_only_from_a_container_that_ended_well(code: int | None) -> None:
    assert read("g", json.dumps(GOOD), code, None).verdict is Verdict.ERROR


def test_a_failure_counts_whatever_the_exit_code() -> None:
    assert read("g", json.dumps({**GOOD, "verdict": "Fail"}), 1, "Error").verdict is Verdict.FAIL


def test_a_pass_on_no_data_is_an_error() -> None:
    assert "no data is never Pass" in read("g", json.dumps({**GOOD, "n": 0}), 0, None).message


@pytest.mark.parametrize(
    ("code", "reason", "sentence"),
    [
        (137, "OOMKilled", "out of memory"),
        (137, "Error", "killed (exit code 137)"),
        (None, "DeadlineExceeded", "raise the gate's timeout"),
        (None, "ImagePullBackOff", "image cannot be pulled"),
        (3, "Error", "exit code 3"),
        (0, "Completed", "gave no verdict"),
        (None, None, "no exit code"),
    ],
)
@pytest.mark.parametrize("message", [None, "", " \n"])
def test_no_verdict_is_an_error_that_says_how_the_container_ended(
    message: str | None, code: int | None, reason: str | None, sentence: str
) -> None:
    result = read("g", message, code, reason)
    assert result.verdict is Verdict.ERROR
    assert sentence in result.message


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("all good!", "not JSON"),
        ("[1]", "not a JSON object"),
        ('{"verdict": "Pass", "message": "m"', "not JSON"),
        ("[" * 4000, "recursion"),
        (json.dumps({**GOOD, "details": {"x": "y" * 4096}}), "longer than 4096 bytes"),
        (json.dumps({**GOOD, "details": {"x": "y" * 4096}})[-4096:], "longer than 4096 bytes and was cut"),
        (json.dumps({**GOOD, "details": {"a": [[[[[[[[[1]]]]]]]]]}}), "nested"),
        (json.dumps({**GOOD, "verdict": "PASS"}), "verdict"),
        (json.dumps({**GOOD, "verdict": True}), "verdict"),
        (json.dumps({"verdict": "Pass"}), "message"),
        (json.dumps({**GOOD, "message": ""}), "message"),
        (json.dumps({**GOOD, "n": -1}), "field n"),
        (json.dumps({**GOOD, "n": "500"}), "field n"),
        (json.dumps({**GOOD, "Verdict": "Fail"}), "field Verdict"),
        (json.dumps({**GOOD, "measured": float("nan")}), "NaN"),
        ('{"verdict": "Pass", "message": "m", "measured": 1e999}', "too large"),
        ('{"verdict": "Pass", "message": "m", "details": {"n": 1' + "0" * 40 + "}}", "too large"),
        ('{"verdict": "Fail", "verdict": "Pass", "message": "m"}', "duplicate key"),
        (json.dumps({**GOOD, "message": "\x1b[2J"}), "U+001B"),
        (json.dumps({**GOOD, "details": {"\u202e": 1}}), "U+202E"),
        (json.dumps({**GOOD, "unit": "\ud800"}), "U+D800"),
        (json.dumps({**GOOD, "measuredOn": {"a": 1}}), "measuredOn.a"),
    ],
)
def test_a_verdict_that_breaks_the_schema_is_an_error_that_says_how(text: str, sentence: str) -> None:
    result = read("g", text, 0, None)
    assert result.verdict is Verdict.ERROR
    assert sentence in result.message


def test_line_breaks_in_a_message_become_blanks() -> None:
    assert read("g", json.dumps({**GOOD, "message": "a\nb\tc"}), 0, None).message == "a b c"


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
fields = ["verdict", "message", "measured", "n", "details", "measuredOn", "name", "dryRun"]


@given(st.text() | json_values.map(json.dumps) | st.dictionaries(st.sampled_from(fields), json_values).map(json.dumps))
def test_nothing_a_pod_writes_breaks_the_reader_and_only_a_whole_verdict_passes(text: str) -> None:
    result = read("g", text, 0, None)
    json.dumps(result.wire(), allow_nan=False).encode()
    assert result.name == "g"
    if result.verdict is Verdict.PASS:
        assert json.loads(text)["verdict"] == "Pass"
        assert len(text.encode()) <= MAX_BYTES
