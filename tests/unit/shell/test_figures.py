"""A zero that nothing in MLflow tells from a NaN."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from mlflow.entities import LoggedModel, LoggedModelStatus, Metric

from slipway.registry.figures import logged
from slipway.registry.origin import Origin

RUN = "r"


def client(history: list[Metric], stage: str = "active") -> Any:
    """An MLflow whose run has `history`."""
    run = SimpleNamespace(info=SimpleNamespace(lifecycle_stage=stage))
    return SimpleNamespace(get_metric_history=lambda *_: history, get_run=lambda _: run)


def metric(value: float, step: int = 0) -> Metric:
    return Metric("log_loss", value, 1000, step, model_id="m-1", run_id=RUN)


def model(*metrics: Metric) -> Origin:
    """A logged model that no run logged."""
    made = LoggedModel("0", "m-1", "m", "s3://m", 0, 0, status=LoggedModelStatus.READY, metrics=list(metrics))
    return Origin("m-1", made)


@pytest.mark.parametrize(
    ("history", "says"),
    [
        ([], "has no 0 at that step and time"),
        ([metric(0.0, step=1)], "has no 0 at that step and time"),
        ([metric(0.3)], "has no 0 at that step and time"),
        ([metric(0.0), metric(float("nan"))], "is NaN in run r"),
    ],
)
def test_a_zero_that_the_run_does_not_confirm_is_no_figure(history: list[Metric], says: str) -> None:
    found = logged(client(history), model(metric(0.0)), RUN, {"log_loss"}).figure("log_loss", None)
    assert found.value is None
    assert says in (found.reason or "")


def test_a_zero_that_the_run_confirms_is_one() -> None:
    found = logged(client([metric(0.0)]), model(metric(0.0)), RUN, {"log_loss"}).figure("log_loss", None)
    assert found.value == 0
