"""A lineage as a Mermaid flow chart, which Git hosts and wikis draw."""

from __future__ import annotations

import re

from slipway.report.lineage import Graph, Node

_ARROWS = {"leads": "-->", "serves": "==>", "served": "-.->", "back": "-.->"}
_CLASSES = (
    "classDef good fill:#e3f4e8,stroke:#2e7d4f,color:#14301f",
    "classDef bad fill:#fbe6e4,stroke:#b3362b,color:#46120d",
    "classDef unsure fill:#fdf3da,stroke:#a87409,color:#3f2c04",
    "classDef moving fill:#e4eefb,stroke:#2f66b3,color:#10264a",
    "classDef neutral fill:#f3f3f1,stroke:#8a8a85,color:#2b2b29",
)
_UNSAFE = re.compile(r"[^A-Za-z0-9 .,:;/()+=_%@\-]")


def text(graph: Graph) -> str:
    """The chart. Names come from registries and people: all but plain characters become character codes."""
    names = {node.key: f"n{number}" for number, node in enumerate(graph.nodes)}
    lines = ["flowchart LR"]
    lines += [f"  {names[node.key]}{_shape(node)}:::{node.tone}" for node in graph.nodes]
    for edge in graph.edges:
        label = f'|"{_escaped(edge.label)}"|' if edge.label else ""
        lines.append(f"  {names[edge.source]} {_ARROWS[edge.kind]}{label} {names[edge.target]}")
    return "\n".join([*lines, *(f"  {line}" for line in _CLASSES)]) + "\n"


def _shape(node: Node) -> str:
    label = "<br/>".join(_escaped(line) for line in node.lines)
    return f'(["{label}"])' if node.key == "production" else f'["{label}"]'


def _escaped(label: str) -> str:
    """`label` with everything that Mermaid could take for its own as a decimal character code."""
    return _UNSAFE.sub(lambda found: f"#{ord(found.group())};", label)
