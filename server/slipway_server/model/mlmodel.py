"""Reading MLflow's `MLmodel` file: which flavour, which signature, which example."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, get_args

import msgspec
import yaml

from slipway_contract.mlmodel import side
from slipway_server.errors import ModelError
from slipway_server.model.bundle import Column, ColumnType, Param, Signature, Tensor

_FLAVORS = {
    "mlflow.sklearn": "sklearn",
    "mlflow.xgboost": "xgboost",
    "mlflow.lightgbm": "lightgbm",
    "mlflow.onnx": "onnx",
}


class Description(msgspec.Struct, frozen=True):
    """What `MLmodel` says; `conf` is the flavour's own section of `flavors`."""

    flavor: str
    conf: dict[str, Any]
    flavors: dict[str, dict[str, Any]]
    predict_fn: str
    signature: Signature
    model_id: str
    run_id: str
    example: Any


def describe(directory: Path) -> Description:
    """Read `directory`/MLmodel. Raises `ModelError` Invalid."""
    try:
        content = yaml.safe_load((directory / "MLmodel").read_text())
        pyfunc = content["flavors"]["python_function"]
        flavor = _FLAVORS.get(pyfunc["loader_module"], "pyfunc")
        return Description(
            flavor=flavor,
            conf=content["flavors"].get(flavor, pyfunc),
            flavors={str(name): conf for name, conf in content["flavors"].items() if isinstance(conf, dict)},
            predict_fn=pyfunc.get("predict_fn", "predict"),
            signature=_signature(content.get("signature"), hinted=bool(content.get("is_signature_from_type_hint"))),
            model_id=str(content.get("model_id") or ""),
            run_id=str(content.get("run_id") or ""),
            example=_example(directory, content.get("saved_input_example_info")),
        )
    except (OSError, yaml.YAMLError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise ModelError(
            "Invalid",
            f"{directory / 'MLmodel'} can't be read: {error!r}; register a model that MLflow saved",
        ) from error


def _signature(section: dict[str, Any] | None, *, hinted: bool) -> Signature:
    if not section:
        return Signature()
    inputs = side(section, "inputs")
    about: dict[str, Any] = {
        "params": tuple(map(_param, side(section, "params"))),
        "outputs": side(section, "outputs") or None,
    }
    if hinted:
        return Signature(**about, specs=inputs, type_hint=True)
    columns: list[Column] = []
    tensors: list[Tensor] = []
    for spec in inputs:
        if spec["type"] == "tensor":
            shape = tuple(spec["tensor-spec"]["shape"])
            tensors.append(Tensor(spec.get("name", ""), spec["tensor-spec"]["dtype"], shape))
        elif isinstance(spec.get("name"), str) and spec["type"] in get_args(ColumnType):
            columns.append(_column(spec))
    whole = len(columns) == len(inputs) or len(tensors) == len(inputs)
    if not whole:
        return Signature(**about, specs=inputs)
    return Signature(tuple(columns), tuple(tensors), **about, specs=[] if columns else inputs)


def _column(spec: dict[str, Any]) -> Column:
    return msgspec.convert({"required": True, **spec}, Column)


def _param(spec: dict[str, Any]) -> Param:
    shape = spec.get("shape")
    return Param(str(spec["name"]), str(spec["type"]), spec.get("default"), tuple(shape) if shape else None)


def _example(directory: Path, info: dict[str, Any] | None) -> Any:
    """The input example as the body of a request, the way MLflow itself writes it down. Raises `ModelError` Invalid."""
    ready = directory / "serving_input_example.json"
    if ready.exists():
        return _read(ready)
    if info and info.get("type") == "dataframe":
        return {"dataframe_split": _read(directory / info["artifact_path"])}
    return None


def _read(path: Path) -> Any:
    """The JSON of an example. MLflow writes a missing number as a bare NaN, which is no JSON; it's read as null."""
    try:
        return json.loads(path.read_bytes(), parse_constant=lambda _word: None)
    except (OSError, ValueError, RecursionError) as error:
        raise ModelError(
            "Invalid",
            f"the model's input example {path} can't be read: {error}; log the model again with an input_example "
            "that can be written as JSON",
        ) from error
