"""The one model that a process serves, and whether it may answer."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np

from slipway_server import logs
from slipway_server.bundle import Bundle
from slipway_server.drift import Drift
from slipway_server.errors import RequestError
from slipway_server.foreign import ForeignError
from slipway_server.metrics import Metrics
from slipway_server.predictor.inline import InlineRunner
from slipway_server.predictor.inputs import Inputs
from slipway_server.predictor.runner import Runner
from slipway_server.problem import not_ready
from slipway_server.protocols import answer, tensors
from slipway_server.protocols.matrix import MatrixReader, Rows
from slipway_server.protocols.reader import Reader
from slipway_server.settings import Settings


class Model:
    """A loaded model: how its requests are read and how its predictions run."""

    def __init__(self, bundle: Bundle, reader: Reader, runner: Runner, drift: Drift) -> None:
        self.bundle = bundle
        self.drift = drift
        self.reader = reader
        self.runner = runner
        self.outputs: dict[str, tuple[str, tuple[int, ...]]] = {}
        self.inline = runner if isinstance(runner, InlineRunner) else None
        self.matrices = reader if isinstance(reader, MatrixReader) else None
        self.rows_at_once = self.inline.rows if self.inline else 0

    def together(self, parts: list[Rows]) -> Inputs:
        """The inputs of several requests in one. Only for a model of numbers. Raises `RequestError`."""
        assert self.matrices is not None
        return self.matrices.together(parts[0] if len(parts) == 1 else [row for rows in parts for row in rows], {})

    def at_once(self, inputs: Inputs) -> Any:
        """Answer at most `rows_at_once` rows on the spot. Raises `RequestError`."""
        assert self.inline is not None
        try:
            found = self.inline.at_once(inputs)
        except ForeignError as error:
            raise error.as_request_error() from error
        self.drift.seen(inputs, found)
        return found

    async def predict(self, inputs: Inputs) -> Any:
        """Return the model's answer to checked inputs. Raises `RequestError`, whatever the model raises."""
        try:
            found = await self.runner.run(inputs)
        except ForeignError as error:
            raise error.as_request_error() from error
        self.drift.seen(inputs, found)
        return found

    @property
    def methods(self) -> list[str]:
        """What a request may ask for by name, the model's own choice first."""
        default = self.bundle.predict_fn
        if self.bundle.compiled is not None:
            return list(dict.fromkeys((default, *self.bundle.compiled.methods)))
        more = ("predict", "predict_proba") if self.bundle.classes else ()
        return list(dict.fromkeys((default, *more)))

    async def warm_up(self) -> None:
        """One real prediction of the model's own example, by every method that it has. Raises `RequestError`."""
        if self.bundle.example is None:
            self.outputs = dict.fromkeys(self.methods, ("FP64", ()))
            return
        inputs = self.reader.read(msgspec.json.encode(self.bundle.example))
        for method in self.methods:
            params = {} if method == self.bundle.predict_fn else {"predict_fn": method}
            asked = Inputs(inputs.rows, inputs.matrix, inputs.columns, inputs.raw, params)
            try:
                found = await self.runner.run(asked)
            except ForeignError as error:
                raise error.as_request_error() from error
            except RequestError:
                if params:
                    continue  # not every classifier has probabilities
                raise
            answer.encode(found)
            array = np.asarray(found)
            self.outputs[method] = (tensors.datatype(array), array.shape[1:])


class Service:
    """The state that every route looks at."""

    def __init__(self, settings: Settings, metrics: Metrics) -> None:
        self.settings = settings
        self.metrics = metrics
        self.model: Model | None = None
        self.draining = False
        self._identify(settings.model_name, settings.model_version)

    def _identify(self, name: str, version: str) -> None:
        self.name = name
        self.version = version
        self.identity = (
            (b"x-model-version", version.encode("latin-1", "replace")),
            (b"x-slipway-revision", self.settings.revision.encode("latin-1", "replace")),
        )
        self.identity_lines = b"".join(b"%s: %s\r\n" % pair for pair in self.identity)

    @property
    def ready(self) -> bool:
        """Whether traffic should come here."""
        return self.model is not None and not self.draining

    @property
    def alive(self) -> bool:
        """Whether a restart would not help."""
        return self.model is None or self.model.runner.stuck < self.settings.stuck_after

    def current(self) -> Model:
        """The model. Raises `RequestError` 503 while there is none; a draining process still answers."""
        if self.model is None:
            raise not_ready("the model is still loading; ask /readyz before sending requests")
        return self.model

    def done(self, route: str, status: int, seconds: float, headers: list[tuple[bytes, bytes]]) -> None:
        """A request has been answered: count it, and log it where that was asked for or something is wrong."""
        self.metrics.answered(route, status, seconds)
        if status >= 500 or self.settings.access_log:
            if status == 504:
                self.metrics.timed_out()
            logs.request(route, status, seconds, headers)

    def done_together(self, route: str, seconds: list[float], headers: list[list[tuple[bytes, bytes]]]) -> None:
        """Several requests have been answered with 200 at once."""
        self.metrics.answered_together(route, 200, seconds)
        if self.settings.access_log:
            for took, given in zip(seconds, headers, strict=True):
                logs.request(route, 200, took, given)

    def use(self, model: Model) -> None:
        """Serve `model` from now on."""
        old, self.model = self.model, model
        settings, bundle = self.settings, model.bundle
        self._identify(settings.model_name or bundle.name, settings.model_version or bundle.version)
        self.metrics.model = model.drift
        self.metrics.info = {
            "model_name": self.name,
            "model_version": self.version,
            "revision": settings.revision,
            "digest": bundle.digest,
            "flavor": bundle.flavor,
            "kind": bundle.kind,
        }
        if old is not None:
            old.runner.close()
