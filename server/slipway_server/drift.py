"""Drift without keeping a row: each value is counted into the bins that training logged in `reference.json`.

The counters are compared with the reference's shares wherever Prometheus' data is looked at; both are exposed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from slipway_server.bundle import REFERENCE_FILE, Bundle
from slipway_server.counters import Block
from slipway_server.predictor.inputs import Inputs

FLUSH_ROWS = 1024
SAMPLE_ROWS = 256
WORD_BITS = 64
MOST_ROWS = FLUSH_ROWS + SAMPLE_ROWS
"""What waits when it is counted: fewer than are flushed, and one request more."""
TENTHS = tuple(part / 10 for part in range(1, 10))


class Bins(msgspec.Struct, frozen=True):
    """Upper bounds, ascending, each inclusive, and the share of the training data in each bin: one more than bounds."""

    edges: tuple[float, ...]
    shares: tuple[float, ...] = ()


class Reference(msgspec.Struct, frozen=True):
    """What training logged beside the model."""

    features: dict[str, Bins] = {}
    score: Bins = Bins(TENTHS)


def reference(directory: Path) -> Reference:
    """Read `reference.json` beside the model. None, or one that can't be read, is an empty reference."""
    try:
        found = msgspec.json.decode((directory / REFERENCE_FILE).read_bytes(), type=Reference)
    except (OSError, msgspec.DecodeError):
        return Reference()
    return found if found.score.edges else msgspec.structs.replace(found, score=Bins(TENTHS))


class Table:
    """Counts all columns of a matrix at once: a pass per edge, not a pass per column.

    Its memory is kept: that of fresh arrays came from the kernel, page by page, and took as long as the counting.
    """

    def __init__(self, names: Sequence[str], edges: dict[str, NDArray[Any]], starts: dict[str, int]) -> None:
        places = [index for index, name in enumerate(names) if name in edges]
        self.places = slice(None) if len(places) == len(names) else places
        own = [edges[names[index]] for index in places]
        most = max(len(each) for each in own)
        self.edges = np.full((most, len(own), 1), np.inf)
        self.cells = np.zeros((most + 2, len(own)), dtype=np.int64)
        """The cell of each column's bins, and in the last row that of its missing values."""
        for column, (place, each) in enumerate(zip(places, own, strict=True)):
            self.edges[: len(each), column, 0] = each
            self.cells[:, column] = starts[names[place]]
            self.cells[: len(each) + 1, column] += np.arange(len(each) + 1)
            self.cells[-1, column] += len(each) + 1
        self.rows = np.empty((MOST_ROWS, len(names)))
        self.values = np.empty((len(own), MOST_ROWS))
        self.taken = 0

    def take(self, matrix: NDArray[Any]) -> None:
        """Remember the rows of `matrix` until they are counted; at most MOST_ROWS."""
        end = self.taken + len(matrix)
        self.rows[self.taken : end] = matrix
        self.taken = end

    def counts(self, width: int) -> NDArray[Any]:
        """How many of the values that were taken fell into each of `width` cells; they are forgotten.

        Per column and edge, a bit says whether a row's value is above; a bin has what is above its lower edge and not
        above its upper one.
        """
        count, self.taken = self.taken, 0
        padded = -(-count // WORD_BITS) * WORD_BITS
        self.rows[count:padded] = np.nan
        values = self.values[:, :padded]
        values[:] = self.rows[:padded].T[self.places]
        above = (~np.isnan(values), *(values > edge for edge in self.edges))
        bits = np.array([np.packbits(each, axis=1) for each in above])
        reached = np.bitwise_count(bits.view(np.uint64)).sum(axis=2, dtype=np.int64)
        bins = [*(reached[:-1] - reached[1:]), reached[-1], count - reached[0]]
        return np.bincount(self.cells.ravel(), np.concatenate(bins), width)


class Drift:
    """The counters of one model. Counting is put off until `FLUSH_ROWS` rows are there, or somebody looks."""

    def __init__(self, bundle: Bundle, expected: Reference, workers: int = 1) -> None:
        self.names = [column.name for column in bundle.signature.matrix_columns]
        self.expected = expected
        self.starts: dict[str, int] = {}
        end = 0
        for name in self.names:
            if name in expected.features:
                self.starts[name] = end
                end += len(expected.features[name].edges) + 2  # and one for missing values
        self.score_start = end
        end += len(expected.score.edges) + 1
        self.classes = list(bundle.classes)
        self.class_start = end
        self.block = Block(end + len(self.classes) + 1, workers)
        # Sorted, whatever the file says: out of order, bins would be counted down, and a counter never falls.
        self.edges = {name: np.sort(np.array(expected.features[name].edges, dtype=float)) for name in self.starts}
        self.table = Table(self.names, self.edges, self.starts) if self.starts else None
        self.score_edges = np.array(expected.score.edges)
        self.columns: list[Inputs] = []
        self.answers: list[Any] = []
        self.rows = 0
        self.be(0)

    def be(self, worker: int) -> None:
        """Count as this worker from now on."""
        self.cells = self.block.row(worker)

    def seen(self, inputs: Inputs, answer: Any) -> None:
        """Remember one answered request until the next flush; of a matrix a copy, so that its memory is free."""
        if inputs.columns is not None:
            self.columns.append(inputs)
        elif inputs.matrix is not None and self.table is not None:
            self.table.take(_sampled(inputs.matrix))
        self.answers.append(answer)
        self.rows += inputs.rows
        if self.rows >= FLUSH_ROWS:
            self.flush()

    def flush(self) -> None:
        """Count what waits, and forget it."""
        columns, self.columns, found, self.answers, self.rows = self.columns, [], self.answers, [], 0
        if self.table is not None and self.table.taken:
            counted = np.asarray(self.cells)[: self.score_start]
            counted += self.table.counts(self.score_start)
        for name, values in self._values(columns):
            self._count(name, values)
        answers: dict[tuple[str, tuple[int, ...]], list[NDArray[Any]]] = {}
        for answer in found:
            if isinstance(answer, np.ndarray) and answer.ndim in (1, 2) and answer.size:
                answers.setdefault((answer.dtype.kind, answer.shape[1:]), []).append(_sampled(answer))
        for alike in answers.values():
            self._count_answers(np.concatenate(alike))

    def _values(self, inputs: list[Inputs]) -> Iterator[tuple[str, NDArray[Any]]]:
        """The values to count, by column that the reference knows."""
        for name in self.starts if inputs else ():
            parts = [_sampled((each.columns or {})[name]) for each in inputs]
            yield name, np.concatenate([part for part in parts if part.dtype.kind in "fiu"] or [np.empty(0)])

    def _count(self, name: str, values: NDArray[Any]) -> None:
        holes = np.isnan(values)
        start, edges = self.starts[name], self.edges[name]
        present = values[~holes] if holes.any() else values
        counts = np.bincount(np.searchsorted(edges, present), minlength=len(edges) + 1)
        for index, count in enumerate([*counts.tolist(), int(holes.sum())]):
            if count:
                self.cells[start + index] += count

    def _count_answers(self, answers: NDArray[Any]) -> None:
        if answers.dtype.kind == "f" and (answers.ndim == 1 or answers.shape[1] <= 2):
            scores = answers if answers.ndim == 1 else answers[:, -1]
            counts = np.bincount(np.searchsorted(self.score_edges, scores)).tolist()
            for place, count in enumerate(counts):
                self.cells[self.score_start + place] += count
        elif answers.ndim == 2 and answers.dtype.kind == "f":
            for place, count in enumerate(np.bincount(answers.argmax(axis=1)).tolist()):
                self.cells[self.class_start + min(place, len(self.classes))] += count
        elif answers.ndim == 1:
            for label, count in Counter(answers.tolist()).items():
                self.cells[self.class_start + self._place(label)] += count

    def _place(self, label: Any) -> int:
        return self.classes.index(label) if label in self.classes else len(self.classes)

    def collect(self) -> Iterator[Metric]:
        """prometheus-client's side of a collector."""
        self.flush()
        rows = CounterMetricFamily(
            "inference_feature_rows", "Values by bin of the training data's quantiles.", labels=["feature", "bin"]
        )
        shares = GaugeMetricFamily(
            "inference_feature_reference_share", "The training data's share in each bin.", labels=["feature", "bin"]
        )
        for name, start in self.starts.items():
            bins = self.expected.features[name]
            self._add(rows, [name], start, [*map(str, range(len(bins.edges) + 1)), "missing"])
            for index, share in enumerate(bins.shares):
                shares.add_metric([name, str(index)], share)
        yield rows
        yield shares
        yield from self._scores()

    def _scores(self) -> Iterator[Metric]:
        scores = CounterMetricFamily("inference_score_rows", "Scores by bin.", labels=["bin"])
        self._add(scores, [], self.score_start, [str(index) for index in range(len(self.score_edges) + 1)])
        yield scores
        shares = GaugeMetricFamily("inference_score_reference_share", "The holdout's share per bin.", labels=["bin"])
        for index, share in enumerate(self.expected.score.shares):
            shares.add_metric([str(index)], share)
        yield shares
        predictions = CounterMetricFamily("inference_predictions", "Predicted labels.", labels=["label"])
        self._add(predictions, [], self.class_start, [*map(str, self.classes), "other"])
        yield predictions

    def _add(self, family: CounterMetricFamily, labels: Sequence[str], start: int, names: Sequence[str]) -> None:
        for index, name in enumerate(names):
            family.add_metric([*labels, name], self.block.total(start + index))


def _sampled(values: NDArray[Any]) -> NDArray[Any]:
    """Of a large request every n-th row only, so that counting never holds up the others."""
    return values if len(values) <= SAMPLE_ROWS else values[:: -(-len(values) // SAMPLE_ROWS)]
