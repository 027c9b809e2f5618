"""Governance: the version's tags against a policy. One function serves the operator, `slipway lint` and its formats."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass

from slipway.api.gates.verdict import GateResult, Verdict
from slipway.gates.inline import pattern
from slipway.gates.inline.policy import GovernancePolicy, PolicyError, Rule, TagRule
from slipway.words.text import count, plain

__all__ = ["ApprovalDemand", "GovernancePolicy", "PolicyError", "Problem", "approval", "judge", "problems"]

NAME = "governance"
_SHOWN = 120


@dataclass(frozen=True, slots=True)
class Problem:
    """One tag that is not as the policy wants it."""

    tag: str
    value: str | None
    rule: str
    problem: str
    fix: str

    @property
    def sentence(self) -> str:
        """What is wrong and how to mend it."""
        return f"{self.problem}; {self.fix}"


@dataclass(frozen=True, slots=True)
class ApprovalDemand:
    """The approval that a policy asks for, with the rules that do."""

    rules: tuple[str, ...]
    four_eyes: bool


def problems(policy: GovernancePolicy, tags: Mapping[str, str]) -> tuple[Problem, ...]:
    """Everything about `tags` (name → value) that `policy` objects to, in the policy's order."""
    found = [problem for tag in policy.tags for problem in _of_tag(tag, tags)]
    found += [problem for rule in policy.rules if _applies(rule, tags) for problem in _of_rule(rule, tags)]
    return tuple(found)


def approval(policy: GovernancePolicy, tags: Mapping[str, str]) -> ApprovalDemand | None:
    """The approval that `policy` demands for `tags`; None when it demands none."""
    asking = [(rule.name, rule.approval) for rule in policy.rules if rule.approval and _applies(rule, tags)]
    if not asking:
        return None
    return ApprovalDemand(tuple(name for name, _ in asking), any(wanted.four_eyes for _, wanted in asking))


def judge(policy: GovernancePolicy, tags: Mapping[str, str]) -> GateResult:
    """The verdict on the tags (name → value) of a model version. Pass only when nothing is objected to."""
    found = problems(policy, tags)
    demand = approval(policy, tags)
    details: dict[str, object] = {
        "problems": [asdict(problem) for problem in found],
        "tags": {tag.name: plain(tags[tag.name], _SHOWN) for tag in policy.tags if tag.name in tags},
    }
    if demand:
        details["approval"] = {"rules": list(demand.rules), "fourEyes": demand.four_eyes}
    return GateResult(
        name=NAME,
        verdict=Verdict.FAIL if found else Verdict.PASS,
        message=_message(policy, found),
        measured=len(found),
        threshold=0,
        unit="problems",
        n=len(policy.tags),
        method="tags of the model version against the policy's tags and rules",
        measured_on={"policy": policy.digest},
        details=details,
    )


def _message(policy: GovernancePolicy, found: tuple[Problem, ...]) -> str:
    if not found:
        rules = f" and {count(len(policy.rules), 'rule')}" if policy.rules else ""
        return f"the version's tags satisfy the policy's {count(len(policy.tags), 'tag')}{rules}"
    listed = ". ".join(problem.sentence for problem in found)
    return plain(f"{count(len(found), 'problem')} with the version's tags: {listed}", 1024)


def _of_tag(rule: TagRule, tags: Mapping[str, str]) -> Iterator[Problem]:
    value = tags.get(rule.name)
    if value is None or not value.strip():
        if rule.required:
            yield _missing(rule, value)
        return
    wrong = _mismatch(rule, value)
    if wrong:
        what, fix = wrong
        shown = plain(value, _SHOWN)
        yield Problem(rule.name, shown, rule.name, f"tag {rule.name} is {shown!r}, {what}", fix)


def _missing(rule: TagRule, value: str | None) -> Problem:
    said = "is missing" if value is None else "is empty"
    about = f" ({plain(rule.description, _SHOWN).rstrip('.')})" if rule.description else ""
    return Problem(rule.name, value and plain(value, _SHOWN), rule.name, f"tag {rule.name} {said}", fix(rule) + about)


def _mismatch(rule: TagRule, value: str) -> tuple[str, str] | None:
    """What is wrong with `value` and how to mend it; None when nothing is."""
    if len(value) > pattern.MAX_VALUE and (rule.pattern or rule.allowed):
        return f"which is longer than {pattern.MAX_VALUE} characters", "shorten it"
    if rule.allowed is not None and value not in rule.allowed:
        return "which is not allowed", fix(rule)
    if rule.pattern is not None and not pattern.matches(rule.pattern, value):
        return f"which does not match {rule.pattern}", fix(rule)
    return None


def fix(rule: TagRule, on: str = "the model version") -> str:
    """How to mend a tag (or label) of `on` that breaks `rule`."""
    if rule.allowed is not None:
        return f"set it to {'one of ' if len(rule.allowed) > 1 else ''}{', '.join(rule.allowed)}"
    if rule.pattern is not None:
        return f"set it to a value that matches {rule.pattern} as a whole"
    return f"set it on {on}"


def _applies(rule: Rule, tags: Mapping[str, str]) -> bool:
    return all(tags.get(name) in values for name, values in rule.when.items())


def _of_rule(rule: Rule, tags: Mapping[str, str]) -> Iterator[Problem]:
    because = " and ".join(f"{name}={plain(tags[name], _SHOWN)}" for name in rule.when)
    for name in rule.require:
        if not tags.get(name, "").strip():
            problem = f"tag {name} is missing, which rule {rule.name} requires because {because}"
            about = f" ({plain(rule.description, _SHOWN).rstrip('.')})" if rule.description else ""
            yield Problem(name, None, rule.name, problem, f"set it on the model version{about}")
