"""Answers: whatever a model returned, in MLflow's shape `{"predictions": …}`.

NaN and the infinities have no place in JSON; they are written as null.
"""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np

from slipway_server.errors import RequestError

encoder = msgspec.json.Encoder(enc_hook=lambda value: jsonable(value))


def encode(predictions: Any) -> bytes:
    """Return the JSON of an answer. Raises `RequestError` 500 for what has no JSON form."""
    try:
        return encoder.encode({"predictions": jsonable(predictions)})
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        raise unwritable(error) from error


def unwritable(error: Exception) -> RequestError:
    """500: the model answered, but not with anything that can be written down."""
    return RequestError(500, "The model's answer can't be written", f"{type(error).__name__}: {error}"[:500])


def jsonable(value: Any) -> Any:
    """Return `value` as lists, dicts, strings and numbers, the way MLflow's server does."""
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    if hasattr(value, "to_dict"):
        frame = value.to_frame() if hasattr(value, "to_frame") and value.ndim == 1 else value
        return frame.to_dict(orient="records")
    if hasattr(value, "toarray"):
        return value.toarray().tolist()
    if isinstance(value, dict | list | str | int | float | bool | None):
        return value
    return _rare(value)


def _rare(value: Any) -> Any:
    if hasattr(value, "model_dump"):
        return value.model_dump()
    if hasattr(value, "isoformat"):
        return value.isoformat()
    if isinstance(value, tuple | set | frozenset):
        return list(value)
    if isinstance(value, bytes | bytearray):
        return bytes(value).hex()
    raise TypeError(f"the model answered with {type(value).__name__}, which has no JSON form")
