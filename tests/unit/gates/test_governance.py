"""Governance: a version's tags against a policy."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slipway.api.gates.verdict import Verdict
from slipway.gates.inline.governance import GovernancePolicy, PolicyError, approval, judge, problems

HEAD = "apiVersion: slipway.dev/v1alpha1\nkind: GovernancePolicy\n"
POLICY = GovernancePolicy.parse(
    HEAD
    + r"""
tags:
  - {name: owner, required: true, pattern: '[a-z.]+@example\.com', description: Who answers for the model.}
  - {name: risk.tier, required: true, allowed: [low, high]}
  - {name: pii, required: true, allowed: [yes, no]}
  - {name: data.retention, pattern: '\d+[dmy]'}
rules:
  - {name: pii-retention, when: {pii: yes}, require: [data.retention]}
  - {name: high-risk, when: {risk.tier: [high]}, approval: {fourEyes: true}}
"""
)
GOOD = {"owner": "ann@example.com", "risk.tier": "low", "pii": "no"}


def test_tags_that_satisfy_the_policy_pass() -> None:
    result = judge(POLICY, GOOD)
    assert (result.verdict, result.n, result.measured) == (Verdict.PASS, 4, 0)
    assert result.measured_on["policy"].startswith("sha256:")
    assert result.details["tags"] == GOOD


def test_every_problem_is_listed_with_tag_value_rule_and_fix() -> None:
    result = judge(POLICY, {"owner": "ann", "pii": "yes"})
    assert result.verdict is Verdict.FAIL
    found = {problem["tag"]: problem for problem in result.details["problems"]}
    assert set(found) == {"owner", "risk.tier", "data.retention"}
    assert found["owner"]["value"] == "ann"
    assert found["risk.tier"]["fix"] == "set it to one of low, high"
    assert found["data.retention"]["rule"] == "pii-retention"
    assert "because pii=yes" in result.message


@pytest.mark.parametrize("value", ["", "  ", "\n"])
def test_an_empty_tag_counts_as_missing(value: str) -> None:
    assert [p.problem for p in problems(POLICY, {**GOOD, "owner": value})] == ["tag owner is empty"]


@pytest.mark.parametrize("value", ["ann@example.com\n", " ann@example.com", "ann@example.com.evil"])
def test_a_pattern_must_match_the_whole_value(value: str) -> None:
    assert judge(POLICY, {**GOOD, "owner": value}).verdict is Verdict.FAIL


def test_an_optional_tag_may_be_absent_but_not_wrong() -> None:
    assert judge(POLICY, {**GOOD, "data.retention": "for ever"}).verdict is Verdict.FAIL


def test_a_value_too_long_to_match_is_refused_unmatched() -> None:
    assert "longer than 256" in judge(POLICY, {**GOOD, "owner": "a" * 257}).message


def test_a_rule_demands_approval_only_for_the_values_it_names() -> None:
    assert approval(POLICY, GOOD) is None
    demand = approval(POLICY, {**GOOD, "risk.tier": "high"})
    assert demand is not None
    assert (demand.rules, demand.four_eyes) == (("high-risk",), True)
    assert judge(POLICY, {**GOOD, "risk.tier": "high"}).details["approval"] == {
        "rules": ["high-risk"],
        "fourEyes": True,
    }


def test_scalars_of_yaml_stay_text() -> None:
    policy = GovernancePolicy.parse(HEAD + "tags: [{name: a, allowed: [no, 1.10, 2026-01-01, null]}]")
    assert policy.tags[0].allowed == ("no", "1.10", "2026-01-01", "null")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "must be a mapping"),
        ("- a", "must be a mapping"),
        ("[" * 5000, "not valid YAML"),
        ("a: &x [1]\nb: *x", "aliases"),
        (HEAD + "kind: GovernancePolicy", "duplicate key"),
        (HEAD + "tags: []", "at least 1"),
        (HEAD + "tags: [{name: a, allow: [b]}]", "tags[0].allow: there is no such field"),
        (HEAD + "tags: [{name: a}, {name: a}]", "lists a more than once"),
        (HEAD + "tags: [{name: a, allowed: [b], pattern: c}]", "keep one"),
        (HEAD + "tags: [{name: a, pattern: '['}]", "not a regular expression"),
        (HEAD + "tags: [{name: a}]\nrules: [{name: r, when: {b: c}, require: [a]}]", "names b"),
        (HEAD + "tags: [{name: a}]\nrules: [{name: r, when: {a: c}}]", "has no effect"),
        (HEAD.replace("Policy", "Polity") + "tags: [{name: a}]", "kind"),
        ("#" * 70_000, "longer than 65536 bytes"),
    ],
)
def test_a_policy_that_cannot_be_used_is_refused_with_a_sentence(text: str, sentence: str) -> None:
    with pytest.raises(PolicyError) as refused:
        GovernancePolicy.parse(text)
    assert sentence in str(refused.value)


@given(st.text(max_size=200) | st.text(alphabet=":-[]{}&*!|>'\"\n aAtk", max_size=80).map(lambda text: HEAD + text))
def test_no_text_breaks_the_parser(text: str) -> None:
    with contextlib.suppress(PolicyError):
        assert GovernancePolicy.parse(text).tags


@given(st.dictionaries(st.sampled_from([*GOOD, "data.retention", "x"]), st.text(max_size=20)))
def test_a_version_passes_only_with_every_required_tag(tags: dict[str, str]) -> None:
    if judge(POLICY, tags).verdict is Verdict.PASS:
        assert {"owner", "risk.tier", "pii"} <= tags.keys()


@given(st.dictionaries(st.sampled_from([*GOOD, "data.retention"]), st.text(max_size=300)))
def test_evidence_fits_a_status_field_whatever_the_tags_hold(tags: dict[str, str]) -> None:
    result = judge(POLICY, tags)
    assert len(result.message) <= 1024
    assert all(len(shown) <= 120 for shown in result.details["tags"].values())
