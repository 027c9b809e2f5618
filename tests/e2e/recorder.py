"""What was made and how often production was flipped, as the API server's watches tell it: nothing escapes them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from threading import Thread
from typing import Any

from urllib3.exceptions import HTTPError

from tests.e2e.cluster import Cluster, Object, events

KINDS = ("Deployment", "EndpointSlice", "Job", "ModelRevision", "Service")
ROUTED = (*KINDS, "HTTPRoute")
"""Where there is a gateway."""
_LONGEST_SECONDS = 1800
_REVISION = "slipway.dev/revision"
_SERVICE = "kubernetes.io/service-name"


@dataclass
class Record:
    """What one namespace saw."""

    service: str
    """The production Service."""
    made: list[tuple[str, str]] = field(default_factory=list)
    """Kind and name of everything that was created."""
    flips: list[tuple[float, str]] = field(default_factory=list)
    """When production was seen to be moved, and to which revision."""
    weights: list[dict[str, int]] = field(default_factory=list)
    """What the route gave each revision: every change."""
    without_endpoints: list[float] = field(default_factory=list)
    """When production had no ready pod, after it once had one."""
    _selected: str = ""
    _ready: dict[str, int] = field(default_factory=dict)

    def count(self, kind: str) -> int:
        """How many objects of `kind` were created."""
        return sum(made == kind for made, _ in self.made)

    def note(self, at: float, event: str, kind: str, found: Object) -> None:
        """One event of a watch."""
        name = str(found["metadata"]["name"])
        if event == "ADDED":
            self.made.append((kind, name))
        if kind == "Service" and name == self.service and event != "DELETED":
            self._selector(at, event, str(found["spec"]["selector"].get(_REVISION)))
        if kind == "HTTPRoute" and name == self.service and event != "DELETED":
            self._route(found)
        if kind == "EndpointSlice" and found["metadata"]["labels"].get(_SERVICE) == self.service:
            self._endpoints(at, event, name, found)

    def _selector(self, at: float, event: str, revision: str) -> None:
        known = self._selected or (revision if event == "ADDED" else "")
        if known != revision:
            self.flips.append((at, revision))
        self._selected = revision

    def _route(self, found: Object) -> None:
        given = {b["name"]: b["weight"] for b in found["spec"]["rules"][0]["backendRefs"]}
        if self.weights[-1:] != [given]:
            self.weights.append(given)

    def _endpoints(self, at: float, event: str, name: str, found: Object) -> None:
        had_some = sum(self._ready.values()) > 0
        ready = [e for e in found.get("endpoints") or [] if e["conditions"].get("ready")]
        self._ready[name] = 0 if event == "DELETED" else len(ready)
        if had_some and sum(self._ready.values()) == 0:
            self.without_endpoints.append(at)


@contextmanager
def recording(cluster: Cluster, namespace: str, service: str, kinds: Sequence[str] = KINDS) -> Iterator[Record]:
    """A record of `namespace` for as long as the context lasts."""
    record, threads = Record(service), []
    with ExitStack() as streams:
        for kind in kinds:
            stream = streams.enter_context(cluster.stream(kind, namespace, _LONGEST_SECONDS))
            streams.callback(stream.shutdown)
            threads.append(Thread(target=_follow, args=(record, kind, stream), daemon=True))
            threads[-1].start()
        yield record
    for thread in threads:
        thread.join(timeout=10)


def _follow(record: Record, kind: str, stream: Any) -> None:
    with suppress(HTTPError):  # the stream is shut down while it is read: that is its end
        for at, event, found in events(stream):
            record.note(at, event, kind, found)
