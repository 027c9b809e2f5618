"""The documentation keeps to the code: paths that it names exist, references link to what is there."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from scripts import api_reference

ROOT = Path(__file__).parents[3]
DOCS = ROOT / "docs"
PAGES = api_reference.pages()


def code(text: str) -> set[str]:
    return set(re.findall(r"`([^`\n]+)`", text))


@pytest.mark.parametrize("page", ["docs/architecture.md", "CONTRIBUTING.md"])
def test_every_file_that_a_map_names_exists(page: str) -> None:
    named = {name for name in code((ROOT / page).read_text()) if re.fullmatch(r"[\w./-]*(/|\.py|\.md|\.yml)", name)}
    assert named
    missing = {name for name in named if not (ROOT / name).exists() and not (ROOT / "operator/slipway" / name).exists()}
    assert not missing


def test_the_glossary_stays_short_and_in_order() -> None:
    words = re.findall(r"^\| \*\*(.+?)\*\* \|", (DOCS / "glossary.md").read_text(), re.MULTILINE)
    assert 0 < len(words) <= 30
    assert words == sorted(words, key=str.lower)


def test_every_decision_follows_the_template_and_stands_in_the_index() -> None:
    decisions = sorted((DOCS / "adr").glob("0*.md"))
    index = (DOCS / "adr" / "index.md").read_text()
    for path in decisions:
        text = path.read_text()
        number, title = re.match(r"# (\d{4})\. (.+)\n", text).groups()  # type: ignore[union-attr]
        assert path.name.startswith(f"{number}-")
        assert f"[{number}]({path.name}) | {title} |" in index
        assert re.search(r"^Status: (proposed|accepted|replaced by .+) · \d{4}-\d\d-\d\d$", text, re.MULTILINE), path
        assert re.findall(r"^## (.+)$", text, re.MULTILINE) == ["Context", "Decision", "Consequences"], path


@pytest.mark.parametrize("name", sorted(PAGES))
def test_every_link_of_a_reference_leads_to_a_section(name: str) -> None:
    sections = [api_reference.anchor(title) for title in re.findall(r"^#+ (.+)$", PAGES[name], re.MULTILINE)]
    links = set(re.findall(r"\]\(#([^)]+)\)", PAGES[name]))
    assert links
    assert links <= set(sections)
    assert len(sections) == len(set(sections))


@pytest.mark.parametrize("name", sorted(PAGES))
def test_every_field_of_the_schema_is_in_its_reference(name: str) -> None:
    crd = yaml.safe_load((ROOT / "crds" / f"{name.removesuffix('.md')}s.yaml").read_text())
    schema = crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    rows = re.findall(r"^\| `(\w+)` \| (?:\[)?`", PAGES[name], re.MULTILINE)
    assert len(rows) == sum(fields(schema["properties"][part]) for part in ("spec", "status"))


def fields(schema: dict[str, Any]) -> int:
    below = [schema.get("items"), schema.get("additionalProperties"), *schema.get("properties", {}).values()]
    return len(schema.get("properties", {})) + sum(fields(child) for child in below if isinstance(child, dict))


def test_a_field_says_its_type_default_limits_and_rules() -> None:
    row = next(line for line in PAGES["modelrelease.md"].splitlines() if line.startswith("| `confidence` |"))
    assert "| `number` | `0.95` |" in row
    assert "minimum 0.5; maximum 1, exclusive" in row
    assert "Each step must give the candidate more weight than the one before it" in PAGES["modelrelease.md"]


def test_hooks_before_a_commit_are_the_steps_of_make_check() -> None:
    (repository,) = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"]
    (check,) = re.findall(r"^check: ([a-z ]+) ##", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert [hook["entry"] for hook in repository["hooks"]] == [f"make {step}" for step in check.split()]


def test_the_licence_is_the_same_everywhere() -> None:
    assert "Apache License\n                           Version 2.0" in (ROOT / "LICENSE").read_text()
    assert 'license = "Apache-2.0"' in (ROOT / "pyproject.toml").read_text()
    chart = yaml.safe_load((ROOT / "charts" / "slipway" / "Chart.yaml").read_text())
    assert chart["annotations"]["artifacthub.io/license"] == "Apache-2.0"


def test_the_changelog_is_sorted_by_what_changed_for_users() -> None:
    text = (ROOT / "CHANGELOG.md").read_text()
    versions = re.findall(r"^## (.+)$", text, re.MULTILINE)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert versions[0] == "Unreleased"
    assert versions[1].startswith(f"{project['version']} · ")
    kinds = {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}
    assert set(re.findall(r"^### (.+)$", text, re.MULTILINE)) <= kinds
