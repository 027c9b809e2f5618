"""The routes of the Open Inference Protocol v2."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import msgspec

from slipway_server import __version__
from slipway_server.errors import RequestError
from slipway_server.model.inputs import Inputs
from slipway_server.protocols.answers import JSON, Answer
from slipway_server.protocols.v2 import infer as v2
from slipway_server.protocols.v2.tensors import COLUMNS
from slipway_server.serving.service import Headers, Model, Service

_PATH = re.compile(r"/v2/models/(?P<name>[^/]+)(?:/versions/(?P<version>[^/]+))?(?:/(?P<verb>ready|infer))?$")


class RoutesV2:
    """Answers below `/v2`."""

    def __init__(self, service: Service) -> None:
        self.service = service

    @property
    def name(self) -> str:
        """The model's name, which clients put into the path."""
        return self.service.name or "model"

    def infers(self, path: str) -> bool:
        """Whether predictions are asked for at `path`."""
        match = _PATH.match(path)
        return match is not None and match["verb"] == "infer"

    def gets(self, path: str) -> Callable[[], Answer] | None:
        """What answers a GET of `path`."""
        known: dict[str, Callable[[], Answer]] = {
            "/v2": self.server,
            "/v2/": self.server,
            "/v2/health/live": lambda: _state(self.service.alive, "live"),
            "/v2/health/ready": lambda: _state(self.service.ready, "ready"),
        }
        match = _PATH.match(path)
        if match and match["verb"] != "infer":
            return lambda: self._of_model(path, ready=match["verb"] == "ready")
        return known.get(path)

    def server(self) -> Answer:
        """The server's own metadata."""
        about = {"name": "slipway-server", "version": __version__, "extensions": ["binary_tensor_data"]}
        return Answer(200, JSON, msgspec.json.encode(about))

    def _of_model(self, path: str, *, ready: bool) -> Answer:
        self.check(path)
        if ready:
            return _state(self.service.ready, "ready")
        bundle = self.service.current().bundle
        about = {
            "name": self.name,
            "versions": [self.service.version or "0"],
            "platform": f"mlflow_{bundle.flavor}",
            "inputs": self._inputs(),
            "outputs": [
                {"name": name, "datatype": output.datatype, "shape": [-1, *output.shape]}
                for name, output in self.service.current().outputs.items()
            ],
        }
        return Answer(200, JSON, msgspec.json.encode(about))

    def _inputs(self) -> list[dict[str, Any]]:
        signature = self.service.current().bundle.signature
        if signature.tensors:
            kinds = {"float32": "FP32", "float64": "FP64", "int32": "INT32", "int64": "INT64", "bool": "BOOL"}
            return [
                {"name": each.name or "input", "datatype": kinds.get(each.dtype, "BYTES"), "shape": list(each.shape)}
                for each in signature.tensors
            ]
        return [{"name": each.name, "datatype": COLUMNS[each.type], "shape": [-1, 1]} for each in signature.columns]

    def check(self, path: str) -> None:
        """Raise `RequestError` 404 for a path of another model or version."""
        match = _PATH.match(path)
        name, version = (match["name"], match["version"]) if match else ("", None)
        if name != self.name:
            raise RequestError(404, "Not found", f"there is no model {name[:100]!r} here; this is {self.name!r}")
        if version is not None and version != (self.service.version or "0"):
            raise RequestError(
                404, "Not found", f"version {version[:50]!r} is not here; this is {self.service.version!r}"
            )

    def read(self, model: Model, headers: Headers, body: bytes) -> tuple[v2.Request, Inputs]:
        """What is asked, and of which rows. Raises `RequestError`."""
        request, arrays = v2.read(headers, body)
        v2.check_outputs(request, [*model.outputs, *model.methods])
        return request, model.reader.accept(arrays)

    async def predicted(self, model: Model, request: v2.Request, inputs: Inputs) -> dict[str, Any]:
        """The model's answer by each method that the request's outputs come from. Raises `RequestError`."""
        default = model.bundle.predict_fn
        asked = [each.name for each in request.outputs] or [default]
        methods = dict.fromkeys(model.outputs[name].method if name in model.outputs else name for name in asked)
        found = {}
        for method in methods:
            params = {} if method == default else {"predict_fn": method}
            found[method] = await model.predict(Inputs(inputs.rows, inputs.matrix, inputs.columns, inputs.raw, params))
        return found

    def answer(self, request: v2.Request, found: dict[str, Any]) -> Answer:
        """The answer. Raises `RequestError` 500 where the model's own answer is not what it said it would be."""
        return v2.answer(request, found, self.name, self.service.version or "0")


def _state(good: bool, word: str) -> Answer:
    return Answer(200 if good else 503, JSON, msgspec.json.encode({word: good}))
