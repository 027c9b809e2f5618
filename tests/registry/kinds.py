"""Every kind of figure that MLflow gives back, and the verdict of a gate on it. docs/gates.md has them as a table."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

from slipway.api.gates.verdict import Verdict
from tests.registry import versions
from tests.registry.author import EARLY, LATE, Author, Entry, Registered

PASS, FAIL, UNCLEAR = Verdict.PASS, Verdict.FAIL, Verdict.INCONCLUSIVE
AUC = {"name": "auc", "minimum": 0.9}
LOSS = {"name": "log_loss", "maximum": 0.3}


class Kind(NamedTuple):
    """What is logged, the gate that judges it, and what has to come of it."""

    make: Callable[[Author], Registered]
    gate: dict[str, Any]
    verdict: Verdict
    says: str


NAN_SAYS = "is NaN in run"
INF_SAYS = "is infinite, which is not comparable"
MANY_SAYS = "name one dataset in the gate's loggedOn"
UNNAMED_TRAIN = Entry(0.99, 1, LATE, "dataset", "9f8e7d6c")
"""MLflow's name for every data frame that was given none."""
UNNAMED_HOLDOUT = Entry(0.81, 0, EARLY, "dataset", "1a2b3c4d")
UNNAMED_SAYS = f"on datasets dataset@1a2b3c4d, dataset@9f8e7d6c; {MANY_SAYS}"
TRAIN, HOLDOUT = Entry(0.99, 0, EARLY, "train"), Entry(0.81, 0, LATE, "holdout")

KINDS: dict[str, Kind] = {
    "a finite figure": Kind(versions.auc(Entry(0.95)), AUC, PASS, "is 0.95, as wanted"),
    "a number as text": Kind(versions.auc(Entry("0.95")), AUC, PASS, "is 0.95, as wanted"),
    "a word": Kind(versions.text, AUC, UNCLEAR, "auc is not logged"),
    "nothing": Kind(versions.auc(), AUC, UNCLEAR, "auc is not logged"),
    "NaN": Kind(versions.loss(Entry(math.nan)), LOSS, UNCLEAR, NAN_SAYS),
    "NaN as text": Kind(versions.loss(Entry("nan")), LOSS, UNCLEAR, NAN_SAYS),
    "infinity": Kind(versions.auc(Entry(math.inf)), AUC, UNCLEAR, INF_SAYS),
    "minus infinity": Kind(versions.loss(Entry(-math.inf)), LOSS, UNCLEAR, INF_SAYS),
    "zero": Kind(versions.loss(Entry(0.0)), LOSS, PASS, "is 0, as wanted"),
    "minus zero": Kind(versions.loss(Entry(-0.0)), LOSS, PASS, "as wanted"),
    "zero, and NaN of another model at that moment": Kind(versions.shared_moment, LOSS, UNCLEAR, NAN_SAYS),
    "NaN after a figure": Kind(versions.loss(Entry(0.2), Entry(math.nan, 1)), LOSS, UNCLEAR, NAN_SAYS),
    "a figure after NaN": Kind(versions.loss(Entry(math.nan), Entry(0.2, 1)), LOSS, PASS, "is 0.2, as wanted"),
    "several steps": Kind(versions.auc(Entry(0.95, 1), Entry(0.6, 2)), AUC, FAIL, "is 0.6 and must"),
    "a good earlier step that arrives late": Kind(
        versions.auc(Entry(0.6, 10, LATE), Entry(0.95, 2)), AUC, FAIL, "is 0.6 and"
    ),
    "a bad earlier step that arrives late": Kind(
        versions.auc(Entry(0.95, 10, LATE), Entry(0.6, 2)), AUC, PASS, "is 0.95, as"
    ),
    "an earlier time of one step that arrives late": Kind(
        versions.auc(Entry(0.6, 0, LATE), Entry(0.95, 0, EARLY)), AUC, FAIL, "is 0.6 and must"
    ),
    "two figures at one step and time": Kind(versions.two_runs, AUC, UNCLEAR, "is 0.5 and 0.95 at one step and time"),
    "several datasets": Kind(
        versions.auc(TRAIN, HOLDOUT), AUC, UNCLEAR, f"on datasets holdout@holdout-1, train@train-1; {MANY_SAYS}"
    ),
    "several datasets, the other order": Kind(versions.auc(HOLDOUT, TRAIN), AUC, UNCLEAR, MANY_SAYS),
    "one dataset, and none": Kind(
        versions.auc(HOLDOUT, Entry(0.99, 1)),
        AUC,
        UNCLEAR,
        f"on dataset holdout@holdout-1 and without a dataset; {MANY_SAYS}",
    ),
    "several datasets, the gate names one": Kind(
        versions.auc(HOLDOUT, TRAIN), {**AUC, "loggedOn": "holdout"}, FAIL, "is 0.81"
    ),
    "several datasets, the gate names another": Kind(
        versions.auc(TRAIN, HOLDOUT), {**AUC, "loggedOn": "train"}, PASS, "0.99"
    ),
    "several datasets of one name": Kind(versions.auc(UNNAMED_HOLDOUT, UNNAMED_TRAIN), AUC, UNCLEAR, UNNAMED_SAYS),
    "several datasets of one name, the other order": Kind(
        versions.auc(UNNAMED_TRAIN, UNNAMED_HOLDOUT), AUC, UNCLEAR, UNNAMED_SAYS
    ),
    "several datasets of one name, the gate names that": Kind(
        versions.auc(UNNAMED_HOLDOUT, UNNAMED_TRAIN), {**AUC, "loggedOn": "dataset"}, UNCLEAR, UNNAMED_SAYS
    ),
    "several datasets of one name, the gate names one by its digest": Kind(
        versions.auc(UNNAMED_HOLDOUT, UNNAMED_TRAIN), {**AUC, "loggedOn": "dataset@1a2b3c4d"}, FAIL, "is 0.81"
    ),
    "not on the dataset that the gate names": Kind(
        versions.auc(TRAIN),
        {**AUC, "loggedOn": "holdout"},
        UNCLEAR,
        "is not logged on dataset holdout, but on dataset train@train-1",
    ),
    "the worse of a run's two models": Kind(versions.first_of_two, AUC, FAIL, "is 0.7 and must"),
    "the better of a run's two models": Kind(versions.second_of_two, AUC, PASS, "is 0.95, as wanted"),
    "a figure that MLflow copied from another model of the run": Kind(
        versions.logged_after_another(), AUC, UNCLEAR, "from which MLflow may have copied it; log it with model_id=m-"
    ),
    "its own after such a copy": Kind(versions.logged_after_another(Entry(0.6, 0, LATE)), AUC, FAIL, "is 0.6 and must"),
    "a copy": Kind(versions.copied, AUC, FAIL, "is 0.7 and must"),
    "a copy of copies": Kind(versions.copied_twice, AUC, FAIL, "is 0.7 and must"),
    "a copy by an alias that moved on": Kind(versions.copied_by_alias, AUC, FAIL, "is 0.7 and must"),
    "a copy of what was renamed": Kind(versions.copied_and_renamed, AUC, FAIL, "is 0.7 and must"),
    "a copy of what has lost its name to another": Kind(versions.copied_and_replaced, AUC, FAIL, "is 0.7 and must"),
    "a copy of what was deleted": Kind(versions.copied_and_deleted, AUC, FAIL, "is 0.7 and must"),
    "a renamed model": Kind(versions.renamed, AUC, FAIL, "is 0.7 and must"),
    "a copy of a registered model called m-churn": Kind(versions.named_like_an_id, AUC, PASS, "is 0.95, as wanted"),
    "a deleted run": Kind(versions.of_a_deleted_run("auc", 0.95), AUC, PASS, "is 0.95, as wanted"),
    "zero of a deleted run": Kind(
        versions.of_a_deleted_run("log_loss", 0.0), LOSS, UNCLEAR, "which could tell, was deleted"
    ),
    "NaN of a deleted run": Kind(versions.of_a_deleted_run("log_loss", math.nan), LOSS, UNCLEAR, NAN_SAYS),
    "a deleted logged model": Kind(versions.of_a_deleted_model, AUC, UNCLEAR, "was deleted"),
    "files without a logged model": Kind(versions.of_files(Entry(0.95)), AUC, PASS, "is 0.95, as wanted"),
    "files, NaN": Kind(versions.of_files(Entry(math.nan)), AUC, UNCLEAR, "is NaN, which is not comparable"),
    "files, infinity": Kind(versions.of_files(Entry(math.inf)), AUC, UNCLEAR, INF_SAYS),
    "files, a late arrival": Kind(
        versions.of_files(Entry(0.6, 10, LATE), Entry(0.95, 2)), AUC, FAIL, "is 0.6 and must"
    ),
    "files, two figures at one step and time": Kind(
        versions.of_files(Entry(0.6), Entry(0.95)), AUC, UNCLEAR, "is 0.6 and 0.95 at one step and time"
    ),
    "files of a deleted run": Kind(
        versions.of_files(Entry(0.95), delete=True), AUC, UNCLEAR, "was deleted; restore it"
    ),
    "files of no run": Kind(
        lambda author: author.register_files(None, "s3://models/churn"), AUC, UNCLEAR, "auc is not logged"
    ),
    "a run's model by its name": Kind(versions.of_a_run_by("one"), AUC, FAIL, "is 0.7 and must"),
    "a run's files beside its models": Kind(versions.of_a_run_by("files"), AUC, UNCLEAR, "is none of them for sure"),
}
