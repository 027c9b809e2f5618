"""Patterns of a policy: RE2's, so that the operator and the API server read them alike, and none is slow."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slipway.gates.inline import pattern


@pytest.mark.parametrize(
    ("text", "matching", "other"),
    [
        (r"[a-z0-9.-]+@example\.com", "ann.b@example.com", "ann@example.org"),
        (r"[0-9a-f]{40}", "a" * 40, "a" * 39),
        (r"v?\d+\.\d+\.\d+(-[a-z]{2})?", "v1.20.3-rc", "v1.20"),
        (r"(low|high)", "low", "lower"),
        (r"(?P<year>\d{4})-\d{2}", "2026-11", "2026-1"),
        (r"(?i)yes", "Yes", "Yess"),
        (r"([a-z]{2})*", "abcd", "abc"),
    ],
)
def test_the_whole_value_has_to_match(text: str, matching: str, other: str) -> None:
    assert pattern.problem(text) is None
    assert pattern.matches(text, matching)
    assert not pattern.matches(text, other)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("[", "missing ]"),
        ("(", "missing )"),
        (r"(a)\1", "invalid escape sequence"),
        ("(?=a)", "(?="),
        ("(?>a)", "(?>"),
        ("a++", "bad repetition operator"),
        ("a{2000}", "invalid repetition size"),
        ("a" * 300, "longer than 256"),
    ],
)
def test_what_re2_does_not_know_is_refused_in_its_words(text: str, why: str) -> None:
    assert why in (pattern.problem(text) or "allowed")


def test_classes_are_ascii_and_a_newline_is_a_character() -> None:
    assert pattern.matches(r"\d+", "12")
    assert not pattern.matches(r"\d+", "١٢")
    assert not pattern.matches(r"\d+", "12\n")


def test_a_bad_pattern_matches_nothing_in_silence() -> None:
    with pytest.raises(ValueError, match="missing"):
        pattern.matches("(", "a")


@given(st.text(max_size=40), st.text(max_size=40))
def test_any_text_is_a_pattern_or_has_a_problem(text: str, value: str) -> None:
    if pattern.problem(text) is None:
        pattern.matches(text, value)
    else:
        with pytest.raises(ValueError, match=r"\S"):
            pattern.matches(text, value)
