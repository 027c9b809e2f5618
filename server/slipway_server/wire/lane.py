"""The fast lane: requests that a compiled model answers at once, from parsed bytes to written bytes without a task.

Small requests that arrive in the same turn of the event loop share one call of the model, which costs hardly more than
a call for one of them. Nobody waits for company: a turn ends when nothing more has arrived. Whatever does not fit is
left to the ASGI application, which answers it the same way.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from http import HTTPStatus
from time import perf_counter
from typing import NamedTuple

from slipway_contract import paths
from slipway_server.errors import RequestError
from slipway_server.foreign import ForeignError, foreign, own_fault
from slipway_server.predictor.runner import overloaded
from slipway_server.protocols import answer as mlflow_answer
from slipway_server.protocols import answers
from slipway_server.protocols.answers import JSON, Answer, Counted
from slipway_server.protocols.tables.bulk import WORTH_BYTES
from slipway_server.protocols.tables.matrix import Rows
from slipway_server.serving.service import Headers, Model, Service, Took
from slipway_server.wire.aside import LARGE_BYTES

PATH = paths.INVOCATIONS.encode()
Reply = Callable[[Counted], None]
_STATUS = {status.value: b"HTTP/1.1 %d %s\r\n" % (status.value, status.phrase.encode()) for status in HTTPStatus}
_PLAIN = frozenset({b"application/json", b"application/json; charset=utf-8", b"application/json;charset=utf-8"})
_OTHER_WAY = frozenset({b"content-encoding", b"transfer-encoding"})


class Request(NamedTuple):
    """A request, when it had arrived whole, and how its answer is written."""

    headers: Headers
    started: float
    reply: Reply


class Waiting(NamedTuple):
    """A request that has been read, by the model that is to answer it."""

    model: Model
    rows: Rows
    request: Request


class Lane:
    """Shared by all connections of a process."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.limit = min(LARGE_BYTES, service.settings.max_body_bytes)
        self.waiting: deque[Waiting] = deque()
        self.common: tuple[Headers, bytes] = ([], b"")
        self.head = b""

    def takes(self, headers: Headers) -> bool:
        """Whether a request with these headers may pass: plain JSON of a known, small size."""
        length = b""
        for name, value in headers:
            if name == b"content-length":
                length = value
            elif name == b"content-type":
                if value not in _PLAIN:
                    return False
            elif name in _OTHER_WAY:
                return False
        return length.isdigit() and int(length) <= self.limit

    def enter(self, headers: Headers, body: bytes, reply: Reply) -> bool:
        """Take an `/invocations` request, whose answer goes to `reply`; False when it is none for this lane."""
        model = self.service.model
        if model is None or not model.rows_at_once:
            return False
        request = Request(headers, perf_counter(), reply)
        try:
            return foreign(self._taken, model, body, request)
        except RequestError as error:
            self._done(request, answers.of_error(error))
        except ForeignError as error:
            self._done(request, answers.of_error(own_fault(error)))
        return True

    def _taken(self, model: Model, body: bytes, request: Request) -> bool:
        if model.matrices is None or len(body) >= WORTH_BYTES:
            return self._at_once(model, body, request)
        rows, params = model.matrices.rows(body)
        if params or len(rows) > model.rows_at_once:
            return False
        self._wait(Waiting(model, rows, request))
        return True

    def _at_once(self, model: Model, body: bytes, request: Request) -> bool:
        inputs = model.reader.read(body)
        if inputs.rows > model.rows_at_once:
            return False
        self._done(request, Answer(200, JSON, mlflow_answer.encode(model.at_once(inputs))))
        return True

    def _wait(self, waiting: Waiting) -> None:
        limit = self.service.settings.max_queue
        if len(self.waiting) >= limit + waiting.model.rows_at_once:
            raise overloaded(limit)
        if not self.waiting:
            asyncio.get_running_loop().call_soon(self._turn)
        self.waiting.append(waiting)

    def flush(self) -> None:
        """Answer everything that waits."""
        while self.waiting:
            self._answer(self._batch())

    def _turn(self) -> None:
        """Answer as many rows as one turn of the loop may cost; the rest comes after others have had theirs."""
        if self.waiting:
            self._answer(self._batch())
        if self.waiting:
            asyncio.get_running_loop().call_soon(self._turn)

    def _batch(self) -> list[Waiting]:
        batch = [self.waiting.popleft()]
        model, count = batch[0].model, len(batch[0].rows)
        while self.waiting and self.waiting[0].model is model:
            count += len(self.waiting[0].rows)
            if count > model.rows_at_once:
                break
            batch.append(self.waiting.popleft())
        return batch

    def _answer(self, batch: list[Waiting]) -> None:
        try:
            written = foreign(self._written, batch)
        except (RequestError, ForeignError) as error:
            if len(batch) == 1:
                refused = error if isinstance(error, RequestError) else own_fault(error)
                self._done(batch[0].request, answers.of_error(refused))
                return
            for each in batch:  # one does not fit: each by itself, so that no other is refused with it
                self._answer([each])
            return
        now = perf_counter()
        took = [now - each.request.started for each in batch]
        counted = self.service.counted_together(written, took, [each.request.headers for each in batch])
        for each, answer in zip(batch, counted, strict=True):
            each.request.reply(answer)

    def _written(self, batch: list[Waiting]) -> list[Answer]:
        """One answer per request of the batch. Raises `RequestError` where one of them does not fit."""
        model = batch[0].model
        found = model.at_once(model.together([each.rows for each in batch]))
        written, start = [], 0
        for each in batch:
            end = start + len(each.rows)
            written.append(Answer(200, JSON, mlflow_answer.encode(found[start:end])))
            start = end
        return written

    def _done(self, request: Request, answer: Answer) -> None:
        took = Took("invocations", perf_counter() - request.started, request.headers)
        request.reply(self.service.counted(answer, took))

    def written(self, answer: Answer, common: Headers, *, close: bool) -> bytes:
        """The bytes of one answer; `common` are the headers that the server puts everywhere, its date for instance."""
        known, identity = self.common
        if common is not known or identity is not self.service.identity_lines:  # a new second, or another model
            self.common = common, self.service.identity_lines
            self.head = self._head(Answer(200, JSON, b""))
        head = self.head if answer.status == 200 else self._head(answer)
        ending = b"\r\nconnection: close\r\n\r\n" if close else b"\r\n\r\n"
        return b"%bcontent-length: %d%b%b" % (head, len(answer.body), ending, answer.body)

    def _head(self, answer: Answer) -> bytes:
        common, identity = self.common
        pairs = (*common, *answer.headers, (b"content-type", answer.kind))
        return b"".join([_STATUS[answer.status], identity, *(b"%b: %b\r\n" % pair for pair in pairs)])
