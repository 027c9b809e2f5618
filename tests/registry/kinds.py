"""Every kind of figure that MLflow gives back, and the verdict of a gate on it. docs/gates.md has them as a table."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

from slipway.api.verdict import Verdict
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


def auc(*entries: Entry) -> Callable[[Author], Registered]:
    """A version with `entries` of auc."""
    return lambda author: author.logged("auc", *entries)


def loss(*entries: Entry) -> Callable[[Author], Registered]:
    """A version with `entries` of log_loss."""
    return lambda author: author.logged("log_loss", *entries)


def text(author: Author) -> Registered:
    """A figure that is a word: neither the client nor the server takes it."""
    made = author.logged("accuracy", Entry(0.5))
    run = author.client.get_model_version(made.name, made.version).run_id
    assert author.refused_text(run, made.model_id, "auc")
    return made


def two_runs(author: Author) -> Registered:
    """Two runs logged two figures on one model at one step and time."""
    made = author.logged("auc", Entry(0.95))
    author.log(author.run(), made.model_id, "auc", Entry(0.5))
    return made


def shared_moment(author: Author) -> Registered:
    """A zero, where another model of the run is NaN at the same step and time."""
    run = author.run()
    one, other = author.model(run), author.model(run)
    author.log(run, one, "log_loss", Entry(0.0))
    author.log(run, other, "log_loss", Entry(math.nan))
    return author.register(run, one)


def first_of_two(author: Author) -> Registered:
    """The model that is bad, beside a good one of the same run."""
    return author.two_of_one_run(0.7, 0.95)[0]


def second_of_two(author: Author) -> Registered:
    """The good one."""
    return author.two_of_one_run(0.7, 0.95)[1]


def copied(author: Author) -> Registered:
    """A copy of the bad one."""
    return author.copy(first_of_two(author))


def copied_twice(author: Author) -> Registered:
    """A copy of a copy of a copy of it."""
    return author.copy(author.copy(copied(author)))


def copied_by_alias(author: Author) -> Registered:
    """A copy of what an alias pointed at, which points elsewhere by now."""
    bad, good = author.two_of_one_run(0.7, 0.95)
    author.client.set_registered_model_alias(bad.name, "candidate", bad.version)
    made = author.copy(bad, f"models:/{bad.name}@candidate")
    better = author.register(author.client.get_model_version(good.name, "1").run_id, str(good.model_id), bad.name)
    author.client.set_registered_model_alias(bad.name, "candidate", better.version)
    return made


def copied_and_renamed(author: Author) -> Registered:
    """A copy whose source has another name by now."""
    bad = first_of_two(author)
    made = author.copy(bad)
    author.client.rename_registered_model(bad.name, f"{bad.name}-before")
    return made


def copied_and_replaced(author: Author) -> Registered:
    """A copy whose source's name is another, better model's by now."""
    bad, good = author.two_of_one_run(0.7, 0.95)
    made = author.copy(bad)
    author.client.rename_registered_model(bad.name, f"{bad.name}-before")
    author.client.create_registered_model(bad.name)
    author.register(author.client.get_model_version(good.name, "1").run_id, str(good.model_id), bad.name)
    return made


def copied_and_deleted(author: Author) -> Registered:
    """A copy whose source is gone."""
    bad = first_of_two(author)
    made = author.copy(bad)
    author.client.delete_registered_model(bad.name)
    return made


def renamed(author: Author) -> Registered:
    """A registered model under another name than it was given."""
    made = first_of_two(author)
    author.client.rename_registered_model(made.name, f"{made.name}-renamed")
    return made._replace(name=f"{made.name}-renamed")


def named_like_an_id(author: Author) -> Registered:
    """A registered model whose name begins as the ids of logged models do."""
    run = author.run()
    model_id = author.model(run)
    author.log(run, model_id, "auc", Entry(0.95))
    return author.copy(author.register(run, model_id, author.name("m-churn")))


def of_a_deleted_run(metric: str, value: float) -> Callable[[Author], Registered]:
    """A model whose run was deleted afterwards."""

    def make(author: Author) -> Registered:
        made = author.logged(metric, Entry(value))
        author.client.delete_run(author.client.get_model_version(made.name, made.version).run_id)
        return made

    return make


def of_a_deleted_model(author: Author) -> Registered:
    """A version whose logged model was deleted afterwards."""
    made = author.logged("auc", Entry(0.95))
    author.client.delete_logged_model(made.model_id)
    return made


def of_files(*entries: Entry, delete: bool = False) -> Callable[[Author], Registered]:
    """A version of a run's files without a logged model, with `entries` of auc on the run."""

    def make(author: Author) -> Registered:
        run = author.run()
        author.log(run, None, "auc", *entries)
        made = author.register_files(run, f"runs:/{run}/model")
        if delete:
            author.client.delete_run(run)
        return made

    return make


def of_a_run_by(name: str) -> Callable[[Author], Registered]:
    """A version of runs:/RUN/`name`, where the run logged the bad model "one" and the good model "other"."""

    def make(author: Author) -> Registered:
        bad, _ = author.two_of_one_run(0.7, 0.95)
        run = author.client.get_model_version(bad.name, bad.version).run_id
        found = {"one": bad.model_id}.get(name)
        return author.register_files(run, f"runs:/{run}/{name}")._replace(model_id=found)

    return make


NAN_SAYS = "is NaN in run"
INF_SAYS = "is infinite, which compares with nothing"
MANY_SAYS = "name one dataset in the gate's loggedOn"
TRAIN, HOLDOUT = Entry(0.99, 0, EARLY, "train"), Entry(0.81, 0, LATE, "holdout")

KINDS: dict[str, Kind] = {
    "a finite figure": Kind(auc(Entry(0.95)), AUC, PASS, "is 0.95, as wanted"),
    "a number as text": Kind(auc(Entry("0.95")), AUC, PASS, "is 0.95, as wanted"),
    "a word": Kind(text, AUC, UNCLEAR, "auc is not logged"),
    "nothing": Kind(auc(), AUC, UNCLEAR, "auc is not logged"),
    "NaN": Kind(loss(Entry(math.nan)), LOSS, UNCLEAR, NAN_SAYS),
    "NaN as text": Kind(loss(Entry("nan")), LOSS, UNCLEAR, NAN_SAYS),
    "infinity": Kind(auc(Entry(math.inf)), AUC, UNCLEAR, INF_SAYS),
    "minus infinity": Kind(loss(Entry(-math.inf)), LOSS, UNCLEAR, INF_SAYS),
    "zero": Kind(loss(Entry(0.0)), LOSS, PASS, "is 0, as wanted"),
    "minus zero": Kind(loss(Entry(-0.0)), LOSS, PASS, "as wanted"),
    "zero, and NaN of another model at that moment": Kind(shared_moment, LOSS, UNCLEAR, NAN_SAYS),
    "NaN after a figure": Kind(loss(Entry(0.2), Entry(math.nan, 1)), LOSS, UNCLEAR, NAN_SAYS),
    "a figure after NaN": Kind(loss(Entry(math.nan), Entry(0.2, 1)), LOSS, PASS, "is 0.2, as wanted"),
    "several steps": Kind(auc(Entry(0.95, 1), Entry(0.6, 2)), AUC, FAIL, "is 0.6 and must"),
    "a good earlier step that arrives late": Kind(auc(Entry(0.6, 10, LATE), Entry(0.95, 2)), AUC, FAIL, "is 0.6 and"),
    "a bad earlier step that arrives late": Kind(auc(Entry(0.95, 10, LATE), Entry(0.6, 2)), AUC, PASS, "is 0.95, as"),
    "an earlier time of one step that arrives late": Kind(
        auc(Entry(0.6, 0, LATE), Entry(0.95, 0, EARLY)), AUC, FAIL, "is 0.6 and must"
    ),
    "two figures at one step and time": Kind(two_runs, AUC, UNCLEAR, "is 0.5 and 0.95 at one step and time"),
    "several datasets": Kind(auc(TRAIN, HOLDOUT), AUC, UNCLEAR, f"on datasets holdout, train; {MANY_SAYS}"),
    "several datasets, the other order": Kind(auc(HOLDOUT, TRAIN), AUC, UNCLEAR, MANY_SAYS),
    "one dataset, and none": Kind(
        auc(HOLDOUT, Entry(0.99, 1)), AUC, UNCLEAR, f"on dataset holdout and without a dataset; {MANY_SAYS}"
    ),
    "several datasets, the gate names one": Kind(auc(HOLDOUT, TRAIN), {**AUC, "loggedOn": "holdout"}, FAIL, "is 0.81"),
    "several datasets, the gate names another": Kind(auc(TRAIN, HOLDOUT), {**AUC, "loggedOn": "train"}, PASS, "0.99"),
    "not on the dataset that the gate names": Kind(
        auc(TRAIN), {**AUC, "loggedOn": "holdout"}, UNCLEAR, "is not logged on dataset holdout, but on dataset train"
    ),
    "the worse of a run's two models": Kind(first_of_two, AUC, FAIL, "is 0.7 and must"),
    "the better of a run's two models": Kind(second_of_two, AUC, PASS, "is 0.95, as wanted"),
    "a copy": Kind(copied, AUC, FAIL, "is 0.7 and must"),
    "a copy of copies": Kind(copied_twice, AUC, FAIL, "is 0.7 and must"),
    "a copy by an alias that moved on": Kind(copied_by_alias, AUC, FAIL, "is 0.7 and must"),
    "a copy of what was renamed": Kind(copied_and_renamed, AUC, FAIL, "is 0.7 and must"),
    "a copy of what has lost its name to another": Kind(copied_and_replaced, AUC, FAIL, "is 0.7 and must"),
    "a copy of what was deleted": Kind(copied_and_deleted, AUC, FAIL, "is 0.7 and must"),
    "a renamed model": Kind(renamed, AUC, FAIL, "is 0.7 and must"),
    "a copy of a registered model called m-churn": Kind(named_like_an_id, AUC, PASS, "is 0.95, as wanted"),
    "a deleted run": Kind(of_a_deleted_run("auc", 0.95), AUC, PASS, "is 0.95, as wanted"),
    "zero of a deleted run": Kind(of_a_deleted_run("log_loss", 0.0), LOSS, UNCLEAR, "which could tell, was deleted"),
    "NaN of a deleted run": Kind(of_a_deleted_run("log_loss", math.nan), LOSS, UNCLEAR, NAN_SAYS),
    "a deleted logged model": Kind(of_a_deleted_model, AUC, UNCLEAR, "was deleted"),
    "files without a logged model": Kind(of_files(Entry(0.95)), AUC, PASS, "is 0.95, as wanted"),
    "files, NaN": Kind(of_files(Entry(math.nan)), AUC, UNCLEAR, "is NaN, which compares with nothing"),
    "files, infinity": Kind(of_files(Entry(math.inf)), AUC, UNCLEAR, INF_SAYS),
    "files, a late arrival": Kind(of_files(Entry(0.6, 10, LATE), Entry(0.95, 2)), AUC, FAIL, "is 0.6 and must"),
    "files, two figures at one step and time": Kind(
        of_files(Entry(0.6), Entry(0.95)), AUC, UNCLEAR, "is 0.6 and 0.95 at one step and time"
    ),
    "files of a deleted run": Kind(of_files(Entry(0.95), delete=True), AUC, UNCLEAR, "was deleted; restore it"),
    "files of no run": Kind(
        lambda author: author.register_files(None, "s3://models/churn"), AUC, UNCLEAR, "auc is not logged"
    ),
    "a run's model by its name": Kind(of_a_run_by("one"), AUC, FAIL, "is 0.7 and must"),
    "a run's files beside its models": Kind(of_a_run_by("files"), AUC, UNCLEAR, "is none of them for sure"),
}
