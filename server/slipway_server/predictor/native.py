"""Predicting with the model's own library."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from slipway_server.flavors import NativeModel, load
from slipway_server.model.bundle import FOLDER, FROZEN_FILE, Bundle
from slipway_server.model.inputs import Inputs
from slipway_server.settings import Settings


class NativePredictor:
    """Hands a matrix, a frame or the raw input to the library, whichever the model was trained on."""

    def __init__(self, model: NativeModel, bundle: Bundle) -> None:
        self.model = model
        self.rowwise = model.rowwise
        self.tensor = bundle.signature.tensors[0].dtype if bundle.signature.tensors else ""
        self.types = {column.name: column.type for column in bundle.signature.columns}

    def predict(self, inputs: Inputs) -> Any:
        """Return the library's answer. Raises whatever the library raises."""
        return self.model.predict(self._data(inputs), inputs.params)

    def _data(self, inputs: Inputs) -> Any:
        if inputs.matrix is None and inputs.columns is None:
            return inputs.raw
        if inputs.matrix is not None and (self.tensor or not self.model.wants_frame):
            return inputs.matrix.astype(self.tensor or inputs.matrix.dtype, copy=False)
        return self._frame(inputs)

    def _frame(self, inputs: Inputs) -> Any:
        import pandas

        if inputs.matrix is None:
            given = inputs.columns or {}
            columns = {name: self._column(kind, given[name]) for name, kind in self.types.items() if name in given}
            return pandas.DataFrame(columns)
        frame = pandas.DataFrame(inputs.matrix, columns=list(self.types), copy=False)
        cast = {name: _PANDAS[kind] for name, kind in self.types.items() if kind in _PANDAS}
        return frame.astype(cast) if cast else frame

    def _column(self, kind: str, values: NDArray[Any]) -> Any:
        """A column of one dtype, whatever it holds: pandas' own choice for nulls alone is another than beside words.

        A model that looks at whole requests gets what pandas makes of them, as with MLflow.
        """
        import pandas

        if not self.rowwise or kind not in _OBJECTS:
            return values
        return pandas.Series(values, dtype=object if kind == "string" and self.model.nones else _OBJECTS[kind])


_OBJECTS = {"string": "str", "binary": "object", "datetime": "datetime64[ns]"}
_PANDAS = {"integer": "int32", "long": "int64", "float": "float32"}


def build(directory: Path, bundle: Bundle, settings: Settings) -> NativePredictor:
    """Load the model under `directory`. Raises `ModelError`."""
    if not bundle.frozen:
        return NativePredictor(load(directory, bundle.flavor, settings), bundle)
    from slipway_server.flavors import frozen, sklearn

    estimator = frozen.thaw((directory / FOLDER / FROZEN_FILE).read_bytes())
    return NativePredictor(sklearn.SklearnModel(estimator, bundle.predict_fn), bundle)
