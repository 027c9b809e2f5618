"""`slipway lint`: a version's tags against governance.tags.yaml, judged as the operator's gate judges them."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import yaml

from slipway.cli.lint import formats as lint_formats
from slipway.cli.lint.admission_policy import manifests
from slipway.cli.lint.formats import Report
from slipway.gates.inline.governance import GovernancePolicy, PolicyError, approval, problems

FORMATS: dict[str, Callable[[Report], str]] = {
    "text": lint_formats.text,
    "json": lint_formats.as_json,
    "github": lint_formats.github,
    "sarif": lint_formats.sarif,
}
FOUND_PROBLEMS = 1
COULD_NOT_CHECK = 2
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


class Unusable(click.ClickException):
    """The check could not be made: exit code 2, so that nobody takes it for a verdict."""

    exit_code = COULD_NOT_CHECK


@dataclass(frozen=True, slots=True)
class LintedText:
    """Where the tags come from: a file, or a model version in MLflow."""

    file: Path | None
    model: str | None
    tracking_uri: str | None

    def read(self) -> dict[str, str]:
        """The tags, name → value. Raises Unusable."""
        if (self.file is None) == (self.model is None):
            raise Unusable("name exactly one source of tags: --tags FILE or --model models:/NAME/VERSION")
        if self.file:
            return tags_in(self.file)
        # Imported here: it takes seconds, and --tags needs no MLflow.
        from slipway.cli.lint.model import TagsUnreadable, tags_of

        try:
            return tags_of(self.model or "", self.tracking_uri)
        except TagsUnreadable as error:
            raise Unusable(str(error)) from error


def source(function: Callable[..., Any]) -> Callable[..., Any]:
    """The options --tags, --model and --tracking-uri, passed on as one Source."""

    @click.option("--tags", type=_FILE, help="JSON object of tag names and values; needs no network.")
    @click.option("--model", metavar="models:/NAME/VERSION", help="Version in MLflow; models:/NAME@ALIAS works too.")
    @click.option("--tracking-uri", envvar="MLFLOW_TRACKING_URI", help="MLflow server; $MLFLOW_TRACKING_URI.")
    def wrapped(tags: Path | None, model: str | None, tracking_uri: str | None, **rest: Any) -> Any:
        return function(source=LintedText(tags, model, tracking_uri), **rest)

    wrapped.__doc__ = function.__doc__
    return wrapped


@click.command()
@click.option("--policy", type=_FILE, required=True, help="The policy, governance.tags.yaml.")
@click.option("--format", "style", type=click.Choice(list(FORMATS)), default="text", show_default=True)
@click.option(
    "--admission-policy", metavar="NAME", help="Check nothing; print a ValidatingAdmissionPolicy NAME instead."
)
@source
def command(policy: Path, style: str, admission_policy: str | None, source: LintedText) -> None:
    """Check a model version's tags against a governance policy.

    Exit code 0: nothing to object to. 1: problems, all of them listed. 2: the check could not be made.
    """
    parsed = policy_in(policy)
    if admission_policy:
        click.echo(admission(parsed, admission_policy), nl=False)
        return
    tags = source.read()
    where = str(source.file or source.model)
    report = Report(str(policy), where, problems(parsed, tags), approval(parsed, tags))
    click.echo(FORMATS[style](report))
    sys.exit(FOUND_PROBLEMS if report.problems else 0)


def policy_in(path: Path) -> GovernancePolicy:
    """The policy in the file at `path`. Raises Unusable."""
    try:
        return GovernancePolicy.parse(path.read_text(encoding="utf-8"))
    except (PolicyError, UnicodeDecodeError) as error:
        raise Unusable(f"{path}: {error}") from error


def tags_in(path: Path) -> dict[str, str]:
    """The tags in the JSON file at `path`. Raises Unusable."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise Unusable(f"{path} is not JSON ({error})") from error
    if not isinstance(document, dict) or not all(isinstance(value, str) for value in document.values()):
        raise Unusable(f'{path} must be a JSON object of texts, such as {{"owner": "ann@example.com"}}')
    return document


def admission(policy: GovernancePolicy, name: str) -> str:
    """The admission policy and its binding, as YAML. Raises Unusable when the policy asks for no labels."""
    try:
        return yaml.safe_dump_all(manifests(policy, name), sort_keys=False, width=120)
    except ValueError as error:
        raise Unusable(str(error)) from error
