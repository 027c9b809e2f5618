"""Where production comes from: data version → run → model version → gates → revision → production, as a graph."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from itertools import pairwise

from slipway.api.gates.verdict import Verdict
from slipway.api.revision import ModelRevision
from slipway.report.story import Story, tone

DATA_TAG = "data.version"
PRODUCTION = "production"


class Lane(IntEnum):
    """The kinds of nodes, in the order in which one leads to the next."""

    DATA = 0
    RUN = 1
    VERSION = 2
    GATES = 3
    REVISION = 4
    PRODUCTION = 5


@dataclass(frozen=True)
class Node:
    """One thing. `lines` are its label; the first names it."""

    key: str
    column: Lane
    lines: tuple[str, ...]
    tone: str = "neutral"


@dataclass(frozen=True)
class Edge:
    """One thing leads to another. `kind` is leads, serves (now), served (before) or back (a rollback)."""

    source: str
    target: str
    label: str = ""
    kind: str = "leads"


@dataclass(frozen=True)
class Graph:
    """A lineage."""

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]


def lineage(story: Story) -> Graph:
    """The lineage of every revision of the release; what several revisions share stands once."""
    nodes: dict[str, Node] = {}
    edges: dict[tuple[str, str, str, str], Edge] = {}
    for node in (node for revision in story.revisions for node in _chain(story, revision)):
        nodes.setdefault(node.key, node)
    for edge in _edges(story):
        edges.setdefault((edge.source, edge.target, edge.kind, edge.label), edge)
    if story.served:
        nodes[PRODUCTION] = Node(PRODUCTION, Lane.PRODUCTION, ("production", story.release.metadata.name), "good")
    return Graph(tuple(nodes.values()), tuple(edges.values()))


def _chain(story: Story, revision: ModelRevision) -> tuple[Node, ...]:
    """The nodes of one revision, first to last."""
    model, status = revision.spec.model, revision.status
    described = story.versions.get(model.version)
    data = (described.tags.get(DATA_TAG) if described else None) or "unknown"
    run, digest = model.run_id or "unknown", revision.digest
    return (
        Node(f"data:{data}", Lane.DATA, ("data version", data)),
        Node(f"run:{run}", Lane.RUN, ("run", run[:12])),
        Node(f"version:{model.version}", Lane.VERSION, (f"version {model.version}", _short(digest))),
        Node(f"gates:{revision.name}", Lane.GATES, _gates(revision), _gates_tone(revision)),
        Node(f"revision:{revision.name}", Lane.REVISION, (revision.name, status.phase.value), tone(status.phase)),
    )


def _edges(story: Story) -> Iterator[Edge]:
    for revision in story.revisions:
        keys = [node.key for node in _chain(story, revision)]
        for source, target in pairwise(keys):
            yield Edge(source, target)
        if revision.status.flipped_at:
            serves = revision is story.live
            label = f"{'since' if serves else 'served from'} {revision.status.flipped_at[:19]}Z"
            yield Edge(f"revision:{revision.name}", PRODUCTION, label, "serves" if serves else "served")
    known = {revision.name for revision in story.revisions}
    for back in story.rollbacks:
        if {back.source, back.target} <= known:
            label = f"rolled back {back.at[:19]}Z by {back.actor}"
            yield Edge(f"revision:{back.source}", f"revision:{back.target}", label, "back")


def _gates(revision: ModelRevision) -> tuple[str, ...]:
    results = revision.status.gates
    lines = tuple(f"{r.name}: {r.verdict.value}{' (dry run)' if r.dry_run else ''}" for r in results)
    return (f"gates of {revision.name}", *(lines or ("none ran",)))


def _gates_tone(revision: ModelRevision) -> str:
    blocking = {result.verdict for result in revision.status.gates if result.blocks}
    if not revision.status.gates:
        return "neutral"
    if not blocking:
        return "good"
    return "unsure" if blocking == {Verdict.INCONCLUSIVE} else "bad"


def _short(digest: str | None) -> str:
    return digest.removeprefix("sha256:")[:12] if digest else "not fetched"
