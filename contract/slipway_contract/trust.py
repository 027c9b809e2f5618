"""What a model's MLmodel says that it brings: code, pickles, files that are no plain files of its folder.

The operator's contract gate and the pod that loads the model ask the same functions.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

FILES = {"sklearn": "pickled_model", "xgboost": "data", "lightgbm": "data", "onnx": "data"}
"""Flavours that are loaded from one file, and the key that names it."""
_PICKLE_ENDINGS = (".pkl", ".pickle", ".joblib")
_PICKLE_KEYS = ("pickled_model", "data", "model_path", "python_model", "model_data")
_CODE_KEYS = ("code", "model_code_path", "python_model", "extra_session_config")
_SHOWN = 60


def pickled(conf: Mapping[str, Any]) -> str | None:
    """How a flavour's configuration says that it is stored, where that is a pickle."""
    stated = conf.get("serialization_format")
    if stated is not None:
        return str(stated) if stated in ("pickle", "cloudpickle") else None
    names = [conf[key] for key in _PICKLE_KEYS if isinstance(conf.get(key), str)]
    return next((f"pickle ({name[:_SHOWN]})" for name in names if name.endswith(_PICKLE_ENDINGS)), None)


def code(flavors: Mapping[str, Mapping[str, Any]]) -> str | None:
    """What of the model is code, or decides what is run: the key and its value."""
    parts = [part for conf in flavors.values() for part in (conf, conf.get("onnx_session_options"))]
    found = [(key, part[key]) for part in parts if isinstance(part, Mapping) for key in _CODE_KEYS if part.get(key)]
    return next((f"{key}: {value[:_SHOWN]}" if isinstance(value, str) else key for key, value in found), None)


def odd_files(flavors: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """The files named by `flavors` that are not plain names, as the end of a sentence."""
    for flavor, key in FILES.items():
        name = flavors.get(flavor, {}).get(key)
        if name is not None and not plain(name):
            yield f"flavor {flavor}: {key} is not the name of a file beside MLmodel"


def plain(name: object) -> bool:
    """Whether `name` is that of a file in the model's own folder, and no path."""
    return isinstance(name, str) and name not in ("", ".", "..") and not set("/\\\0") & set(name) and len(name) <= 255
