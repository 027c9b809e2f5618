"""Drift without keeping a row: values are counted into the bins that training logged in `reference.json`.

The counters are compared with the reference's shares wherever Prometheus' data is looked at; both are exposed. Shares
need no more than a sample: of the features, about `SAMPLE_ROWS` rows are counted between two looks, which the server
takes every second. So what features cost does not grow with the load. Answers are counted under any load.
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

from slipway_server.model.bundle import REFERENCE_FILE, Bundle
from slipway_server.model.inputs import Inputs
from slipway_server.observing.counters import Block

SAMPLE_ROWS = 1024
"""Of features, between two looks."""
REQUEST_ROWS = 256
"""Of what is answered together, features and answers: counting a large request never holds up the others."""
ANSWER_ROWS = 1024
"""As many answers are counted at once."""
MOST_ROWS = SAMPLE_ROWS + REQUEST_ROWS
"""What waits when it is counted: less than the sample, and one request more."""
WORD_BITS = 64
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
    """The counters of one model. Counting is put off until many rows are there, or somebody looks."""

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
        self.columns: list[dict[str, NDArray[Any]]] = []
        self.sampled = 0
        self.answers: list[NDArray[Any]] = []
        self.answered = 0
        self.be(0)

    def be(self, worker: int) -> None:
        """Count as this worker from now on."""
        self.cells = self.block.row(worker)

    def seen(self, inputs: Inputs, answer: Any) -> None:
        """Remember what was answered together until it is counted."""
        if self.sampled < SAMPLE_ROWS:
            self._sample(inputs)
        if isinstance(answer, np.ndarray) and answer.ndim in (1, 2) and answer.size:
            self.answers.append(_thinned(answer))
        self.answered += inputs.rows
        if self.answered >= ANSWER_ROWS:
            self._count_answers()

    def _sample(self, inputs: Inputs) -> None:
        """Remember features, as many of a request as are counted of it."""
        self.sampled += min(inputs.rows, REQUEST_ROWS)
        if inputs.columns is not None:
            given = inputs.columns  # without the optional ones that the request left out
            self.columns.append({name: _thinned(given[name]) for name in self.starts if name in given})
        elif inputs.matrix is not None and self.table is not None:
            self.table.take(_thinned(inputs.matrix))

    def flush(self) -> None:
        """Somebody looks: count what waits, and begin another sample."""
        columns, self.columns, self.sampled = self.columns, [], 0
        if self.table is not None and self.table.taken:
            counted = np.asarray(self.cells)[: self.score_start]
            counted += self.table.counts(self.score_start)
        for name, values in self._values(columns):
            self._count(name, values)
        self._count_answers()

    def _values(self, sample: list[dict[str, NDArray[Any]]]) -> Iterator[tuple[str, NDArray[Any]]]:
        """The values to count, by column that the reference knows."""
        for name in self.starts if sample else ():
            parts = [each[name] for each in sample if name in each and each[name].dtype.kind in "fiu"]
            yield name, np.concatenate(parts or [np.empty(0)])

    def _count(self, name: str, values: NDArray[Any]) -> None:
        holes = np.isnan(values)
        start, edges = self.starts[name], self.edges[name]
        present = values[~holes] if holes.any() else values
        counts = np.bincount(np.searchsorted(edges, present), minlength=len(edges) + 1)
        for index, count in enumerate([*counts.tolist(), int(holes.sum())]):
            if count:
                self.cells[start + index] += count

    def _count_answers(self) -> None:
        found, self.answers, self.answered = self.answers, [], 0
        alike: dict[tuple[str, tuple[int, ...]], list[NDArray[Any]]] = {}
        for answer in found:
            alike.setdefault((answer.dtype.kind, answer.shape[1:]), []).append(answer)
        for each in alike.values():
            self._count_alike(np.concatenate(each))

    def _count_alike(self, answers: NDArray[Any]) -> None:
        if answers.dtype.kind == "f" and (answers.ndim == 1 or answers.shape[1] <= 2):
            scores = answers if answers.ndim == 1 else answers[:, -1]
            counts = np.bincount(np.searchsorted(self.score_edges, scores)).tolist()
            for place, count in enumerate(counts):
                self.cells[self.score_start + place] += count
        elif answers.ndim == 2 and answers.dtype.kind == "f":
            for place, count in enumerate(np.bincount(answers.argmax(axis=1)).tolist()):
                self.cells[self.class_start + min(place, len(self.classes))] += count
        elif answers.ndim == 1:
            labels = answers.tolist()
            for label, count in Counter(map(_label, labels) if answers.dtype.kind == "O" else labels).items():
                self.cells[self.class_start + self._place(label)] += count

    def _place(self, label: Any) -> int:
        return self.classes.index(label) if label in self.classes else len(self.classes)

    def collect(self) -> Iterator[Metric]:
        """prometheus-client's side of a collector."""
        self.flush()
        rows = CounterMetricFamily(
            "inference_feature_rows",
            "Values by bin of the training data's quantiles, of a sample of the rows.",
            labels=["feature", "bin"],
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


def _label(value: Any) -> Any:
    """A value that can be looked up; a model may answer with anything."""
    return value if isinstance(value, str | int | float | bool | None) else type(value).__name__


def _thinned(values: NDArray[Any]) -> NDArray[Any]:
    """Of a large request every n-th row only; a copy, so that all its memory is free."""
    return values if len(values) <= REQUEST_ROWS else values[:: -(-len(values) // REQUEST_ROWS)].copy()
