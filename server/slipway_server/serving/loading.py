"""From a prepared directory to a model that answers."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable
from pathlib import Path

import msgspec

from slipway_server.errors import ModelError, RequestError
from slipway_server.foreign import ForeignError, foreign
from slipway_server.model import bundle as bundles
from slipway_server.model.bundle import FOLDER, LIBRARIES, Bundle
from slipway_server.observing.drift import Drift
from slipway_server.predictor.accountable import Accountable, knows_more
from slipway_server.predictor.concurrency import threads_worth
from slipway_server.predictor.inline import InlineRunner, affordable_rows
from slipway_server.predictor.runner import Limits, Predictor, Runner
from slipway_server.predictor.split import SplitRunner
from slipway_server.predictor.threads import ThreadRunner
from slipway_server.protocols.reader import Reader
from slipway_server.protocols.select import reader_for
from slipway_server.serving.cpus import cpus
from slipway_server.serving.service import Model
from slipway_server.settings import Settings

OnBatch = Callable[[int], None]
# A thread that computes gives way to the event loop after this many seconds, ten times sooner than Python would.
SWITCH_SECONDS = 0.0005


def load(directory: Path, settings: Settings, drift: Drift, on_batch: OnBatch) -> Model:
    """Load the prepared model under `directory`. Raises `ModelError`."""
    bundle = bundles.read(directory)
    reader = reader_for(bundle, settings)
    try:
        runner = foreign(_runner, directory, bundle, reader, (settings, on_batch))
    except ForeignError as error:
        raise ModelError("LoadFailed", f"the model under {directory} can't be loaded: {error}") from error
    except RequestError as error:
        raise ModelError("LoadFailed", f"the model refuses its own input example: {error.detail}") from error
    return Model(bundle, reader, runner, drift)


def _runner(directory: Path, bundle: Bundle, reader: Reader, how: tuple[Settings, OnBatch]) -> Runner:
    from slipway_server.predictor import native, onnx

    settings, on_batch = how
    sys.setswitchinterval(SWITCH_SECONDS)
    if bundle.kind == "native":
        _use_libraries(directory, bundle)
    example = None if bundle.example is None else reader.read(msgspec.json.encode(bundle.example))
    if bundle.kind == "onnx":
        compiled = Accountable(onnx.build(directory, bundle), example)
        limits = Limits(cpus(), settings.max_queue, settings.predict_timeout_seconds)
        rows = 1 if example is None else affordable_rows(compiled, example)
        if settings.latency_max_rows > 0:
            rows = min(rows, settings.latency_max_rows)
        return _split(compiled, InlineRunner(compiled, rows, ThreadRunner(compiled, limits, on_batch)), how)
    predictor: Predictor = native.build(directory, bundle, settings)
    if knows_more(bundle):
        predictor = Accountable(predictor, example)
    if predictor.rowwise:
        _one_warning_filter()
    threads = 1 if predictor.rowwise else min(4, settings.pyfunc_threads)
    if not predictor.rowwise and example is not None:
        threads = threads_worth(predictor, example, settings.pyfunc_threads)
    limits = Limits(threads, settings.max_queue, settings.predict_timeout_seconds, settings.max_batch_rows)
    return _split(predictor, ThreadRunner(predictor, limits, on_batch), how)


def _split(predictor: Predictor, ordinary: InlineRunner | ThreadRunner, how: tuple[Settings, OnBatch]) -> Runner:
    """The same with a lane for requests of very many rows: one thread, which leaves the others their processors."""
    settings, on_batch = how
    if settings.latency_max_rows <= 0:
        return ordinary
    seconds, rows = settings.predict_timeout_seconds, settings.max_batch_rows
    limits = Limits(1, settings.max_bulk_queue, seconds, rows, bulk=True)
    return SplitRunner(ordinary, ThreadRunner(predictor, limits, on_batch), settings.latency_max_rows)


def _one_warning_filter() -> None:
    """From now on no warnings. scikit-learn sets every filter anew for each tree of a forest: 40 % of a call."""
    warnings.resetwarnings()
    warnings.simplefilter("ignore")


def _use_libraries(directory: Path, bundle: Bundle) -> None:
    """Where the image holds no scikit-learn, fetching has put it beside the model."""
    folder = directory / FOLDER / LIBRARIES
    built_for = bundle.versions.get("interpreter", "")
    if folder.is_dir() and built_for != f"{sys.implementation.cache_tag}-{sys.platform}":
        raise ModelError(
            "LoadFailed",
            f"the libraries in {folder} were built for {built_for}, not for this image's interpreter; "
            "let both images come from one build",
        )
    if folder.is_dir() and str(folder) not in sys.path:
        sys.path.append(str(folder))
