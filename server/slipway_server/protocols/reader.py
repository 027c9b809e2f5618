"""What every reader of request bodies has in common."""

from __future__ import annotations

from typing import Any, Protocol

from msgspec import UNSET
from numpy.typing import NDArray

from slipway_contract.formats import FORMATS
from slipway_server.errors import RequestError
from slipway_server.model.inputs import Inputs


class Reader(Protocol):
    """Turns the body of an `/invocations` request in JSON into inputs that the signature allows."""

    def read(self, body: bytes) -> Inputs:
        """Return the inputs. Raises `RequestError`."""
        ...

    def accept(self, arrays: dict[str, NDArray[Any]]) -> Inputs:
        """Return the inputs that named tensors make, one per column or one for all. Raises `RequestError`."""
        ...


def invalid(detail: str, field: str | None = None) -> RequestError:
    """A request that does not fit the model's signature or the protocol."""
    return RequestError(400, "The request does not fit the model's signature", detail, field)


def check_rows(rows: int, limit: int) -> None:
    """Raise `RequestError` unless 1 <= rows <= limit."""
    if rows == 0:
        raise invalid("the request holds no rows; send at least one")
    if rows > limit:
        raise RequestError(
            413, "Too many rows", f"the request holds {rows} rows and this server takes {limit} at once; split it"
        )


def exactly_one(request: Any) -> str:
    """The name of the one format that the request has. Raises `RequestError` when there are more or none."""
    if (
        request.dataframe_split is not UNSET
        and request.inputs is request.instances is request.dataframe_records is UNSET
    ):
        return "dataframe_split"  # by far the most frequent
    given = [name for name in FORMATS if getattr(request, name) is not UNSET]
    if len(given) != 1:
        raise invalid(f"give exactly one of {', '.join(FORMATS)}; the request has {' and '.join(given) or 'none'}")
    return given[0]
