"""Somebody who logs models to a real MLflow and registers them, in all the ways in which people do."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from mlflow import MlflowClient
from mlflow.entities import Metric
from requests import post

_NUMBERS: Iterator[int] = itertools.count(1)
EARLY, LATE = 1_000, 2_000
"""Two times, in milliseconds."""


class Registered(NamedTuple):
    """A version, and the logged model that it is."""

    name: str
    version: str
    model_id: str | None


class Entry(NamedTuple):
    """One figure as it is logged."""

    value: float | str
    step: int = 0
    timestamp: int = EARLY
    dataset: str | None = None
    digest: str | None = None
    """Of the dataset; None: the one that it always has."""


@dataclass
class Author:
    """Works on one server. Every name is new: tests share the server."""

    url: str
    client: MlflowClient = field(init=False)

    def __post_init__(self) -> None:
        self.client = MlflowClient(self.url, self.url)

    def run(self) -> str:
        """A new run."""
        return str(self.client.create_run("0").info.run_id)

    def model(self, run: str, name: str = "model") -> str:
        """A new logged model of `run`."""
        return str(self.client.create_logged_model("0", name=name, source_run_id=run).model_id)

    def log(self, run: str, model_id: str | None, metric: str, *entries: Entry) -> None:
        """Log `entries`, in their order."""
        for value, step, timestamp, dataset, told in entries:
            digest = told or (f"{dataset}-1" if dataset else None)
            self.client.log_metric(
                run, metric, value, timestamp, step, model_id=model_id, dataset_name=dataset, dataset_digest=digest
            )

    def history(self, run: str, metric: str) -> list[Metric]:
        """What the run has of `metric`."""
        return list(self.client.get_metric_history(run, metric))

    def name(self, prefix: str = "churn") -> str:
        """The name of a new registered model."""
        name = f"{prefix}-{next(_NUMBERS)}"
        self.client.create_registered_model(name)
        return name

    def register(self, run: str, model_id: str, name: str | None = None) -> Registered:
        """A version of a logged model."""
        name = name or self.name()
        made = self.client.create_model_version(name, f"models:/{model_id}", run_id=run, model_id=model_id)
        return Registered(name, str(made.version), model_id)

    def register_files(self, run: str | None, source: str) -> Registered:
        """A version of files, as before MLflow 3."""
        name = self.name()
        return Registered(name, str(self.client.create_model_version(name, source, run_id=run).version), None)

    def copy(self, of: Registered, source: str | None = None) -> Registered:
        """A copy under another name."""
        name = f"copy-{next(_NUMBERS)}"
        made = self.client.copy_model_version(source or f"models:/{of.name}/{of.version}", name)
        return Registered(name, str(made.version), of.model_id)

    def logged(self, metric: str, *entries: Entry) -> Registered:
        """A version of a model of its own run, with `entries` logged on it."""
        run = self.run()
        model_id = self.model(run)
        self.log(run, model_id, metric, *entries)
        return self.register(run, model_id)

    def two_of_one_run(self, first: float, second: float) -> tuple[Registered, Registered]:
        """Versions of two models of one run, and their auc; the second was logged last."""
        run = self.run()
        one, other = self.model(run, "one"), self.model(run, "other")
        self.log(run, one, "auc", Entry(first, step=0))
        self.log(run, other, "auc", Entry(second, step=1))
        return self.register(run, one), self.register(run, other)

    def refused_text(self, run: str, model_id: str | None, metric: str) -> bool:
        """Whether the server refuses a word for a figure, as other clients may send it."""
        body = {"run_id": run, "model_id": model_id, "key": metric, "value": "high", "timestamp": EARLY, "step": 0}
        return post(f"{self.url}/api/2.0/mlflow/runs/log-metric", json=body, timeout=30).status_code == 400
