"""The two kinds of failure that leave a process: a model that can't be staged, a request that can't be answered."""

from __future__ import annotations

from typing import Any

from slipway_contract.fetching import Reason


class ModelError(Exception):
    """A model can't be fetched, trusted, read or loaded. `retryable` says whether waiting may help."""

    def __init__(self, reason: Reason, message: str, *, retryable: bool = False) -> None:
        super().__init__(message)
        self.reason: Reason = reason
        self.message = message
        self.retryable = retryable


class RequestError(Exception):
    """A request that gets a problem+json answer (RFC 9457) instead of a prediction.

    `apart`: how long it took says nothing about the model, so no objective may judge it.
    """

    def __init__(self, status: int, title: str, detail: str, field: str | None = None) -> None:
        super().__init__(detail)
        self.status = status
        self.title = title
        self.detail = detail
        self.field = field
        self.headers: tuple[tuple[bytes, bytes], ...] = ()
        self.apart = False


def unknown_params(params: dict[str, Any], known: str) -> RequestError:
    """400 for a request whose `params` the model does not have."""
    given = f"{params['predict_fn']!r:.200}" if isinstance(params.get("predict_fn"), str) else f"{list(params)!r:.200}"
    return RequestError(
        400, "Unknown parameter", f"this model takes params {{'predict_fn': one of {known}}}, not {given}", "params"
    )


class ClientGone(Exception):
    """The client closed its connection before the request was whole."""
