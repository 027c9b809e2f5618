"""What has to hold of the repository as a whole."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

from slipway.api import schema

ROOT = Path(__file__).parents[2]
TARGETS = (
    "help",
    "venv",
    "generate",
    "check",
    "test",
    "install",
    "demo",
    "deploy",
    "dry_rollback",
    "rollback",
    "report",
)
CLUSTER_TARGETS = ("cluster-up", "cluster-down", "images", "mlflow", "mlflow-ui")


def make(*arguments: str) -> str:
    done = subprocess.run(["make", "-C", str(ROOT), *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_definitions_are_generated_from_the_types() -> None:
    committed = {path.name: yaml.safe_load(path.read_text()) for path in (ROOT / "crds").glob("*.yaml")}
    assert committed == schema.definitions(), "run: make generate"


def test_nothing_shadows_the_standard_library() -> None:
    assert not (ROOT / "operator" / "__init__.py").exists()


@pytest.mark.parametrize("target", TARGETS + CLUSTER_TARGETS)
def test_help_lists_what_people_need(target: str) -> None:
    assert re.search(rf"^  {target} +\S", make("help"), re.MULTILINE), f"`make help` does not list {target}"


@pytest.mark.parametrize("target", ["help", "demo", "test", "check"])
def test_a_target_can_be_planned_without_running_it(target: str) -> None:
    make("--dry-run", target)


def test_the_gate_before_landing_runs_all_tests() -> None:
    assert "exec make test" in (ROOT / ".ci" / "run").read_text()
    assert (ROOT / ".ci" / "run").stat().st_mode & 0o111


@pytest.mark.parametrize("command", ["make demo", "make test", "make mlflow-ui"])
def test_the_readme_has_the_commands(command: str) -> None:
    assert command in (ROOT / "README.md").read_text()


def dependencies() -> set[str]:
    """Every package that pyproject.toml names."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    named = [entry for extra in project["optional-dependencies"].values() for entry in extra]
    packages = {re.split(r"[<>=!\[; ]", entry)[0].lower() for entry in [*project["dependencies"], *named]}
    return packages - {"slipway"}


def test_every_dependency_says_why_it_is_there() -> None:
    rows = re.findall(r"^\| ([a-z0-9_-]+) \| \S", (ROOT / "docs" / "dependencies.md").read_text(), re.MULTILINE)
    assert set(rows) - {"package"} == dependencies()
    assert len(rows) == len(set(rows))


def test_the_lock_names_no_package_index() -> None:
    for lock in (ROOT / "requirements").glob("*.txt"):
        assert not re.search(r"--(extra-)?index-url|--find-links|https?://", lock.read_text()), lock.name


def test_the_layers_hold() -> None:
    lint = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([lint, "--no-logo"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
