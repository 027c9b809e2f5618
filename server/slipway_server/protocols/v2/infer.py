"""The Open Inference Protocol v2: requests and answers of `infer`, with the binary tensor extension."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated, Any

import msgspec
from msgspec import Meta
from numpy.typing import NDArray

from slipway_server.errors import RequestError
from slipway_server.protocols.answers import JSON, Answer
from slipway_server.protocols.reader import invalid
from slipway_server.protocols.v2 import tensors

HEADER = b"inference-header-content-length"
MOST_DIMENSIONS = 32


class TensorIn(msgspec.Struct):
    """An input tensor."""

    name: str
    shape: Annotated[list[Annotated[int, Meta(ge=0, le=2**31)]], Meta(min_length=1, max_length=MOST_DIMENSIONS)]
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
        if not isinstance(size, int) or isinstance(size, bool) or size < 0 or position + size > len(body):
            raise invalid(f"input {given.name!r}: binary_data_size {size!r:.50} goes beyond the body", given.name)
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
    if not value.isdigit() or len(value) > 19 or int(value) > size:
        raise invalid(f"Inference-Header-Content-Length is {value[:50].decode('latin-1')!r}; the body has {size} bytes")
    return int(value)


def check_outputs(request: Request, known: Sequence[str]) -> None:
    """Raise `RequestError` for an output that the model does not have, or that is asked for twice."""
    names = [output.name for output in request.outputs]
    unknown = next((name for name in names if name not in known), None)
    if unknown is not None:
        shown = ", ".join(dict.fromkeys(known))
        raise RequestError(400, "Unknown output", f"output {unknown!r} is not one of {shown}", unknown)
    if len(set(names)) < len(names):
        twice = next(name for index, name in enumerate(names) if name in names[:index])
        raise invalid(f"output {twice!r} is asked for twice", twice)


def answer(request: Request, found: dict[str, Any], name: str, version: str) -> Answer:
    """The answer, its tensors in JSON or, where asked for, in bytes behind the JSON. `found`: by method."""
    described = []
    binary: list[bytes] = []
    for output, array, in_bytes in _chosen(request, found):
        tensor: dict[str, Any] = {"name": output, "datatype": tensors.datatype(array), "shape": list(array.shape)}
        if in_bytes:
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


def _chosen(request: Request, found: dict[str, Any]) -> Iterator[tuple[str, NDArray[Any], bool]]:
    """Name, array and whether in bytes of each tensor to answer with."""
    named = {method: tensors.of_answer(method, value) for method, value in found.items()}
    if not request.outputs:
        in_bytes = bool(request.parameters.get("binary_data_output"))
        yield from ((name, array, in_bytes) for each in named.values() for name, array in each.items())
    every = {name: array for each in reversed(named.values()) for name, array in each.items()}
    for output in request.outputs:
        in_bytes = bool(output.parameters.get("binary_data", request.parameters.get("binary_data_output")))
        chosen = {output.name: every[output.name]} if output.name in every else named.get(output.name)
        if chosen is None:
            raise RequestError(500, "The model failed", f"its answer has no {output.name!r}, unlike its example's")
        yield from ((name, array, in_bytes) for name, array in chosen.items())
