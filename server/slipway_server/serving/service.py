"""The one model that a process serves, and whether it may answer."""

from __future__ import annotations

from typing import Any, NamedTuple, cast

import msgspec

from slipway_contract import headers
from slipway_server.errors import RequestError
from slipway_server.foreign import ForeignError
from slipway_server.model.bundle import Bundle
from slipway_server.model.inputs import Inputs
from slipway_server.observing import logs
from slipway_server.observing.drift import Drift
from slipway_server.observing.metrics import PREDICTIONS, Metrics
from slipway_server.predictor.inline import InlineRunner
from slipway_server.predictor.runner import Runner
from slipway_server.predictor.split import SplitRunner
from slipway_server.protocols import answer
from slipway_server.protocols.answers import Answer, Counted
from slipway_server.protocols.problem import not_ready
from slipway_server.protocols.reader import Reader
from slipway_server.protocols.tables.matrix import MatrixReader, Rows
from slipway_server.protocols.v2 import tensors
from slipway_server.settings import Settings

Headers = list[tuple[bytes, bytes]]


class Output(NamedTuple):
    """A tensor of the model's answers: the method that it comes from, its type, and the shape of one row."""

    method: str
    datatype: str
    shape: tuple[int, ...]


class Model:
    """A loaded model: how its requests are read and how its predictions run."""

    def __init__(self, bundle: Bundle, reader: Reader, runner: Runner, drift: Drift) -> None:
        self.bundle = bundle
        self.drift = drift
        self.reader = reader
        self.runner = runner
        self.outputs: dict[str, Output] = {}
        self.most = runner.most if isinstance(runner, SplitRunner) else None
        ordinary = runner.ordinary if isinstance(runner, SplitRunner) else runner
        self.inline = ordinary if isinstance(ordinary, InlineRunner) else None
        self.matrices = reader if isinstance(reader, MatrixReader) else None
        self.rows_at_once = self.inline.rows if self.inline else 0

    def is_bulk(self, rows: int) -> bool:
        """Whether a request of so many rows is judged apart from the others."""
        return self.most is not None and rows > self.most

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
            self.outputs = {method: Output(method, "FP64", ()) for method in self.methods}
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
            for name, array in tensors.of_answer(method, found).items():
                self.outputs.setdefault(name, Output(method, tensors.datatype(array), array.shape[1:]))


class Took(NamedTuple):
    """What is counted of a request beside its answer's code; `apart`: no objective may judge the seconds."""

    route: str
    seconds: float
    headers: Headers
    apart: bool = False


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
            (headers.MODEL_VERSION.lower().encode(), version.encode("latin-1", "replace")),
            (headers.REVISION.lower().encode(), self.settings.revision.encode("latin-1", "replace")),
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

    def done(self, status: int, took: Took) -> None:
        """A request gets its answer: count it, and log it where that was asked for or something is wrong.

        Nothing leaves without this, or `counted_together`. A 503 tells that no model answers yet: it counts as no
        prediction.
        """
        route = "other" if status == 503 and took.route in PREDICTIONS else took.route
        self.metrics.answered(route, status, took.seconds, apart=took.apart)
        if status >= 500 or self.settings.access_log:
            if status == 504:
                self.metrics.timed_out()
            logs.request(route, status, took.seconds, took.headers)

    def counted(self, answer: Answer, took: Took) -> Counted:
        """The answer, now that it is counted."""
        self.done(answer.status, took)
        return Counted(answer)

    def counted_together(self, found: list[Answer], seconds: list[float], headers: list[Headers]) -> list[Counted]:
        """Answers of the route `invocations` that all are 200, now that they are counted."""
        self.metrics.answered_together("invocations", 200, seconds)
        if self.settings.access_log:
            for took, given in zip(seconds, headers, strict=True):
                logs.request("invocations", 200, took, given)
        return cast(list[Counted], found)

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
