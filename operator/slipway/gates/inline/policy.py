"""governance.tags.yaml: which tags a model version must carry, and what follows from their values."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PrivateAttr, ValidationError, model_validator
from pydantic.alias_generators import to_camel

from slipway.api.base import API_VERSION
from slipway.gates.inline import pattern
from slipway.words.text import plain

MAX_BYTES = 65_536
_SHOWN_PROBLEMS = 5
_LABEL_KEY = re.compile(r"([a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?/)?[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?")

TagName = Annotated[str, Field(min_length=1, max_length=250, pattern=r"^[A-Za-z0-9_./\- ]+$")]
TagValue = Annotated[str, Field(min_length=1, max_length=pattern.MAX_VALUE)]
Values = Annotated[tuple[TagValue, ...], Field(min_length=1, max_length=64)]
OneOrMore = Annotated[Values, BeforeValidator(lambda value: [value] if isinstance(value, str) else value)]


class PolicyError(ValueError):
    """The policy cannot be used. Its text is a sentence for the person who wrote it."""


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, alias_generator=to_camel, populate_by_name=False, extra="forbid")


class TagRule(_Strict):
    """What one tag must be."""

    name: TagName
    description: Annotated[str, Field(max_length=1024)] = ""
    required: bool = False
    pattern: str | None = None
    allowed: Values | None = None
    label: bool = False
    """The ModelRelease must carry it as a label too: the admission policy checks it there."""

    @model_validator(mode="after")
    def _usable(self) -> TagRule:
        if self.pattern is not None and self.allowed is not None:
            raise ValueError("has both pattern and allowed; keep one")
        if self.label and not _LABEL_KEY.fullmatch(self.name):
            raise ValueError(f"{self.name} cannot be a label: use at most 63 of letters, digits, '-', '_' and '.'")
        found = pattern.problem(self.pattern) if self.pattern is not None else None
        if found:
            raise ValueError(f"pattern {self.pattern!r} {found}")
        return self


class Approval(_Strict):
    """What kind of approval a rule asks for."""

    four_eyes: bool = False
    """The approver must be another person than the version's author."""


class Rule(_Strict):
    """What follows when tags have certain values."""

    name: Annotated[str, Field(min_length=1, max_length=63)]
    description: Annotated[str, Field(max_length=1024)] = ""
    when: Annotated[dict[TagName, OneOrMore], Field(min_length=1, max_length=16)]
    require: Annotated[tuple[TagName, ...], Field(max_length=64)] = ()
    approval: Approval | None = None

    @model_validator(mode="after")
    def _does_something(self) -> Rule:
        if not self.require and self.approval is None:
            raise ValueError("has no effect; set require or approval")
        return self


class GovernancePolicy(_Strict):
    """A whole governance.tags.yaml."""

    api_version: Literal["slipway.dev/v1alpha1"]
    kind: Literal["GovernancePolicy"]
    tags: Annotated[tuple[TagRule, ...], Field(min_length=1, max_length=64)]
    rules: Annotated[tuple[Rule, ...], Field(max_length=64)] = ()
    _digest: str = PrivateAttr("")

    @property
    def digest(self) -> str:
        """SHA-256 of the text that the policy was read from."""
        return self._digest

    @classmethod
    def parse(cls, text: str) -> GovernancePolicy:
        """The policy in `text`, a YAML document in which every scalar counts as text (so `no` stays `no`).

        Raises PolicyError with a sentence that names the place and what to do.
        """
        if len(text.encode(errors="replace")) > MAX_BYTES:
            raise PolicyError(f"the policy is longer than {MAX_BYTES} bytes; split it or shorten the descriptions")
        try:
            policy = cls.model_validate(_document(text))
        except ValidationError as error:
            raise PolicyError("; ".join(_sentences(error))) from error
        policy._digest = f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"
        return policy

    @model_validator(mode="after")
    def _consistent(self) -> GovernancePolicy:
        names = [tag.name for tag in self.tags]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"tags lists {', '.join(twice)} more than once")
        for rule in self.rules:
            if unknown := sorted({*rule.when, *rule.require} - set(names)):
                raise ValueError(f"rule {rule.name} names {', '.join(unknown)}, which tags does not list")
        return self


class _Loader(yaml.BaseLoader):
    """YAML in which every scalar is text, a key stands once, and nothing is expanded."""

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        """Refuse aliases: a few lines of them can stand for gigabytes."""
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError("aliases (*name) are not allowed; write the value out")
        return super().compose_node(parent, index)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """Refuse a key that stands twice: the later one would win without a word."""
        keys = [key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode)]
        if twice := sorted({key for key in keys if keys.count(key) > 1}):
            raise yaml.YAMLError(f"duplicate key {twice[0]!r} at line {node.start_mark.line + 1}")
        return super().construct_mapping(node, deep)


def _document(text: str) -> dict[str, Any]:
    """The mapping in `text`. Raises PolicyError."""
    try:
        document = yaml.load(text, Loader=_Loader)
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise PolicyError(f"the policy is not valid YAML: {plain(str(error), 300)}") from error
    if not isinstance(document, dict):
        raise PolicyError(f"the policy must be a mapping with apiVersion: {API_VERSION} and kind: GovernancePolicy")
    return document


def _sentences(error: ValidationError) -> Iterator[str]:
    problems = error.errors(include_url=False, include_context=False)
    for problem in problems[:_SHOWN_PROBLEMS]:
        place = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in problem["loc"]).lstrip(".")
        unknown = problem["type"] == "extra_forbidden"
        says = "there is no such field" if unknown else plain(problem["msg"].removeprefix("Value error, "), 300)
        yield f"{plain(place, 120)}: {says}" if place else says
    if len(problems) > _SHOWN_PROBLEMS:
        yield f"and {len(problems) - _SHOWN_PROBLEMS} more"
