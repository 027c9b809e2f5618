"""What a gate makes of what a real MLflow gives back: no data is never Pass."""

from __future__ import annotations

import math
from typing import Any

import pytest

from slipway.api.gates.specs import MetricGate
from slipway.api.gates.verdict import Verdict
from slipway.cli.registry import RegistryAdmin
from slipway.gates.inline.metrics import judge_logged
from slipway.registry.mlflow import MlflowRegistry
from tests.registry.author import Author, Entry, Registered
from tests.registry.kinds import KINDS, Kind


def metric_gate(fields: dict[str, Any]) -> MetricGate:
    return MetricGate.model_validate(fields)


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS.keys())
async def test_the_verdict_on(kind: Kind, author: Author, registry: MlflowRegistry) -> None:
    made, gate = kind.make(author), metric_gate(kind.gate)
    described = await registry.version(made.name, made.version, frozenset({gate.name}))
    judged = judge_logged(gate, described.metrics, None)
    assert (judged.verdict, kind.says in judged.message) == (kind.verdict, True), judged.message
    assert described.model_id == made.model_id, "the model that it is, wherever it was copied from"


@pytest.mark.parametrize("value", [math.nan, math.inf, None])
async def test_no_production_without_a_figure_is_beaten(
    value: float | None, author: Author, registry: MlflowRegistry
) -> None:
    sides = author.logged("auc", Entry(0.95)), author.logged("auc", *([] if value is None else [Entry(value)]))
    candidate, production = [await registry.version(*side[:2], frozenset({"auc"})) for side in sides]
    judged = judge_logged(metric_gate({"name": "auc"}), candidate.metrics, production.metrics)
    assert judged.verdict is Verdict.INCONCLUSIVE
    assert judged.message.startswith("the production version's auc is ")


async def test_the_dataset_is_in_the_evidence(author: Author, registry: MlflowRegistry) -> None:
    made = author.logged("auc", Entry(0.95, dataset="holdout"))
    described = await registry.version(*made[:2], frozenset({"auc"}))
    judged = judge_logged(metric_gate({"name": "auc"}), described.metrics, None)
    assert judged.measured_on == {"dataset": "holdout holdout-1"}


def test_the_report_shows_the_models_own_figures_and_none_that_is_none(author: Author, url: str) -> None:
    bad: Registered = author.two_of_one_run(0.7, 0.95)[0]
    run = author.client.get_model_version(bad.name, bad.version).run_id
    author.log(run, bad.model_id, "log_loss", Entry(math.nan))
    described = RegistryAdmin(url).described(bad.name, bad.version)
    shown = {name: [each.value for each in figures] for name, figures in described.metrics.figures.items()}
    assert shown == {"auc": [0.7], "log_loss": [None]}
