"""The contract gate: what callers and the server rely on, read from the model's own files before any pod starts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from slipway.api.gates.specs import ContractGate
from slipway.api.gates.verdict import GateResult, Verdict
from slipway.gates.inline import requirements, signature
from slipway.gates.inline.signature import Change, Effect
from slipway.words.text import count, plain
from slipway_contract import trust
from slipway_contract.mlmodel import SignatureError

NAME = "contract"
MAX_BYTES = 2**20
_SHOWN_CHANGES = 40
_SHOWN_TYPES = 5
_INSTEAD = (
    "keep to scikit-learn's own estimators, or serve the model as a pyfunc where the registry connection allows code"
)


class ContractError(ValueError):
    """The model's files cannot be read. Its text is the end of a sentence."""


@dataclass(frozen=True, slots=True)
class ModelFiles:
    """What the gate needs of a model version: its parsed MLmodel and its requirements.txt (None when it has none)."""

    mlmodel: Mapping[str, Any]
    requirements: str | None
    unlisted_types: tuple[str, ...] | None = None
    """Types in its skops file that no server loads; None: not known, the init container looks."""

    @property
    def flavors(self) -> dict[str, Mapping[str, Any]]:
        """Flavour → its configuration."""
        found = self.mlmodel.get("flavors")
        return {str(k): v if isinstance(v, dict) else {} for k, v in found.items()} if isinstance(found, dict) else {}


@dataclass(frozen=True, slots=True)
class Trust:
    """What the registry connection's administrator allows."""

    allow_code: bool = False
    allow_pickle: bool = False


def files(mlmodel: str, requirements_text: str | None, types: tuple[str, ...] | None = None) -> ModelFiles:
    """The files' content. Raises ContractError for an MLmodel that is not the YAML mapping MLflow writes."""
    if len(mlmodel) > MAX_BYTES:
        raise ContractError(f"MLmodel is larger than {MAX_BYTES} bytes")
    try:
        document = yaml.safe_load(mlmodel)
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise ContractError(f"MLmodel is not YAML ({plain(str(error), 200)})") from error
    if not isinstance(document, dict) or not isinstance(document.get("flavors"), dict):
        raise ContractError("MLmodel is not a mapping with flavors, as MLflow writes it")
    return ModelFiles(document, requirements_text, types)


def judge(
    gate: ContractGate,
    candidate: ModelFiles,
    production: ModelFiles | None,
    environment: Mapping[str, str] | None,
    allowed: Trust,
) -> GateResult:
    """The verdict on the candidate's files; `production` is None for a first release.

    `environment` maps the server image's packages to their versions; None means that they are not known, and then a
    model with requirements is Inconclusive. Every problem is listed, not just the first.
    """
    found, unclear = _changes(candidate, production)
    breaking = [change.text for change in found if change.effect is Effect.BREAKING and not gate.allow_breaking]
    problems = [*breaking, *_storage(gate, candidate, allowed)]
    if environment is not None and candidate.requirements is not None:
        problems += requirements.problems(candidate.requirements, environment, gate.ignored_requirements)
    elif environment is None and candidate.requirements:
        unclear = unclear or "the packages of the server image are not known"
    verdict = Verdict.FAIL if problems else Verdict.INCONCLUSIVE if unclear else Verdict.PASS
    return GateResult(
        name=NAME,
        verdict=verdict,
        message=plain(_message(problems, unclear, found), 1024),
        measured=len(problems),
        threshold=0,
        unit="problems",
        method="MLmodel and requirements.txt against production's and the server image's packages",
        details={
            "signature": signature.effect(found).value,
            "changes": [f"{change.effect}: {plain(change.text, 120)}" for change in found[:_SHOWN_CHANGES]],
            "problems": [plain(problem, 160) for problem in problems[:_SHOWN_CHANGES]],
            "flavors": sorted(candidate.flavors)[:16],
        },
    )


def _changes(candidate: ModelFiles, production: ModelFiles | None) -> tuple[tuple[Change, ...], str | None]:
    """The signature's changes; and why they cannot be told, when they cannot."""
    try:
        ours = signature.parse(candidate.mlmodel.get("signature"))
    except SignatureError as error:
        return (Change(Effect.BREAKING, str(error)),), None
    if production is None:
        return (), None
    try:
        return signature.changes(signature.parse(production.mlmodel.get("signature")), ours), None
    except SignatureError as error:
        return (), f"production's signature cannot be compared: {error}"


def _storage(gate: ContractGate, candidate: ModelFiles, allowed: Trust) -> Iterator[str]:
    """What is wrong with the flavours and with how the model is stored."""
    serving = {name: conf for name, conf in candidate.flavors.items() if name != "python_function"}
    if gate.allowed_flavors:
        for name in (serving or candidate.flavors).keys() - set(gate.allowed_flavors):
            yield f"flavour {name} is not allowed; allowed: {', '.join(gate.allowed_flavors)}"
    for name, conf in candidate.flavors.items():
        if not allowed.allow_pickle and (how := trust.pickled(conf)):
            stored = plain(how, 80)
            yield f"flavour {name} is stored as {stored}, which runs code when it is loaded; store it as skops or ONNX"
    if candidate.unlisted_types:
        shown = ", ".join(plain(name, 80) for name in candidate.unlisted_types[:_SHOWN_TYPES])
        yield f"its skops file holds types that may run code: {shown}; {_INSTEAD}"
    yield from trust.odd_files(candidate.flavors)
    if not allowed.allow_code and (place := trust.code(candidate.flavors)):
        yield f"the model contains Python code ({plain(place, 80)}), which the registry connection does not allow"


def _message(problems: list[str], unclear: str | None, found: tuple[Change, ...]) -> str:
    if problems:
        return f"{count(len(problems), 'problem')}: {'. '.join(problems)}"
    if unclear:
        return unclear
    if not found:
        return "signature, requirements and storage are compatible with clients and the server"
    return f"the signature is {signature.effect(found).value.lower()}: {'. '.join(change.text for change in found)}"
