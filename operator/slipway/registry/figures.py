"""The figures of a version, read so that what MLflow stores in place of "no figure" never counts as one.

MLflow's SQL stores have no NaN and no infinity. On a run a NaN is kept as 0 with a mark and comes back as NaN; on a
logged model it is kept as 0 without one. An infinity becomes the largest double on both.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Iterable, Iterator
from functools import cached_property

from mlflow import MlflowClient
from mlflow.entities import LifecycleStage, Metric
from mlflow.exceptions import MlflowException

from slipway.gates.logged import Figure, Logged
from slipway.registry.origin import Origin
from slipway.registry.protocol import GONE

NOT_FINITE = sys.float_info.max
"""What MLflow stores for an infinity."""


def logged(client: MlflowClient, origin: Origin, run_id: str | None, names: Iterable[str] | None) -> Logged:
    """The latest figure of each metric in `names` (None: of every one) on each dataset.

    They are those of the logged model where the version is one, else the run's. Raises MlflowException where the
    registry does not answer.
    """
    if origin.problem:
        return Logged(problem=origin.problem)
    if origin.model is not None:
        return _of_model(client, origin.model.metrics or [], names)
    return _of_run(_Run(client, run_id), names) if run_id else Logged()


def _of_model(client: MlflowClient, metrics: Iterable[Metric], names: Iterable[str] | None) -> Logged:
    own = list(metrics)
    runs = {run_id: _Run(client, run_id) for run_id in {metric.run_id for metric in own}}
    wanted = {metric.key for metric in own} if names is None else set(names)
    found = {name: tuple(_latest([m for m in own if m.key == name], runs)) for name in sorted(wanted)}
    return Logged({name: figures for name, figures in found.items() if figures})


def _of_run(run: _Run, names: Iterable[str] | None) -> Logged:
    if run.stage is None:
        return Logged(problem=f"is not known: run {run.id} is gone")
    if run.stage == LifecycleStage.DELETED:
        return Logged(problem=f"does not count: run {run.id} was deleted; restore it, or log the metric again")
    found = {name: tuple(_latest(run.history(name), {})) for name in sorted(set(run.keys if names is None else names))}
    return Logged({name: figures for name, figures in found.items() if figures})


def _latest(metrics: list[Metric], runs: dict[str, _Run]) -> Iterator[Figure]:
    """The figure on each dataset of the latest step and time, whatever arrived last."""
    for dataset in sorted({metric.dataset_name for metric in metrics}, key=lambda name: name or ""):
        there = [metric for metric in metrics if metric.dataset_name == dataset]
        last = max((metric.step, metric.timestamp) for metric in there)
        entries = [metric for metric in there if (metric.step, metric.timestamp) == last]
        reason = _reason(entries, runs)
        value = None if reason else float(entries[0].value)
        yield Figure(value, reason, dataset, entries[0].dataset_digest)


def _reason(entries: list[Metric], runs: dict[str, _Run]) -> str | None:
    """Why `entries`, all of one step and time, are no figure; None: they are one."""
    first = entries[0]
    if any(math.isnan(metric.value) for metric in entries):
        return "is NaN, which compares with nothing; log a finite figure"
    if any(abs(metric.value) >= NOT_FINITE for metric in entries):
        return "is infinite, which compares with nothing; log a finite figure"
    if len({metric.value for metric in entries}) > 1:
        values = " and ".join(f"{value:.6g}" for value in sorted({metric.value for metric in entries}))
        return f"is {values} at one step and time (step {first.step}); log one figure with a later step"
    doubts = (runs[metric.run_id].doubt(metric) for metric in entries if metric.run_id in runs)
    return next((doubt for doubt in doubts if doubt), None)


class _Run:
    """What a run says of figures that were logged through it. It is asked only where that matters, and only once."""

    def __init__(self, client: MlflowClient, run_id: str) -> None:
        self.id = run_id
        self._client = client
        self._histories: dict[str, list[Metric]] = {}

    @cached_property
    def stage(self) -> str | None:
        """active or deleted; None: it is gone."""
        try:
            return str(self._client.get_run(self.id).info.lifecycle_stage)
        except MlflowException as error:
            if error.error_code != GONE:
                raise
            return None

    @property
    def keys(self) -> list[str]:
        """The metrics that it has."""
        return list(self._client.get_run(self.id).data.metrics)

    def history(self, name: str) -> list[Metric]:
        """Everything that was logged of one metric; MLflow answers with nothing for a run that is gone."""
        if name not in self._histories:
            self._histories[name] = list(self._client.get_metric_history(self.id, name))
        return self._histories[name]

    def doubt(self, metric: Metric) -> str | None:
        """Why `metric` of a logged model may be no figure, by what the run has at the same step and time."""
        moment = (metric.step, metric.timestamp)
        there = [m.value for m in self.history(metric.key) if (m.step, m.timestamp) == moment]
        if any(map(math.isnan, there)):
            return f"is NaN in run {self.id}, which MLflow keeps as {metric.value:g} on the model; log a finite figure"
        if metric.value != 0:
            return None
        unclear = "is 0, which MLflow also keeps for NaN, and"
        if self.stage != LifecycleStage.ACTIVE:
            return f"{unclear} run {self.id}, which could tell, was deleted; restore it, or log the metric again"
        if 0 not in there:
            return f"{unclear} run {self.id} has no 0 at that step and time; log the metric again"
        return None
