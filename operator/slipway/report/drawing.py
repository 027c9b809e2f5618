"""A lineage as SVG: one row for each revision, one column for each kind of node, nothing to load from a network."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

from slipway.report.lineage import Edge, Graph, Lane, Node

WIDTH, GAP_X, GAP_Y, MARGIN = 190, 44, 24, 16
LINE, PADDING = 16, 10
BULGE = 70
"""How far a rollback's arrow swings out to the right."""
LONGEST_LABEL = 23

HEADINGS = ("Data", "Run", "Model version", "Gates", "Revision", "Production")


@dataclass(frozen=True)
class Box:
    """Where a node is drawn, in pixels."""

    x: float
    y: float
    height: float

    @property
    def middle(self) -> float:
        """The height at which arrows come and go."""
        return self.y + self.height / 2


def svg(graph: Graph) -> str:
    """The drawing of `graph`."""
    boxes = layout(graph)
    width = MARGIN * 2 + len(Lane) * WIDTH + (len(Lane) - 1) * GAP_X + BULGE
    height = max((box.y + box.height for box in boxes.values()), default=40.0) + MARGIN
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" class="lineage" viewBox="0 0 {width} {height:g}" '
        f'width="{width}" height="{height:g}" role="img" aria-label="Lineage">',
        '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="9" markerHeight="9" '
        'markerUnits="userSpaceOnUse" orient="auto">'
        '<path d="M0 0 8 4 0 8z" class="tip"/></marker></defs>',
        *(_heading(column) for column in Lane),
        *(_arrow(edge, boxes[edge.source], boxes[edge.target]) for edge in graph.edges),
        *(_box(node, boxes[node.key]) for node in graph.nodes),
        "</svg>",
    ]
    return "\n".join(parts)


def layout(graph: Graph) -> dict[str, Box]:
    """Each node in its column, at the height of the first revision that it leads to."""
    rows = _rows(graph)
    heights = [
        max((_height(n) for n in graph.nodes if rows.get(n.key) == row), default=0.0) for row in range(_count(rows))
    ]
    tops, top = [], MARGIN + 30.0
    for height in heights:
        tops.append(top)
        top += height + GAP_Y
    boxes: dict[str, Box] = {}
    for node in graph.nodes:
        row, height = rows.get(node.key, 0), _height(node)
        y = tops[row] + (heights[row] - height) / 2 if tops else MARGIN + 30.0
        boxes[node.key] = Box(_x(node.column), y, height)
    return boxes


def _count(rows: dict[str, int]) -> int:
    return max(rows.values(), default=-1) + 1


def _rows(graph: Graph) -> dict[str, int]:
    """Node → row. Production stands beside what it serves, or last served."""
    revisions = [node.key for node in graph.nodes if node.column is Lane.REVISION]
    rows = {key: row for row, key in enumerate(revisions)}
    leads = {edge.source: edge.target for edge in reversed(graph.edges) if edge.kind == "leads"}
    for node in graph.nodes:
        key = node.key
        while key not in rows and key in leads:
            key = leads[key]
        rows.setdefault(node.key, rows.get(key, 0))
    serving = [edge for edge in graph.edges if edge.kind in ("serves", "served")]
    for edge in sorted(serving, key=lambda e: e.kind == "serves"):
        rows[edge.target] = rows[edge.source]
    return rows


def _x(column: Lane) -> float:
    return MARGIN + column * (WIDTH + GAP_X) + (BULGE if column is Lane.PRODUCTION else 0)


def _height(node: Node) -> float:
    return len(node.lines) * LINE + 2 * PADDING


def _heading(column: Lane) -> str:
    return f'<text class="heading" x="{_x(column):g}" y="{MARGIN + 6}">{HEADINGS[column]}</text>'


def _box(node: Node, box: Box) -> str:
    radius = 18 if node.column is Lane.PRODUCTION else 6
    lines = "".join(
        f'<tspan x="{box.x + 12:g}" dy="{0 if number == 0 else LINE}" class="{"first" if number == 0 else "rest"}">'
        f"{escape(_cut(line))}</tspan>"
        for number, line in enumerate(node.lines)
    )
    title = f"<title>{escape(' · '.join(node.lines))}</title>"
    return (
        f'<g class="node {node.tone}">{title}<rect x="{box.x:g}" y="{box.y:g}" width="{WIDTH}" '
        f'height="{box.height:g}" rx="{radius}"/><text y="{box.y + PADDING + 12:g}">{lines}</text></g>'
    )


def _cut(line: str) -> str:
    """Names differ at their ends: what is too long loses its middle."""
    if len(line) <= LONGEST_LABEL:
        return line
    head = LONGEST_LABEL // 2
    return f"{line[:head]}…{line[len(line) - (LONGEST_LABEL - head - 1) :]}"


def _arrow(edge: Edge, source: Box, target: Box) -> str:
    title = f"<title>{escape(edge.label)}</title>" if edge.label else ""
    return f'<g class="edge {edge.kind}">{title}<path d="{_path(edge, source, target)}" marker-end="url(#tip)"/></g>'


def _path(edge: Edge, source: Box, target: Box) -> str:
    start = source.x + WIDTH
    if edge.kind == "back":
        swing = start + BULGE
        return (
            f"M{start:g} {source.middle:g} C{swing:g} {source.middle:g} "
            f"{swing:g} {target.middle:g} {target.x + WIDTH:g} {target.middle:g}"
        )
    bend = (target.x - start) / 2
    return (
        f"M{start:g} {source.middle:g} C{start + bend:g} {source.middle:g} "
        f"{target.x - bend:g} {target.middle:g} {target.x:g} {target.middle:g}"
    )
