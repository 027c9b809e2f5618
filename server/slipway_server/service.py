"""The one model that a process serves, and whether it may answer."""

from __future__ import annotations

import msgspec

from slipway_server.bundle import Bundle
from slipway_server.errors import RequestError
from slipway_server.metrics import Metrics
from slipway_server.predictor.runner import Runner
from slipway_server.problem import not_ready
from slipway_server.protocols import answer
from slipway_server.protocols.reader import Reader
from slipway_server.settings import Settings


class Model:
    """A loaded model: how its requests are read and how its predictions run."""

    def __init__(self, bundle: Bundle, reader: Reader, runner: Runner) -> None:
        self.bundle = bundle
        self.reader = reader
        self.runner = runner

    async def invoke(self, body: bytes) -> bytes:
        """Answer the body of an `/invocations` request. Raises `RequestError`."""
        inputs = self.reader.read(body)
        try:
            return answer.encode(await self.runner.run(inputs))
        except RequestError:
            raise
        except Exception as error:
            raise refused(error) from error

    async def warm_up(self) -> None:
        """One real prediction of the model's own example. Raises `RequestError`."""
        if self.bundle.example is not None:
            await self.invoke(msgspec.json.encode(self.bundle.example))


def refused(error: Exception) -> RequestError:
    """What a model raised, as an answer: a ValueError is its way to refuse an input, anything else is its fault."""
    text = f"{type(error).__name__}: {error}"[:500]
    if isinstance(error, ValueError):
        return RequestError(400, "The model refuses the input", text)
    return RequestError(500, "The model failed", text)


class Service:
    """The state that every route looks at."""

    def __init__(self, settings: Settings, metrics: Metrics) -> None:
        self.settings = settings
        self.metrics = metrics
        self.model: Model | None = None
        self.draining = False

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

    def use(self, model: Model) -> None:
        """Serve `model` from now on."""
        old, self.model = self.model, model
        settings, bundle = self.settings, model.bundle
        self.metrics.describe(
            {
                "model_name": settings.model_name,
                "model_version": settings.model_version,
                "revision": settings.revision,
                "digest": bundle.digest,
                "flavor": bundle.flavor,
                "kind": bundle.kind,
            }
        )
        if old is not None:
            old.runner.close()
