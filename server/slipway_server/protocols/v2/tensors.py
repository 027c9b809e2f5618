"""Tensors of the Open Inference Protocol v2: names of types, JSON data, and the binary extension."""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from slipway_server.protocols import answer
from slipway_server.protocols.reader import invalid

DTYPES: dict[str, str] = {
    "BOOL": "bool",
    "INT8": "<i1",
    "INT16": "<i2",
    "INT32": "<i4",
    "INT64": "<i8",
    "UINT8": "<u1",
    "UINT16": "<u2",
    "UINT32": "<u4",
    "UINT64": "<u8",
    "FP16": "<f2",
    "FP32": "<f4",
    "FP64": "<f8",
    "BYTES": "O",
}
_NAMES = {np.dtype(dtype): name for name, dtype in DTYPES.items() if name != "BYTES"}
COLUMNS = {
    "boolean": "BOOL",
    "integer": "INT32",
    "long": "INT64",
    "float": "FP32",
    "double": "FP64",
    "string": "BYTES",
    "binary": "BYTES",
    "datetime": "BYTES",
}


def datatype(array: NDArray[Any]) -> str:
    """The protocol's name for an array's type."""
    return _NAMES.get(array.dtype, "BYTES")


def from_json(name: str, kind: str, shape: Sequence[int], data: Any) -> NDArray[Any]:
    """An array from a tensor's `data`, flat or nested. Raises `RequestError`."""
    _check(name, kind, shape)
    values = _flat(name, data)
    if len(values) != math.prod(shape):
        raise invalid(
            f"input {name!r} has {len(values)} values; its shape {list(shape)} asks for {math.prod(shape)}", name
        )
    if any(not isinstance(value, _PYTHON[kind]) or isinstance(value, bool) != (kind == "BOOL") for value in values):
        raise invalid(f"input {name!r} holds values that are not {kind}", name)
    if kind != "BYTES" and kind[0] in "IU":
        limits = np.iinfo(DTYPES[kind])
        if any(not limits.min <= value <= limits.max for value in values):
            raise invalid(f"input {name!r} holds values beyond {kind}", name)
    try:
        array = np.array(values, dtype=np.float64 if kind.startswith("FP") else DTYPES[kind])
    except OverflowError as error:
        raise invalid(f"input {name!r} holds values beyond {kind}", name) from error
    return _narrowed(name, kind, array).reshape(shape)


_INTEGERS = ("INT8", "INT16", "INT32", "INT64", "UINT8", "UINT16", "UINT32", "UINT64")
_PYTHON: dict[str, Any] = {
    "BOOL": bool,
    "BYTES": str,
    **dict.fromkeys(_INTEGERS, int),
    **dict.fromkeys(("FP16", "FP32", "FP64"), (int, float)),
}


def _narrowed(name: str, kind: str, array: NDArray[Any]) -> NDArray[Any]:
    if kind in ("FP16", "FP32") and bool((np.abs(array) > np.finfo(DTYPES[kind]).max).any()):
        raise invalid(f"input {name!r} holds values beyond {kind}", name)
    return array.astype(DTYPES[kind]) if kind.startswith("FP") else array


def from_binary(name: str, kind: str, shape: Sequence[int], content: bytes) -> NDArray[Any]:
    """An array from little-endian bytes; strings each have a length of four bytes before. Raises `RequestError`."""
    _check(name, kind, shape)
    if kind == "BYTES":
        found: NDArray[Any] = np.empty(math.prod(shape), dtype=object)
        texts = _strings(name, content)
        if len(texts) != len(found):
            raise invalid(
                f"input {name!r} has {len(texts)} strings; its shape {list(shape)} asks for {len(found)}", name
            )
        found[:] = texts
        return found.reshape(shape)
    dtype = np.dtype(DTYPES[kind])
    if len(content) != math.prod(shape) * dtype.itemsize:
        asked = math.prod(shape) * dtype.itemsize
        raise invalid(f"input {name!r} has {len(content)} bytes; {kind} of shape {list(shape)} takes {asked}", name)
    if kind == "BOOL":
        return np.frombuffer(content, dtype="<u1").astype(bool).reshape(shape)
    return np.frombuffer(content, dtype=dtype).reshape(shape)


def to_binary(array: NDArray[Any]) -> bytes:
    """The bytes of a tensor."""
    if datatype(array) != "BYTES":
        return np.ascontiguousarray(array).tobytes()
    texts = [(value or "").encode(errors="replace") for value in array.ravel().tolist()]
    return b"".join(struct.pack("<I", len(text)) + text for text in texts)


def _check(name: str, kind: str, shape: Sequence[int]) -> None:
    if kind not in DTYPES:
        raise invalid(f"input {name!r} is of type {kind!r}; known are {', '.join(DTYPES)}", name)
    # Of an empty tensor the other sizes count too: numpy makes none that would be too large if it weren't.
    if not shape or any(size < 0 for size in shape) or math.prod(size or 1 for size in shape) > 2**31:
        raise invalid(f"input {name!r} has the shape {list(shape)}; give its sizes, rows first", name)


def _flat(name: str, data: Any) -> list[Any]:
    """The values in a tensor's `data`, whose lists are all of one depth."""
    values = data if isinstance(data, list) else [data]
    while values and isinstance(values[0], list):
        if not all(isinstance(part, list) for part in values):
            raise invalid(f"input {name!r} is nested unevenly", name)
        values = [value for part in values for value in part]
    return values


def _strings(name: str, content: bytes) -> list[str]:
    found = []
    position = 0
    while position < len(content):
        end = position + 4 + int.from_bytes(content[position : position + 4], "little")
        if end > len(content):
            raise invalid(f"input {name!r} ends in the middle of a string", name)
        try:
            found.append(content[position + 4 : end].decode())
        except UnicodeDecodeError as error:
            raise invalid(f"input {name!r} holds a string that is not UTF-8: {error}", name) from error
        position = end
    return found


def of_answer(name: str, value: Any) -> dict[str, NDArray[Any]]:
    """The tensors that a model's answer makes: one per key of a dict or column of a frame, else the only one, `name`.

    Raises `RequestError` 500 for what can't be written down.
    """
    try:
        if isinstance(value, dict) or (hasattr(value, "columns") and hasattr(value, "to_dict")):
            return {str(key): _array(value[key]) for key in value}
        return {name: _array(value)}
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        raise answer.unwritable(error) from error


def _array(value: Any) -> NDArray[Any]:
    """An array of a type that the protocol has; what is no number is text, as JSON where it is none. A hole is None."""
    array = _as_array(value.toarray() if hasattr(value, "toarray") else value)
    if array.dtype.kind in "mM":
        array = array.astype(str)
    if array.dtype.kind == "O" and array.size and all(isinstance(each, bool | int | float) for each in array.ravel()):
        array = np.array(array.tolist())
    if array.ndim == 0:
        array = array.reshape(1)
    if array.dtype in _NAMES:
        return array
    texts = np.empty(array.size, dtype=object)
    texts[:] = [each if isinstance(each, str | None) else _text(each) for each in array.ravel().tolist()]
    return texts.reshape(array.shape)


def _as_array(value: Any) -> NDArray[Any]:
    try:
        return np.asarray(value)
    except ValueError:  # rows of different lengths
        found: NDArray[Any] = np.empty(len(value), dtype=object)
        found[:] = list(value)
        return found


def _text(value: Any) -> str:
    return str(value) if isinstance(value, bool | int | float | complex) else answer.encoder.encode(value).decode()
