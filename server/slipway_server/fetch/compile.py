"""Compiling: try every conversion, prove it against the original, keep the first that holds."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import numpy as np

from slipway_server.bundle import FOLDER, ONNX_FILE, Bundle, Compiled
from slipway_server.fetch import boosted, convert, missing, rows, source
from slipway_server.fetch.categories import categories
from slipway_server.fetch.prove import Proof, prove
from slipway_server.flavors.sklearn import SklearnModel
from slipway_server.flavors.tables import TablesModel
from slipway_server.foreign import ForeignError, foreign
from slipway_server.predictor.inputs import Inputs
from slipway_server.predictor.native import NativePredictor
from slipway_server.predictor.onnx import OnnxPredictor
from slipway_server.protocols.select import reader_for
from slipway_server.settings import Settings


class Job(NamedTuple):
    """One model to compile."""

    directory: Path
    bundle: Bundle
    model: SklearnModel | TablesModel
    settings: Settings


def compiled(job: Job) -> Bundle:
    """Return the bundle of the compiled model, or the native one that was given, with `why` telling the reason."""
    if not (job.bundle.signature.columns or job.bundle.signature.numeric):
        return _kept(job.bundle, "its signature is neither named columns nor one table of numbers")
    known = _known(job)
    if known is None:
        return _kept(job.bundle, "it has neither an input example nor a holdout to prove a conversion on")
    attempts: list[str] = []
    found = _first_that_holds(job, known, attempts)
    if found is None and job.bundle.allow_missing and not missing.has_holes(known):
        # Some libraries send missing values another way through a tree that never met one. Nor do the real rows hold
        # any: better refuse them than be slow for all.
        strict = msgspec.structs.replace(job.bundle, allow_missing=False)
        found = _first_that_holds(job._replace(bundle=strict), known, attempts)
    return found or _kept(job.bundle, "; ".join(dict.fromkeys(attempts)))


def _first_that_holds(job: Job, known: Inputs, attempts: list[str]) -> Bundle | None:
    sets = _sets(job, known)
    convert_all = boosted.candidates if job.bundle.flavor in boosted.FLAVORS else convert.candidates
    for candidate in convert_all(job.model.estimator, job.bundle.signature):
        if isinstance(candidate, convert.ConversionError):
            attempts.append(str(candidate))
            continue
        proved = _proved(job, candidate, sets)
        if isinstance(proved, Bundle):
            return proved
        attempts.append(f"{candidate.name}: {proved}")
    return None


def _kept(bundle: Bundle, reason: str) -> Bundle:
    return msgspec.structs.replace(bundle, why=f"served by its own library, not compiled: {reason}"[:1500])


def _known(job: Job) -> Inputs | None:
    """The rows that are known to be real: the holdout's and the example's."""
    inputs: Inputs | None = None
    if job.bundle.example is not None:
        lenient = msgspec.structs.replace(job.bundle, allow_missing=True)
        inputs = reader_for(lenient, job.settings).read(msgspec.json.encode(job.bundle.example))
    names = [column.name for column in job.bundle.signature.columns]
    frame = rows.holdout(_holdout(job), names) if names else None
    if frame is None:
        return inputs
    if job.bundle.signature.numeric:
        return Inputs(len(frame), matrix=frame.to_numpy(dtype=np.float64))
    return Inputs(len(frame), columns={name: frame[name].to_numpy() for name in names})


def _holdout(job: Job) -> Path | None:
    beside = job.directory / rows.HOLDOUT
    if beside.exists():
        return beside
    return source.run_artifact(job.bundle.run_id, rows.HOLDOUT, job.directory / FOLDER / "run")


def _sets(job: Job, known: Inputs) -> dict[str, Inputs]:
    if known.matrix is not None:
        sets = rows.matrix_sets(
            job.model.estimator, known.matrix, job.bundle.signature, missing=job.bundle.allow_missing
        )
    else:
        sets = rows.column_sets(
            known, job.bundle.signature, categories(job.model.estimator), missing=job.bundle.allow_missing
        )
    return sets


def _proved(job: Job, candidate: convert.Candidate, sets: dict[str, Inputs]) -> Bundle | str:
    """The compiled bundle, written down, or what the proof found."""
    try:
        columns, method = job.bundle.signature.columns, job.bundle.predict_fn
        predictor = foreign(OnnxPredictor, candidate.content, candidate.compiled, columns, method)
    except ForeignError as error:
        return f"does not load: {str(error)[:200]}"
    original = NativePredictor(job.model, job.bundle)
    methods = {}
    proofs: dict[str, Proof] = {}
    for method, output in candidate.compiled.methods.items():
        proof = prove(original.predict, predictor.predict, _with(sets, method), job.settings.tolerance)
        if proof.holds:
            methods[method] = output
        elif method == job.bundle.predict_fn:
            return proof.found
        proofs[method] = proof
    return _written(job, candidate, msgspec.structs.replace(candidate.compiled, methods=methods), proofs)


def _with(sets: dict[str, Inputs], method: str) -> dict[str, Inputs]:
    return {
        name: Inputs(each.rows, matrix=each.matrix, columns=each.columns, params={"predict_fn": method})
        for name, each in sets.items()
    }


def _written(job: Job, candidate: convert.Candidate, how: Compiled, proofs: dict[str, Proof]) -> Bundle:
    folder = job.directory / FOLDER
    folder.mkdir(exist_ok=True)
    (folder / ONNX_FILE).write_bytes(candidate.content)
    how_known = categories(job.model.estimator)
    proof: dict[str, Any] = {method: msgspec.to_builtins(found) for method, found in proofs.items()}
    tried = sum(proofs[job.bundle.predict_fn].rows.values())
    return msgspec.structs.replace(
        job.bundle,
        kind="onnx",
        why=f"compiled to ONNX ({candidate.name}) and proved equal to the original on {tried} rows",
        compiled=how,
        categories=how_known.only,
        proof=proof,
    )
