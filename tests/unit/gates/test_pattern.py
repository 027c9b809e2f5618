"""Patterns of a policy: the ones that Python and RE2 read alike, and that match fast."""

import pytest

from slipway.gates.inline import pattern


@pytest.mark.parametrize(
    "text",
    [
        r"[a-z0-9.-]+@example\.com",
        r"[0-9a-f]{40}",
        r"v?\d+\.\d+\.\d+(-[a-z]{2})?",
        r"(low|high)",
        r"(?:a|b)c",
        r"(?P<year>\d{4})-\d{2}",
        r"([a-z]{2})*",
        r"[]a]+",
        r"[^]a]+",
        r"a{2,}",
    ],
)
def test_these_patterns_may_be_used(text: str) -> None:
    assert pattern.problem(text) is None


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("[", "not a regular expression"),
        ("(a+)+", "take exponential time"),
        ("(a|a)*", "take exponential time"),
        ("((a+)b){2,9}", "take exponential time"),
        ("a*b*c*d*e*", "more than 4 repeats"),
        (r"(a)\1", r"\1"),
        (r"a\Z", r"\Z"),
        ("(?=a)", "(?="),
        ("(?<!a)b", "(?<"),
        ("(?i)a", "(?i"),
        ("(?>a)", "(?>"),
        ("a++", "possessive"),
        ("a{1,2}+", "possessive"),
        ("a{,2}x{", "no repeat"),
        ("a{300}", "more than 256 times"),
        ("[[]", "ambiguous"),
        ("[a[]", "inside a character class"),
        ("a" * 300, "longer than 256"),
    ],
)
def test_these_are_refused_and_the_sentence_says_why(text: str, why: str) -> None:
    assert why in (pattern.problem(text) or "allowed")


def test_classes_are_ascii_and_the_whole_value_counts() -> None:
    assert pattern.matches(r"\d+", "12")
    assert not pattern.matches(r"\d+", "١٢")
    assert not pattern.matches(r"\d+", "12\n")
