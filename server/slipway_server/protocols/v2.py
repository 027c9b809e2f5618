"""The Open Inference Protocol v2: requests and answers of `infer`, with the binary tensor extension."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from slipway_server.answers import JSON, Answer
from slipway_server.errors import RequestError
from slipway_server.protocols import tensors
from slipway_server.protocols.reader import invalid

HEADER = b"inference-header-content-length"


class TensorIn(msgspec.Struct):
    """An input tensor."""

    name: str
    shape: list[int]
    datatype: str
    data: Any = None
    parameters: dict[str, Any] = {}


class TensorAsked(msgspec.Struct):
    """An output that the client asks for."""

    name: str
    parameters: dict[str, Any] = {}


class Request(msgspec.Struct):
    """The JSON part of an `infer` request."""

    inputs: list[TensorIn]
    outputs: list[TensorAsked] = []
    id: str = ""
    parameters: dict[str, Any] = {}


_decoder = msgspec.json.Decoder(Request)


def read(headers: list[tuple[bytes, bytes]], body: bytes) -> tuple[Request, dict[str, NDArray[Any]]]:
    """Return the request and its input arrays by name. Raises `RequestError`."""
    length = _json_length(headers, len(body))
    try:
        request = _decoder.decode(body[:length])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise invalid(str(error)) from error
    if not request.inputs:
        raise invalid("the request has no inputs", "inputs")
    arrays: dict[str, NDArray[Any]] = {}
    position = length
    for given in request.inputs:
        if given.name in arrays:
            raise invalid(f"input {given.name!r} is given twice", given.name)
        size = given.parameters.get("binary_data_size")
        if size is None:
            arrays[given.name] = tensors.from_json(given.name, given.datatype, given.shape, given.data)
            continue
        if not isinstance(size, int) or size < 0 or position + size > len(body):
            raise invalid(f"input {given.name!r}: binary_data_size {size} goes beyond the body", given.name)
        content = body[position : position + size]
        arrays[given.name] = tensors.from_binary(given.name, given.datatype, given.shape, content)
        position += size
    if position != len(body):
        raise invalid(f"{len(body) - position} bytes after the last tensor belong to no input")
    return request, arrays


def _json_length(headers: list[tuple[bytes, bytes]], size: int) -> int:
    value = next((value for name, value in headers if name == HEADER), None)
    if value is None:
        return size
    if not value.isdigit() or int(value) > size:
        raise invalid(f"Inference-Header-Content-Length is {value.decode('latin-1')!r}; the body has {size} bytes")
    return int(value)


def asked(request: Request, methods: list[str], default: str) -> list[TensorAsked]:
    """The outputs to answer with. Raises `RequestError` for one that the model does not have."""
    outputs = request.outputs or [TensorAsked(default, {"binary_data": request.parameters.get("binary_data_output")})]
    for output in outputs:
        if output.name not in methods:
            raise RequestError(
                400, "Unknown output", f"output {output.name!r} is not one of {', '.join(methods)}", output.name
            )
    return outputs


def answer(request: Request, found: list[tuple[TensorAsked, Any]], name: str, version: str) -> Answer:
    """The answer, its tensors in JSON or, where asked for, in bytes behind the JSON."""
    described = []
    binary: list[bytes] = []
    for output, value in found:
        array = np.asarray(value)
        tensor: dict[str, Any] = {"name": output.name, "datatype": tensors.datatype(array), "shape": list(array.shape)}
        if output.parameters.get("binary_data"):
            binary.append(tensors.to_binary(array))
            tensor["parameters"] = {"binary_data_size": len(binary[-1])}
        else:
            tensor["data"] = array.ravel().tolist()
        described.append(tensor)
    head: dict[str, Any] = {"model_name": name, "model_version": version, "outputs": described}
    if request.id:
        head["id"] = request.id
    body = msgspec.json.encode(head)
    if not binary:
        return Answer(200, JSON, body)
    sized = ((HEADER, b"%d" % len(body)),)
    return Answer(200, b"application/octet-stream", b"".join([body, *binary]), sized)
