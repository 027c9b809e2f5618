"""The one boundary to foreign code: models and their libraries may raise anything at all."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import ParamSpec, TypeVar

from slipway_server.errors import ClientGone, ModelError, RequestError

P = ParamSpec("P")
T = TypeVar("T")


class ForeignError(Exception):
    """What foreign code raised. `refusal`: the input is not for the model, which is no fault of the model's.

    Estimators say so by a ValueError, MLflow by an error that stands for a 4xx; `Accountable` finds out about the rest.
    """

    def __init__(self, error: Exception) -> None:
        super().__init__(f"{type(error).__name__}: {error}"[:500])
        self.refusal = isinstance(error, ValueError) or _for_the_client(error)

    def as_request_error(self) -> RequestError:
        """The answer to the request that caused it."""
        if self.refusal:
            return RequestError(400, "The model refuses the input", str(self))
        return RequestError(500, "The model failed", str(self))


def _for_the_client(error: Exception) -> bool:
    """Whether it is MLflow's, which knows a status for each of its errors."""
    status = getattr(error, "get_http_status_code", None)
    return callable(status) and type(error).__module__.startswith("mlflow.") and 400 <= status() < 500


def foreign(call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Return what `call` returns. Raises our own errors as they are, and `ForeignError` for everything else."""
    try:
        return call(*args, **kwargs)
    except (ModelError, RequestError, ForeignError):
        raise
    except Exception as error:
        raise ForeignError(error) from error


def own_fault(error: Exception) -> RequestError:
    """500 for what should not have happened here; the log has the rest."""
    logging.getLogger("slipway").error("a request failed by a fault of the server", exc_info=error)
    return RequestError(500, "The server failed", f"a fault of the server itself: {str(error)[:500]}")


async def contained(work: Awaitable[T]) -> T:
    """Return what `work` returns. Raises our own errors as they are, and `own_fault` for everything else."""
    try:
        return await work
    except (RequestError, ClientGone):
        raise
    except Exception as error:
        raise own_fault(error) from error
