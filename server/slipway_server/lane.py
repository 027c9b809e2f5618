"""The fast lane: requests that a compiled model answers at once, from parsed bytes to written bytes without a task.

Whatever does not fit is left to the ASGI application, which answers it the same way.
"""

from __future__ import annotations

from http import HTTPStatus
from time import perf_counter

from slipway_server import answers
from slipway_server.answers import JSON, Answer
from slipway_server.errors import RequestError
from slipway_server.service import Service

LIMIT = 64 * 1024
PATH = b"/invocations"
_STATUS = {status.value: b"HTTP/1.1 %d %s\r\n" % (status.value, status.phrase.encode()) for status in HTTPStatus}
_PLAIN = frozenset({b"application/json", b"application/json; charset=utf-8", b"application/json;charset=utf-8"})
_OTHER_WAY = frozenset({b"content-encoding", b"transfer-encoding"})


class Lane:
    """Shared by all connections of a process."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.limit = min(LIMIT, service.settings.max_body_bytes)

    def takes(self, headers: list[tuple[bytes, bytes]]) -> bool:
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

    def answer(self, headers: list[tuple[bytes, bytes]], body: bytes) -> Answer | None:
        """Answer an `/invocations` request; None when it has to queue, or is none that this lane knows."""
        model = self.service.model
        if model is None or model.inline is None:
            return None
        started = perf_counter()
        try:
            found = model.at_once(body)
            if found is None:
                return None
            answer = Answer(200, JSON, found)
        except RequestError as error:
            answer = answers.of_error(error)
        self.service.done("invocations", answer.status, perf_counter() - started, headers)
        return answer

    def written(self, answer: Answer, common: list[tuple[bytes, bytes]], *, close: bool) -> bytes:
        """The bytes of one answer; `common` are the headers that the server puts everywhere, its date for instance."""
        head = [_STATUS[answer.status], self.service.identity_lines]
        head += [b"%s: %s\r\n" % pair for pair in (*common, *answer.headers)]
        if close:
            head.append(b"connection: close\r\n")
        head.append(b"content-type: %s\r\ncontent-length: %d\r\n\r\n" % (answer.kind, len(answer.body)))
        head.append(answer.body)
        return b"".join(head)
