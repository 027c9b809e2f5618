"""Versions of every kind, each made in a real MLflow."""

from __future__ import annotations

import math
from collections.abc import Callable

from tests.registry.author import Author, Entry, Registered


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


def logged_after_another(*entries: Entry) -> Callable[[Author], Registered]:
    """A model that a run logs, as MLflow's log_model does it, after a good one; `entries` are its own."""

    def make(author: Author) -> Registered:
        run = author.run()
        good = author.model(run, "good")
        author.log(run, good, "auc", Entry(0.95))
        later = author.model(run, "later")
        author.log(run, later, "auc", *(Entry(m.value, m.step, m.timestamp) for m in author.history(run, "auc")))
        author.log(run, later, "auc", *entries)
        return author.register(run, later)

    return make


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
