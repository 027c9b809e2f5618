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
from mlflow.entities import LifecycleStage, LoggedModel, Metric
from mlflow.exceptions import MlflowException

from slipway.gates.inline.logged import Figure, Logged
from slipway.registry.origin import Origin, models_of
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
        return _of_model(client, origin.model, names)
    return _of_run(_Run(client, run_id), names) if run_id else Logged()


def _of_model(client: MlflowClient, model: LoggedModel, names: Iterable[str] | None) -> Logged:
    own = list(model.metrics or [])
    wanted = {metric.key for metric in own} if names is None else set(names)
    witness = _Witness(client, model)
    found = {name: tuple(_latest([m for m in own if m.key == name], witness)) for name in sorted(wanted)}
    return Logged({name: figures for name, figures in found.items() if figures})


def _of_run(run: _Run, names: Iterable[str] | None) -> Logged:
    if run.stage is None:
        return Logged(problem=f"is not known: run {run.id} is gone")
    if run.stage == LifecycleStage.DELETED:
        return Logged(problem=f"does not count: run {run.id} was deleted; restore it, or log the metric again")
    found = {name: tuple(_latest(run.history(name))) for name in sorted(set(run.keys if names is None else names))}
    return Logged({name: figures for name, figures in found.items() if figures})


def _latest(metrics: list[Metric], witness: _Witness | None = None) -> Iterator[Figure]:
    """The figure on each dataset of the latest step and time, whatever arrived last.

    A dataset is its name and digest: MLflow calls every one that has no name "dataset".
    """
    for dataset in sorted({_dataset(metric) for metric in metrics}):
        there = [metric for metric in metrics if _dataset(metric) == dataset]
        last = max((metric.step, metric.timestamp) for metric in there)
        entries = [metric for metric in there if (metric.step, metric.timestamp) == last]
        doubts = (witness.doubt(entry) for entry in entries) if witness else ()
        reason = _reason(entries) or next((doubt for doubt in doubts if doubt), None)
        value = None if reason else float(entries[0].value)
        yield Figure(value, reason, entries[0].dataset_name, entries[0].dataset_digest)


def _reason(entries: list[Metric]) -> str | None:
    """Why `entries`, all of one step and time, are no figure; None: they are one."""
    first = entries[0]
    if any(math.isnan(metric.value) for metric in entries):
        return "is NaN, which is not comparable; log a finite value"
    if any(abs(metric.value) >= NOT_FINITE for metric in entries):
        return "is infinite, which is not comparable; log a finite value"
    if len({metric.value for metric in entries}) > 1:
        values = " and ".join(f"{value:.6g}" for value in sorted({metric.value for metric in entries}))
        return f"is {values} at one step and time (step {first.step}); log one figure with a later step"
    return None


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


class _Witness:
    """What else MLflow knows of a logged model's figures: what their runs say, and whose they are."""

    def __init__(self, client: MlflowClient, model: LoggedModel) -> None:
        self._client = client
        self._model = model
        self._runs: dict[str, _Run] = {}

    def doubt(self, metric: Metric) -> str | None:
        """Why `metric` may be no figure of the model; None: it is one."""
        run = self._runs.setdefault(metric.run_id, _Run(self._client, metric.run_id))
        return _unclear(metric, run) or self._borrowed(metric)

    def _borrowed(self, metric: Metric) -> str | None:
        """MLflow copies what a run has to every model that it logs later, figures of its other models as well."""
        other = self._of_others.get(_entry(metric))
        if other is None:
            return None
        says = f"is also a figure of {other}, an earlier model of the same run, from which MLflow may have copied it"
        return f"{says}; log it with model_id={self._model.model_id}"

    @cached_property
    def _of_others(self) -> dict[tuple[object, ...], str]:
        """What stands on models that the same run logged earlier."""
        model = self._model
        if not model.source_run_id:
            return {}
        others = [
            other
            for other in models_of(self._client, model.experiment_id, model.source_run_id)
            if other.model_id != model.model_id and other.creation_timestamp <= model.creation_timestamp
        ]
        return {_entry(metric): other.model_id for other in others for metric in other.metrics or []}


def _dataset(metric: Metric) -> tuple[str, str]:
    return metric.dataset_name or "", metric.dataset_digest or ""


def _entry(metric: Metric) -> tuple[object, ...]:
    return metric.run_id, metric.key, metric.step, metric.timestamp, metric.value


def _unclear(metric: Metric, run: _Run) -> str | None:
    """Why `metric` of a logged model may be a NaN, by what its run has at the same step and time."""
    moment = (metric.step, metric.timestamp)
    there = [m.value for m in run.history(metric.key) if (m.step, m.timestamp) == moment]
    if any(map(math.isnan, there)):
        return f"is NaN in run {run.id}, which MLflow keeps as {metric.value:g} on the model; log a finite figure"
    if metric.value != 0:
        return None
    unclear = "is 0, which MLflow also keeps for NaN, and"
    if run.stage != LifecycleStage.ACTIVE:
        return f"{unclear} run {run.id}, which could tell, was deleted; restore it, or log the metric again"
    if 0 not in there:
        return f"{unclear} run {run.id} has no 0 at that step and time; log the metric again"
    return None
