"""Tensors of the Open Inference Protocol v2: names of types, JSON data, and the binary extension."""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

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
    values = _flat(data)
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
    array = np.array(values, dtype=np.float64 if kind.startswith("FP") else DTYPES[kind])
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
    return np.frombuffer(content, dtype=dtype).reshape(shape)


def to_binary(array: NDArray[Any]) -> bytes:
    """The bytes of a tensor."""
    if datatype(array) != "BYTES":
        return np.ascontiguousarray(array).tobytes()
    texts = [str(value).encode() for value in array.ravel().tolist()]
    return b"".join(struct.pack("<I", len(text)) + text for text in texts)


def _check(name: str, kind: str, shape: Sequence[int]) -> None:
    if kind not in DTYPES:
        raise invalid(f"input {name!r} is of type {kind!r}; known are {', '.join(DTYPES)}", name)
    if not shape or any(size < 0 for size in shape) or math.prod(shape) > 2**31:
        raise invalid(f"input {name!r} has the shape {list(shape)}; give its sizes, rows first", name)


def _flat(data: Any) -> list[Any]:
    if not isinstance(data, list):
        return [data]
    if data and isinstance(data[0], list):
        return [value for part in data for value in _flat(part)]
    return data


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
