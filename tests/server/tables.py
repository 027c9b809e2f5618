"""Requests of any number of rows to the forest, by both protocols."""

from __future__ import annotations

from typing import Any

NAMES = ["a", "b c", "d", "e"]
ROW = [0.5, 1.0, -3.0, 0.01]


def split(rows: int) -> dict[str, Any]:
    """A request of so many rows."""
    return {"dataframe_split": {"columns": NAMES, "data": [ROW] * rows}}


def tensor(rows: int) -> dict[str, Any]:
    """The same by the Open Inference Protocol."""
    return {"inputs": [{"name": "input", "shape": [rows, 4], "datatype": "FP64", "data": ROW * rows}]}
