"""What is measured: which servers stand beside each other, under which load, and what is asked of the ratio."""

from __future__ import annotations

from dataclasses import dataclass

from benchmarks.serving.load import Load


@dataclass(frozen=True)
class Cell:
    """One comparison. `targets`: for a peer, the least ratio of our requests per second to its."""

    title: str
    model: str
    ours: str
    rows: int
    load: Load
    targets: dict[str, float]


def cells(seconds: float) -> list[Cell]:
    """All comparisons, each run `seconds` long."""
    many = Load(32, seconds)
    batch = Load(4, seconds)
    return [
        Cell("random forest, one row, 32 connections", "forest", "compiled", 1, many, _FOREST),
        Cell("logistic regression, one row, 32 connections", "logistic", "compiled", 1, many, _LOGISTIC),
        Cell("random forest, not compiled, one row, 32 connections", "forest", "native", 1, many, {"mlflow": 35}),
        Cell("Python function (pandas), one row, 32 connections", "pyfunc", "native", 1, many, {"mlflow": 1.5}),
        Cell("random forest, 1,000 rows, 4 connections", "forest", "compiled", 1000, batch, {"mlflow": 8}),
        Cell("logistic regression, 1,000 rows, 4 connections", "logistic", "compiled", 1000, batch, {"mlflow": 25}),
    ]


_FOREST = {"mlflow": 300, "mlserver": 200, "raw ASGI": 0.5}
_LOGISTIC = {"mlflow": 100, "mlserver": 80}
