"""How `slipway lint` writes what it found: for people, for scripts, for GitHub's annotations, and as SARIF."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from slipway.gates.inline.governance import ApprovalDemand, Problem
from slipway.words.text import count, plain

SARIF_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


@dataclass(frozen=True, slots=True)
class Report:
    """What was checked and what was found."""

    policy: str
    """File of the policy."""
    subject: str
    """File or model version that the tags came from."""
    problems: tuple[Problem, ...]
    approval: ApprovalDemand | None


def text(report: Report) -> str:
    """For people: one line per problem."""
    lines = [f"{problem.tag}: {problem.problem}\n    fix: {problem.fix}" for problem in report.problems]
    if report.problems:
        lines.append(f"{report.subject}: {count(len(report.problems), 'problem')} against {report.policy}")
    else:
        lines.append(f"{report.subject} satisfies {report.policy}")
    if report.approval:
        eyes = " by a second person" if report.approval.four_eyes else ""
        lines.append(f"its release needs approval{eyes} (rule {', '.join(report.approval.rules)})")
    return "\n".join(lines)


def as_json(report: Report) -> str:
    """For scripts: `{policy, subject, ok, problems: [{tag, value, rule, problem, fix}], approval}`."""
    demand = report.approval
    document = {
        "policy": report.policy,
        "subject": report.subject,
        "ok": not report.problems,
        "problems": [asdict(problem) for problem in report.problems],
        "approval": {"rules": list(demand.rules), "fourEyes": demand.four_eyes} if demand else None,
    }
    return json.dumps(document, indent=2, ensure_ascii=False)


def github(report: Report) -> str:
    """GitHub Actions' workflow commands: an annotation per problem on the policy's file."""
    lines = [
        f"::error file={_property(report.policy)},title={_property(f'governance: {problem.tag}')}::"
        + _data(f"{report.subject}: {problem.sentence}")
        for problem in report.problems
    ]
    if report.approval:
        rules = ", ".join(report.approval.rules)
        lines.append(
            f"::notice title=governance::{_data(f'{report.subject}: its release needs approval (rule {rules})')}"
        )
    return "\n".join(lines) or _data(text(report))


def sarif(report: Report) -> str:
    """SARIF 2.1.0 (OASIS), which code scanning shows; the results lie on the policy's file."""
    rules = sorted({problem.rule for problem in report.problems})
    location = {
        "physicalLocation": {"artifactLocation": {"uri": report.policy.lstrip("/")}, "region": {"startLine": 1}}
    }
    results = [
        {
            "ruleId": problem.rule,
            "ruleIndex": rules.index(problem.rule),
            "level": "error",
            "message": {"text": f"{report.subject}: {problem.sentence}"},
            "locations": [location],
            "partialFingerprints": {"governanceTag/v1": f"{report.subject}:{problem.rule}:{problem.tag}"},
        }
        for problem in report.problems
    ]
    descriptions = [{"id": rule, "shortDescription": {"text": f"governance rule {rule}"}} for rule in rules]
    driver = {"name": "slipway lint", "rules": descriptions}
    log = {"$schema": SARIF_SCHEMA, "version": "2.1.0", "runs": [{"tool": {"driver": driver}, "results": results}]}
    return json.dumps(log, indent=2, ensure_ascii=False)


def _data(message: str) -> str:
    """`message` escaped as a workflow command's data."""
    return plain(message, 2000).replace("%", "%25")


def _property(value: str) -> str:
    """`value` escaped as a workflow command's property."""
    return _data(value).replace(":", "%3A").replace(",", "%2C")
