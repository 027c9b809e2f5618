"""A ValidatingAdmissionPolicy made from a governance policy: the labels that a ModelRelease itself must carry.

The API server enforces it without the operator and without a webhook. It covers the policy's tags with `label: true`,
and the rules that speak of such tags alone.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from slipway.api.base import GROUP, VERSION
from slipway.gates.inline.governance import fix as how_to_mend
from slipway.gates.inline.policy import GovernancePolicy, Rule, TagRule

_API = "admissionregistration.k8s.io/v1"


def manifests(policy: GovernancePolicy, name: str) -> list[dict[str, Any]]:
    """The ValidatingAdmissionPolicy `name` and its binding, which denies.

    Raises ValueError when no tag of the policy has `label: true`: such a policy would admit everything.
    """
    validations = [*_of_tags(policy), *_of_rules(policy)]
    if not validations:
        raise ValueError("no tag of the policy has label: true with required, pattern or allowed; nothing to enforce")
    rule = {
        "apiGroups": [GROUP],
        "apiVersions": [VERSION],
        "operations": ["CREATE", "UPDATE"],
        "resources": ["modelreleases"],
    }
    spec = {
        "failurePolicy": "Fail",
        "matchConstraints": {"resourceRules": [rule]},
        "matchConditions": [{"name": "not-being-deleted", "expression": "!has(object.metadata.deletionTimestamp)"}],
        "variables": [{"name": "labels", "expression": _LABELS}],
        "validations": validations,
    }
    metadata = {"name": name, "annotations": {f"{GROUP}/policy-digest": policy.digest}}
    binding = {"policyName": name, "validationActions": ["Deny", "Audit"]}
    return [
        {"apiVersion": _API, "kind": "ValidatingAdmissionPolicy", "metadata": metadata, "spec": spec},
        {"apiVersion": _API, "kind": "ValidatingAdmissionPolicyBinding", "metadata": {"name": name}, "spec": binding},
    ]


_LABELS = "has(object.metadata.labels) ? object.metadata.labels : {}"


def _of_tags(policy: GovernancePolicy) -> Iterator[dict[str, str]]:
    for tag in policy.tags:
        if not tag.label:
            continue
        if tag.required:
            yield _validation(
                _present(tag.name), f"label {tag.name} is missing; {how_to_mend(tag, 'the ModelRelease')}"
            )
        if value := _value(tag):
            says = f"label {tag.name} is not as the policy wants it; {how_to_mend(tag, 'the ModelRelease')}"
            yield _validation(f"!{_present(tag.name)} || {value}", says)


def _of_rules(policy: GovernancePolicy) -> Iterator[dict[str, str]]:
    labels = {tag.name for tag in policy.tags if tag.label}
    for rule in policy.rules:
        if not set(rule.when) <= labels:
            continue
        for name in rule.require:
            if name in labels:
                says = f"label {name} is missing, which rule {rule.name} requires"
                yield _validation(f"!({_applies(rule)}) || {_present(name)}", says)
        if rule.approval:
            says = f"rule {rule.name} requires spec.gates.approval.required"
            yield _validation(f"!({_applies(rule)}) || {_APPROVAL}", says)


_APPROVAL = (
    "has(object.spec.gates) && has(object.spec.gates.approval) && has(object.spec.gates.approval.required) "
    "&& object.spec.gates.approval.required"
)


def _applies(rule: Rule) -> str:
    parts = [f"{_present(name)} && {_label(name)} in {_text(list(values))}" for name, values in rule.when.items()]
    return " && ".join(parts)


def _present(name: str) -> str:
    return f"({_text(name)} in variables.labels && {_label(name)} != '')"


def _value(tag: TagRule) -> str | None:
    if tag.allowed is not None:
        return f"{_label(tag.name)} in {_text(list(tag.allowed))}"
    return f"{_label(tag.name)}.matches({_text(f'^(?:{tag.pattern})$')})" if tag.pattern is not None else None


def _label(name: str) -> str:
    return f"variables.labels[{_text(name)}]"


def _text(value: str | list[str]) -> str:
    """A CEL literal: JSON's string escapes are CEL's too."""
    return json.dumps(value)


def _validation(expression: str, message: str) -> dict[str, str]:
    return {"expression": expression, "message": message[:1024], "reason": "Invalid"}
