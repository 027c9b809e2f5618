"""Preparing: what is decided once, where the heavy libraries are, so that serving need not decide it again."""

from __future__ import annotations

import importlib.metadata
import time
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from slipway_server.errors import ModelError, RequestError
from slipway_server.fetch import libraries
from slipway_server.fetch.compile import boosted
from slipway_server.fetch.compile.compile import Job, compiled, kept, lenient
from slipway_server.fetch.proof import missing
from slipway_server.flavors import NativeModel, fitted, load
from slipway_server.flavors.frozen import freeze
from slipway_server.flavors.sklearn import SklearnModel
from slipway_server.flavors.tables import TablesModel
from slipway_server.foreign import ForeignError, foreign
from slipway_server.model.bundle import FOLDER, FROZEN_FILE, ONNX_FILE, Bundle, Signature
from slipway_server.model.inputs import Inputs
from slipway_server.model.mlmodel import Description, describe
from slipway_server.predictor import onnx
from slipway_server.predictor.native import NativePredictor
from slipway_server.protocols import answer
from slipway_server.protocols.select import reader_for
from slipway_server.settings import Settings

MAX_CLASSES = 50
COMPILED = frozenset({"sklearn", *boosted.FLAVORS})
_NAMED = (
    *("scikit-learn", "skops", "xgboost-cpu", "lightgbm", "mlflow-skinny", "pandas", "numpy"),
    *("skl2onnx", "onnxmltools", "onnxruntime"),
)


def prepare(directory: Path, digest: str, settings: Settings) -> Bundle:
    """Load the model once, answer its own example, and say how to serve it. Raises `ModelError`."""
    bundle, model = loaded(directory, digest, settings)
    if settings.compile and bundle.flavor in COMPILED and isinstance(model, SklearnModel | TablesModel):
        started = time.monotonic()
        bundle = _compiled(Job(directory, bundle, model, settings))
        bundle = msgspec.structs.replace(bundle, compile_seconds=round(time.monotonic() - started, 3))
    if bundle.kind == "native":
        bundle = _with_optional(bundle)
        return _frozen(directory, bundle, model) if isinstance(model, SklearnModel) else bundle
    return bundle


def _compiled(job: Job) -> Bundle:
    """See `compiled`. Whatever a library, or the proof itself, raises on the way, the model has its own to serve it."""
    try:
        bundle = foreign(compiled, job)
        if bundle.kind == "onnx" and bundle.example is not None:
            foreign(_answer_as_served, job, bundle)
        return bundle
    except (ForeignError, RequestError) as error:
        # What has no memory here may have it elsewhere: that says nothing about the model.
        if isinstance(error.__cause__, MemoryError):
            raise error.__cause__ from error
        (job.directory / FOLDER / ONNX_FILE).unlink(missing_ok=True)
        return kept(job.bundle, f"compiling it or its proof failed: {str(error) or type(error).__name__}")


def _answer_as_served(job: Job, bundle: Bundle) -> None:
    """Answer the model's own example once as the server will at its start. Raises what serving would end with."""
    try:
        served = onnx.build(job.directory, bundle)
    except ModelError as error:
        raise ForeignError(error) from error
    inputs = reader_for(bundle, job.settings).read(msgspec.json.encode(bundle.example))
    answer.encode(served.predict(inputs))


def loaded(directory: Path, digest: str, settings: Settings) -> tuple[Bundle, NativeModel]:
    """The model as its own library serves it, and the columns in which it takes missing values. Raises `ModelError`."""
    description = describe(directory)
    model = load(directory, description.flavor, settings)
    bundle = _native(description, model, digest)
    inputs = try_example(bundle, model, settings)
    if inputs is None:
        return bundle, model
    shown = missing.where(inputs, bundle.signature)
    takes = shown.union(missing.accepted(NativePredictor(model, bundle), bundle.signature, inputs))
    names = tuple(column.name for column in bundle.signature.matrix_columns if column.name in takes)
    return msgspec.structs.replace(bundle, missing=names), model


def _with_optional(bundle: Bundle) -> Bundle:
    """What the signature says may be missing is handed to the model's own library, which answers or refuses it."""
    optional = [column.name for column in bundle.signature.columns if not column.required]
    return msgspec.structs.replace(bundle, missing=tuple(dict.fromkeys([*bundle.missing, *optional])))


def _frozen(directory: Path, bundle: Bundle, model: SklearnModel) -> Bundle:
    """The estimator is written down once more, for a start without skops, and without pandas where it has no part."""
    content = freeze(model.estimator)
    if content is not None:
        folder = directory / FOLDER
        folder.mkdir(exist_ok=True)
        (folder / FROZEN_FILE).write_bytes(content)
    matrix = bundle.signature.numeric or bool(bundle.signature.tensors)
    frames = not matrix or model.wants_frame or model.makes_frames
    return msgspec.structs.replace(bundle, frozen=content is not None, frames=frames)


def _native(description: Description, model: NativeModel, digest: str) -> Bundle:
    return Bundle(
        digest=digest,
        flavor=description.flavor,
        kind="native",
        why=f"a {description.flavor} model, served by its own library",
        signature=_wide(fitted.ordered(description.signature, model.fitted), description.example),
        predict_fn=description.predict_fn,
        model_id=description.model_id,
        run_id=description.run_id,
        example=description.example,
        fitted=model.fitted.names if model.fitted.binding and not description.signature.columns else (),
        classes=_classes(model),
        versions=versions(),
    )


def _wide(signature: Signature, example: Any) -> Signature:
    """`signature`, said to be wide where the model's own example has whole numbers that a float64 cannot hold."""
    return msgspec.structs.replace(signature, wide=signature.numeric and not signature.tensors and _beyond(example))


def _beyond(value: Any) -> bool:
    if isinstance(value, dict | list):
        return any(map(_beyond, value.values() if isinstance(value, dict) else value))
    return isinstance(value, int) and abs(value) >= 2**53


def try_example(bundle: Bundle, model: NativeModel, settings: Settings) -> Inputs | None:
    """Answer the model's own input example as a request would be; return it. Raises `ModelError` Invalid."""
    if bundle.example is None:
        return None
    try:
        inputs = reader_for(lenient(bundle), settings).read(msgspec.json.encode(bundle.example))
        answer.encode(foreign(NativePredictor(model, bundle).predict, inputs))
        return inputs
    except RequestError as error:
        raise ModelError(
            "Invalid", f"the model's own input example does not fit its signature: {error.detail}"
        ) from error
    except (ForeignError, TypeError) as error:
        raise ModelError(
            "Invalid",
            f"the model fails on its own input example: {error}; fix and register again",
        ) from error


def versions() -> dict[str, str]:
    """The installed versions of the libraries that decide what a model answers."""
    found = {"interpreter": libraries.interpreter()}
    for name in _NAMED:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def _classes(model: NativeModel) -> tuple[Any, ...]:
    """A classifier's labels, as far as they can be counted one by one."""
    found = getattr(getattr(model, "estimator", None), "classes_", None)
    labels = found.tolist() if isinstance(found, np.ndarray) and found.ndim == 1 else []
    return tuple(labels) if len(labels) <= MAX_CLASSES else ()
