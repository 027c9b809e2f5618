"""Whose fault a failure is: the request's, or the model's."""

from __future__ import annotations

from typing import Any

from slipway_server.errors import RequestError
from slipway_server.foreign import ForeignError, foreign
from slipway_server.model.bundle import Bundle
from slipway_server.model.inputs import Inputs
from slipway_server.predictor.runner import Predictor

MOST_ROWS = 100
"""Of a request that is kept as a witness."""


class Accountable:
    """A predictor whose failures are the input's, as long as the model still answers what it is known to answer.

    For models that know more about their inputs than a signature says: an encoder's categories, what a graph checks.
    The witness is the model's own example; without one the first request that was answered. Before there is either,
    nobody said what a valid request is, and a failure is the input's as well.
    """

    def __init__(self, predictor: Predictor, example: Inputs | None) -> None:
        self.answer = predictor.predict
        self.rowwise = predictor.rowwise
        self.witness = example

    def predict(self, inputs: Inputs) -> Any:
        """See `Predictor`. Raises `ForeignError` that tells a refusal from a failure."""
        try:
            found = foreign(self.answer, inputs)
        except ForeignError as error:
            error.refusal = error.refusal or self._sound()
            raise
        if self.witness is None and inputs.rows <= MOST_ROWS:
            self.witness = inputs
        return found

    def _sound(self) -> bool:
        if self.witness is None:
            return True
        try:
            foreign(self.answer, self.witness)
        except (ForeignError, RequestError):
            return False
        return True


def knows_more(bundle: Bundle) -> bool:
    """Whether the model may refuse what its reader lets through: all but code with a signature that MLflow enforces."""
    signature = bundle.signature
    enforced = (signature.columns or signature.tensors or signature.specs) and not signature.type_hint
    return bundle.flavor != "pyfunc" or not enforced
