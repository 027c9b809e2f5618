"""Compiling: try every conversion, prove it against the original, keep the first that holds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import numpy as np

from slipway_server.fetch.compile import boosted, convert
from slipway_server.fetch.download import source
from slipway_server.fetch.proof import missing, rows, table_rows
from slipway_server.fetch.proof.categories import Categories, categories, outside
from slipway_server.fetch.proof.features import UnknownJumps
from slipway_server.fetch.proof.prove import EVERY, Proof, Sides, enough, prove
from slipway_server.fetch.proof.steps import follow
from slipway_server.fetch.trees import splits as trees
from slipway_server.fetch.trees.readback import ReadBack, read_back
from slipway_server.flavors.sklearn import SklearnModel
from slipway_server.flavors.tables import TablesModel
from slipway_server.foreign import ForeignError, foreign
from slipway_server.model.bundle import FOLDER, ONNX_FILE, Bundle, Compiled
from slipway_server.model.inputs import Inputs
from slipway_server.predictor.native import NativePredictor
from slipway_server.predictor.onnx import OnnxPredictor
from slipway_server.protocols.select import reader_for
from slipway_server.settings import Settings

# A method that misses the tolerance by less was computed in another precision; by more, by another model.
_ROUNDING = 100


class Job(NamedTuple):
    """One model to compile; its bundle names the columns in which the model itself takes missing values."""

    directory: Path
    bundle: Bundle
    model: SklearnModel | TablesModel
    settings: Settings


class Evidence(NamedTuple):
    """What conversions are proved on; `holes` are the columns where a value is missing in rows that are real."""

    sets: dict[str, Inputs]
    known: Categories
    holes: frozenset[str]


class Held(NamedTuple):
    """A conversion that holds: by which methods, and with missing values in which columns."""

    candidate: convert.Candidate
    proofs: dict[str, Proof]
    missing: tuple[str, ...]


def compiled(job: Job) -> Bundle:
    """Return the bundle of the compiled model, or the native one that was given, with `why` telling the reason."""
    if not (job.bundle.signature.columns or job.bundle.signature.numeric):
        return kept(job.bundle, "its signature is neither named columns nor one table of numbers")
    foreign_type = next((each for each in job.bundle.signature.columns if each.type in ("binary", "datetime")), None)
    if foreign_type is not None:
        return kept(job.bundle, f"no conversion takes column {foreign_type.name!r} of type {foreign_type.type}")
    known = known_rows(job)
    if known is None:
        return kept(job.bundle, "it has neither an input example nor a holdout to prove a conversion on")
    attempts: list[str] = []
    try:
        evidence = gather(job, known)
    except UnknownJumps as error:
        return kept(job.bundle, f"its proof would not know where to look: {error}")
    found = _best(job, evidence, attempts)
    return _written(job, found, evidence.known) if found else kept(job.bundle, "; ".join(dict.fromkeys(attempts)))


def _best(job: Job, evidence: Evidence, attempts: list[str]) -> Held | None:
    """The first conversion that holds for all that the model takes, or the first for all that is asked of it.

    Some libraries send missing values another way through a tree that never met one. Where no real row has any and the
    signature has none in mind: better refuse them than be slow for all.
    """
    optional = {column.name for column in job.bundle.signature.columns if not column.required}
    needed = evidence.holes | (optional & set(job.bundle.missing))
    second: Held | None = None
    for candidate in candidates(job):
        found = candidate if isinstance(candidate, convert.ConversionError) else proved(job, candidate, evidence)
        if isinstance(found, Held):
            lost = needed.difference(found.missing)
            if found.missing == job.bundle.missing and not lost:
                return found
            second = second or (None if lost else found)
            found = f"missing values in {', '.join(map(repr, sorted(lost)))} are not answered alike"
        name = candidate.name + ": " if isinstance(candidate, convert.Candidate) else ""
        attempts.append(f"{name}{found}")
    return second


def candidates(job: Job) -> Iterator[convert.Candidate | convert.ConversionError]:
    """The conversions of a job's model, or why there is none."""
    convert_all = boosted.candidates if job.bundle.flavor in boosted.FLAVORS else convert.candidates
    return convert_all(job.model.estimator, job.bundle.signature)


def kept(bundle: Bundle, reason: str) -> Bundle:
    """The bundle of the model in its own library, with the reason."""
    return msgspec.structs.replace(bundle, why=f"served by its own library, not compiled: {reason}"[:1500])


def known_rows(job: Job) -> Inputs | None:
    """The rows that are known to be real: the holdout's and the example's."""
    inputs: Inputs | None = None
    signature = job.bundle.signature
    if job.bundle.example is not None:
        inputs = reader_for(lenient(job.bundle), job.settings).read(msgspec.json.encode(job.bundle.example))
    frame = rows.holdout(_holdout(job), [c.name for c in signature.columns]) if signature.columns else None
    if frame is None:
        return inputs
    if signature.numeric:
        return Inputs(len(frame), matrix=frame.to_numpy(dtype=np.float64))
    return Inputs(len(frame), columns={c.name: table_rows.typed(frame[c.name], c) for c in signature.columns})


def lenient(bundle: Bundle) -> Bundle:
    """The same, taking missing values in every column: examples and holdouts may hold what requests may not."""
    names = tuple(column.name for column in bundle.signature.matrix_columns)
    return msgspec.structs.replace(bundle, missing=names)


def _holdout(job: Job) -> Path | None:
    beside = job.directory / rows.HOLDOUT
    if beside.exists():
        return beside
    return source.run_artifact(job.bundle.run_id, rows.HOLDOUT, job.directory / FOLDER / "run")


def gather(job: Job, known: Inputs) -> Evidence:
    """The rows to prove the job's conversions on. Raises `UnknownJumps`."""
    signature = job.bundle.signature
    followed = follow(job.model.estimator, signature)
    special, found = followed.interests, categories(followed, signature)
    holes = missing.where(known, signature)
    if known.matrix is not None:
        return Evidence(rows.matrix_sets(special, known.matrix, signature, found), found, holes)
    return Evidence(table_rows.column_sets(special, known, signature, found), found, holes)


def proved(job: Job, candidate: convert.Candidate, evidence: Evidence) -> Held | str:
    """Prove one conversion: its trees by their arrays, then all by rows. Returns what holds, or what was found."""
    try:
        back = foreign(read_back, job.model.estimator, candidate.content)
        columns, method = job.bundle.signature.columns, job.bundle.predict_fn
        predictor = foreign(OnnxPredictor, candidate.content, candidate.compiled, columns, method)
    except ForeignError as error:
        return f"does not load: {str(error)[:200]}"
    if back.found:
        return back.found
    sides = Sides(
        NativePredictor(job.model, job.bundle).predict,
        predictor.predict,
        lambda inputs: outside(evidence.known.only, job.bundle.signature, inputs),
    )

    def by(method: str, sets: dict[str, Inputs]) -> Proof:
        asked = sides._replace(probabilities=trees.is_probability(job.model.estimator, method))
        return prove(asked, _with(sets, method), job.settings.tolerance)

    return _methods(job, candidate, evidence, (by, back))


def _methods(
    job: Job,
    candidate: convert.Candidate,
    evidence: Evidence,
    how: tuple[Callable[[str, dict[str, Inputs]], Proof], ReadBack],
) -> Held | str:
    by, back = how
    default = job.bundle.predict_fn
    main = enough(by(default, evidence.sets))
    if not main.holds:
        return main.found
    whole = next(evidence.sets[name] for name in (EVERY, "random") if name in evidence.sets)
    wanted = job.bundle.missing if back.missing else ()
    takes = missing.best(lambda sets: by(default, sets), whole, (job.bundle.signature, wanted))
    holes = {missing.KIND: missing.with_holes(whole, job.bundle.signature, takes)} if takes else {}
    proofs = {default: main.and_then(by(default, holes))}
    for method in candidate.compiled.methods:
        if method != default:
            proofs[method] = other = by(method, evidence.sets | holes)
            if not other.holds and other.worst > _ROUNDING * other.tolerance:
                return f"{method}: {other.found}"
    proofs = {method: msgspec.structs.replace(proof, nodes=back.nodes) for method, proof in proofs.items()}
    return Held(candidate, proofs, tuple(takes))


def _with(sets: dict[str, Inputs], method: str) -> dict[str, Inputs]:
    return {
        name: Inputs(each.rows, matrix=each.matrix, columns=each.columns, params={"predict_fn": method})
        for name, each in sets.items()
    }


def _written(job: Job, held: Held, known: Categories) -> Bundle:
    folder = job.directory / FOLDER
    folder.mkdir(exist_ok=True)
    (folder / ONNX_FILE).write_bytes(held.candidate.content)
    how: Compiled = held.candidate.compiled
    methods = {method: output for method, output in how.methods.items() if held.proofs[method].holds}
    main = held.proofs[job.bundle.predict_fn]
    proof: dict[str, Any] = {method: msgspec.to_builtins(found) for method, found in held.proofs.items()}
    nodes = f"; {main.nodes} nodes of its trees are the model's own" if main.nodes else ""
    return msgspec.structs.replace(
        job.bundle,
        kind="onnx",
        why=f"compiled to ONNX ({held.candidate.name}) and proved equal to the original on {main.compared} rows{nodes}",
        compiled=msgspec.structs.replace(how, methods=methods),
        categories=known.only,
        missing=held.missing,
        proof=proof,
    )
