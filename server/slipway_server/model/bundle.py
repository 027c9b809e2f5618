"""What fetching leaves beside the artifacts for serving: `.slipway/bundle.json` and the files that it names."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import msgspec

from slipway_server.errors import ModelError

FOLDER = ".slipway"
ONNX_FILE = "model.onnx"
FROZEN_FILE = "model.frozen"
REFERENCE_FILE = "reference.json"
LIBRARIES = "site"
# What a missing word is called inside a compiled model: the runtime knows none, and would read "None".
NULL_WORD = "\ufdd0missing"

ColumnType = Literal["boolean", "integer", "long", "float", "double", "string", "binary", "datetime"]


class Column(msgspec.Struct, frozen=True):
    """One named input of a model, as MLflow's signature spells it."""

    name: str
    type: ColumnType
    required: bool = True


class Tensor(msgspec.Struct, frozen=True):
    """A tensor of a signature; -1 in `shape` stands for any size, `name` is empty for the only, unnamed one."""

    name: str
    dtype: str
    shape: tuple[int, ...]


class Param(msgspec.Struct, frozen=True):
    """A parameter that a request may set; `shape` is None for a scalar."""

    name: str
    type: str
    default: Any = None
    shape: tuple[int, ...] | None = None


class Signature(msgspec.Struct, frozen=True):
    """A model's inputs. Neither columns nor tensors: the model takes what it takes, and checks it itself.

    `reordered`: the columns stand in the order that the model was fitted in, not in the registered one, so that rows
    must name their columns. `specs` is what MLmodel says of inputs that are no plain columns; `type_hint`, whether a
    type hint of the model's code says what it takes. `wide`: its own example has whole numbers that a float64 cannot
    hold, so its columns are read one by one, each exactly.
    """

    columns: tuple[Column, ...] = ()
    tensors: tuple[Tensor, ...] = ()
    params: tuple[Param, ...] = ()
    outputs: Any = None
    reordered: bool = False
    specs: list[dict[str, Any]] = []
    type_hint: bool = False
    wide: bool = False

    @property
    def numeric(self) -> bool:
        """Whether a request's rows fit a matrix of float64 without changing a value."""
        columns = self.matrix_columns
        return bool(columns) and not self.wide and all(c.type in _MATRIX_TYPES and c.required for c in columns)

    @property
    def matrix_columns(self) -> tuple[Column, ...]:
        """The columns; those of a single table-shaped tensor are named by their position."""
        if len(self.tensors) != 1:
            return self.columns
        tensor = self.tensors[0]
        if len(tensor.shape) != 2 or tensor.shape[0] != -1 or tensor.shape[1] < 1 or tensor.dtype not in _TENSOR_TYPES:
            return ()
        return tuple(Column(str(index), _TENSOR_TYPES[tensor.dtype]) for index in range(tensor.shape[1]))


_MATRIX_TYPES = frozenset({"integer", "long", "float", "double"})
_TENSOR_TYPES: dict[str, ColumnType] = {"float32": "float", "float64": "double", "int32": "integer", "int64": "long"}


class Output(msgspec.Struct, frozen=True):
    """An output of a compiled model. `flat`: one number per row, to be freed of its second dimension."""

    name: str
    flat: bool = False


class Compiled(msgspec.Struct, frozen=True):
    """How a compiled model is fed and read: one matrix named `matrix`, or, when that is empty, one input per column.

    `inputs` maps the columns that the model looks at to the names that its graph has for them. `dtype` is that of the
    matrix and of the columns of type float and double; `methods` maps `predict`, `predict_proba` to outputs.
    """

    methods: dict[str, Output]
    matrix: str = ""
    dtype: Literal["float32", "float64"] = "float64"
    inputs: dict[str, str] = {}


class Bundle(msgspec.Struct, frozen=True):
    """One prepared model. `kind` says how it's served, `why` says why so, in words for a person.

    `missing` names the columns in which a request may leave a value out, by null: where the model's own library takes
    it and, when compiled, where the compiled model was proved to answer it alike.
    `fitted` are the names that the model was fitted with, where its library goes by position and no signature has them.

    Of a native scikit-learn model: `frozen`, whether it lies ready in the form that starts fast, and `frames`, whether
    pandas has a part in its answers.
    """

    digest: str
    flavor: str
    kind: Literal["onnx", "native"]
    why: str
    signature: Signature
    predict_fn: str = "predict"
    missing: tuple[str, ...] = ()
    model_id: str = ""
    run_id: str = ""
    example: Any = None
    categories: dict[str, list[Any]] = {}
    compiled: Compiled | None = None
    frozen: bool = False
    frames: bool = True
    fitted: tuple[str, ...] = ()
    classes: tuple[Any, ...] = ()
    name: str = ""
    version: str = ""
    proof: dict[str, Any] | None = None
    versions: dict[str, str] = {}
    compile_seconds: float = 0.0
    seconds: float = 0.0


def write(directory: Path, bundle: Bundle) -> None:
    """Write the bundle under `directory`. Raises OSError."""
    folder = directory / FOLDER
    folder.mkdir(exist_ok=True)
    (folder / "bundle.json").write_bytes(msgspec.json.encode(bundle))


def read(directory: Path) -> Bundle:
    """Read the bundle that `fetch` left under `directory`. Raises `ModelError` when there is none or it's damaged."""
    path = directory / FOLDER / "bundle.json"
    try:
        return msgspec.json.decode(path.read_bytes(), type=Bundle)
    except (OSError, msgspec.DecodeError) as error:
        raise ModelError(
            "LoadFailed", f"{path} can't be read ({error}); run `slipway-server fetch` into {directory} first"
        ) from error
