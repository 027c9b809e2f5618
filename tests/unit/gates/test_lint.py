"""`slipway lint`: the governance gate's judgement, for CI."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import slipway
from slipway.cli.lint import model as lint_model
from slipway.cli.lint.command import command

POLICY = r"""
apiVersion: slipway.dev/v1alpha1
kind: GovernancePolicy
tags:
  - {name: owner, required: true, pattern: '[a-z]+@example\.com'}
  - {name: risk.tier, required: true, allowed: [low, high], label: true}
rules:
  - {name: high-risk, when: {risk.tier: high}, approval: {fourEyes: true}}
"""
GOOD = {"owner": "ann@example.com", "risk.tier": "low"}
BAD = {"owner": "50%, ann\n::error::x", "risk.tier": "high"}


@pytest.fixture
def policy(tmp_path: Path) -> Path:
    path = tmp_path / "governance.tags.yaml"
    path.write_text(POLICY)
    return path


def lint(policy: Path, tags: object, *options: str) -> Result:
    file = policy.with_name("tags.json")
    file.write_text(tags if isinstance(tags, str) else json.dumps(tags))
    return CliRunner().invoke(command, ["--policy", str(policy), "--tags", str(file), *options])


def test_good_tags_exit_0(policy: Path) -> None:
    result = lint(policy, GOOD)
    assert (result.exit_code, "satisfies" in result.output) == (0, True)


def test_problems_exit_1_and_are_all_listed_with_how_to_mend_them(policy: Path) -> None:
    result = lint(policy, {})
    assert result.exit_code == 1
    assert re.findall(r"^(\S+): tag", result.output, re.MULTILINE) == ["owner", "risk.tier"]
    assert "fix: set it to one of low, high" in result.output


def test_a_demanded_approval_is_announced(policy: Path) -> None:
    assert "needs approval by a second person (rule high-risk)" in lint(policy, {**GOOD, "risk.tier": "high"}).output


def test_json_is_for_scripts(policy: Path) -> None:
    document = json.loads(lint(policy, BAD, "--format", "json").output)
    assert (document["ok"], document["problems"][0]["tag"]) == (False, "owner")
    assert document["approval"] == {"rules": ["high-risk"], "fourEyes": True}


def test_a_tags_value_cannot_forge_a_github_annotation(policy: Path) -> None:
    lines = lint(policy, BAD, "--format", "github").output.splitlines()
    assert [line.split(" ")[0] for line in lines] == ["::error", "::notice"]
    assert "50%25, ann ::error::x" in lines[0]


def test_sarif_names_each_rule_once_and_points_each_result_at_it(policy: Path) -> None:
    run = json.loads(lint(policy, {}, "--format", "sarif").output)["runs"][0]
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert rules == ["owner", "risk.tier"]
    assert [(r["ruleId"], rules[r["ruleIndex"]]) for r in run["results"]] == [(rule, rule) for rule in rules]


@pytest.mark.parametrize("style", ["text", "json", "github", "sarif"])
def test_every_format_has_the_same_exit_codes(policy: Path, style: str) -> None:
    assert lint(policy, GOOD, "--format", style).exit_code == 0
    assert lint(policy, BAD, "--format", style).exit_code == 1


@pytest.mark.parametrize(
    ("tags", "sentence"), [("{", "not JSON"), ("[]", "JSON object of texts"), ({"owner": 1}, "JSON object of texts")]
)
def test_unreadable_tags_exit_2(policy: Path, tags: object, sentence: str) -> None:
    result = lint(policy, tags)
    assert (result.exit_code, sentence in result.output) == (2, True)


def test_a_malformed_policy_exits_2(policy: Path) -> None:
    policy.write_text("kind: Other")
    result = lint(policy, GOOD)
    assert (result.exit_code, "kind" in result.output) == (2, True)


def test_exactly_one_source_of_tags(policy: Path) -> None:
    result = CliRunner().invoke(command, ["--policy", str(policy)])
    assert (result.exit_code, "exactly one source" in result.output) == (2, True)
    assert lint(policy, GOOD, "--model", "models:/m/1").exit_code == 2


@pytest.mark.parametrize(
    ("uri", "server"), [("models:/m/Production", "http://x"), ("m/1", "http://x"), ("models:/m/1", None)]
)
def test_a_model_that_is_not_named_exactly_is_refused(uri: str, server: str | None) -> None:
    with pytest.raises(lint_model.TagsUnreadable):
        lint_model.tags_of(uri, server)


def test_linting_a_file_needs_neither_a_cluster_nor_mlflow_nor_scipy(policy: Path) -> None:
    tags = policy.with_name("tags.json")
    tags.write_text(json.dumps(GOOD))
    found = heavy_modules_after("slipway.cli.main(sys.argv[1:], standalone_mode=False)", policy, tags)
    assert found == []


def heavy_modules_after(call: str, policy: Path, tags: Path) -> list[str]:
    """The packages that a fresh interpreter has imported at the end of `slipway lint`."""
    heavy = {"kubernetes", "kopf", "mlflow", "scipy", "numpy", "aiohttp"}
    program = "\n".join(
        [
            "import contextlib, sys, slipway.cli",
            f"with contextlib.suppress(SystemExit): {call}",
            f"sys.stderr.write(' '.join({heavy!r} & set(sys.modules)))",
        ]
    )
    arguments = ["lint", "--policy", str(policy), "--tags", str(tags)]
    root = Path(slipway.__file__).parents[1]
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments], capture_output=True, text=True, check=True, cwd=root
    )
    assert "satisfies" in done.stdout
    return done.stderr.split()
