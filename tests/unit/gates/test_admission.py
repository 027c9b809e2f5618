"""The ValidatingAdmissionPolicy made from a governance policy."""

import pytest

from slipway.cli.lint.admission_policy import manifests
from slipway.gates.inline.governance import GovernancePolicy, PolicyError

HEAD = "apiVersion: slipway.dev/v1alpha1\nkind: GovernancePolicy\n"


def validations(text: str) -> list[str]:
    return [
        rule["expression"]
        for rule in manifests(GovernancePolicy.parse(HEAD + text), "governance")[0]["spec"]["validations"]
    ]


def test_only_tags_meant_as_labels_are_enforced() -> None:
    (expression,) = validations("tags: [{name: git.sha, required: true}, {name: team, required: true, label: true}]")
    assert expression == '("team" in variables.labels && variables.labels["team"] != \'\')'


def test_a_pattern_covers_the_whole_value_and_survives_quoting() -> None:
    (expression,) = validations("tags: [{name: a, label: true, pattern: '\\d+\"'}]")
    assert expression.endswith(r'.matches("^(?:\\d+\")$")')


def test_a_rule_is_enforced_when_all_it_speaks_of_are_labels() -> None:
    tags = "tags: [{name: a, label: true}, {name: b, label: true}, {name: c}]\n"
    rules = "rules: [{name: r, when: {a: x}, require: [b, c]}, {name: s, when: {c: x}, require: [a]}]"
    (expression,) = validations(tags + rules)
    assert '["x"]' in expression
    assert '"b" in variables.labels' in expression


def test_an_approval_rule_demands_the_approval_gate() -> None:
    rules = "rules: [{name: r, when: {a: x}, approval: {fourEyes: true}}]"
    assert "approval.required" in validations("tags: [{name: a, label: true}]\n" + rules)[-1]


def test_the_binding_denies_and_carries_the_policys_name() -> None:
    policy, binding = manifests(
        GovernancePolicy.parse(HEAD + "tags: [{name: a, label: true, required: true}]"), "governance"
    )
    assert binding["spec"] == {"policyName": policy["metadata"]["name"], "validationActions": ["Deny", "Audit"]}
    assert policy["spec"]["failurePolicy"] == "Fail"


def test_a_policy_that_would_admit_everything_is_refused() -> None:
    with pytest.raises(ValueError, match="nothing to enforce"):
        validations("tags: [{name: a, required: true}]")


def test_a_tag_that_cannot_be_a_label_is_refused() -> None:
    with pytest.raises(PolicyError, match="cannot be a label"):
        GovernancePolicy.parse(HEAD + "tags: [{name: a b, label: true}]")
