"""Every way in which a gate can end an attempt: the candidate, the gates, and the words of the reason."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tests.e2e.attempts import ONE_RETRY, SMOKE
from tests.e2e.cluster import Object
from tests.e2e.models import example
from tests.e2e.unservable_models import FOREIGN, HOLLOW, NARROW, PICKLED, REQUIREMENT, UNMEASURED

NO_RETRY: Mapping[str, Any] = {"retries": 0}
SERVER_IMAGE = "the server's"
"""Stands for the server image, whose name is known when the operator runs."""


@dataclass(frozen=True)
class Way:
    """One way to fail: which candidate, which gates, and how its attempt ends."""

    kind: str
    gates: Object
    gate: str
    verdict: str
    words: str
    """Part of the sentence, of the gate as well as of the revision."""
    attempts: int = 1


def governed(policy: str) -> Object:
    """Gates with governance by ConfigMap `policy`."""
    return {"governance": {"policy": policy, "onError": ONE_RETRY}}


def metric(name: str = "auc", **fields: Any) -> Object:
    """Gates with one metric."""
    return {"metrics": [{"name": name, "direction": "HigherIsBetter", "onError": NO_RETRY, **fields}]}


def rescored(**dataset: Any) -> Object:
    """Gates with one metric measured on a dataset."""
    return metric(source="Rescore", dataset={"label": "target", **dataset})


def loaded(**fields: Any) -> Object:
    """Gates with another smoke load."""
    return {"smoke": {**SMOKE, **fields}}


def custom(verdict: str, words: str, *command: str, **fields: Any) -> Way:
    """A gate of somebody's own that runs `command` in the server image."""
    job = {"image": SERVER_IMAGE, "command": list(command)}
    gate = {"name": "check", "onError": NO_RETRY, "job": job, **fields}
    return Way("good", {"custom": [gate]}, "custom/check", verdict, words)


def writes(text: str, code: int = 0) -> list[str]:
    """A container's command that leaves `text` as its verdict and ends with `code`."""
    return ["python", "-c", f"open('/dev/termination-log', 'w').write({text}); raise SystemExit({code})"]


def said(**verdict: Any) -> str:
    """A verdict as the source of a Python text."""
    return repr(json.dumps(verdict))


def one_in_twenty(bad: Callable[[Object], Object]) -> str:
    """Twenty requests, a line each; the last as `bad` makes it."""
    whole = example()
    changed = {"dataframe_split": bad(whole["dataframe_split"])}
    return "\n".join(json.dumps(body) for body in (*[whole] * 19, changed))


def cut(split: Object) -> Object:
    """A request that lacks all columns but one."""
    return {"columns": split["columns"][:1], "data": [split["data"][0][:1]]}


def negative(split: Object) -> Object:
    """A request whose first input has no logarithm."""
    return {**split, "data": [[-5.0, *split["data"][0][1:]]]}


CONFIG_MAPS = {
    "malformed": {"governance.tags.yaml": "tags: {owner"},
    "requests": {"requests.jsonl": one_in_twenty(cut)},
    "negative": {"requests.jsonl": one_in_twenty(negative)},
}
"""What some of the gates are given to read."""

ONE_IN_TWENTY_BAD = {"configMap": "requests"}

WITHOUT_PODS = {
    "a required tag is missing": Way("untagged", governed("governance-tags"), "governance", "Fail", "tag owner"),
    "there is no policy": Way("good", governed("nowhere"), "governance", "Error", "ConfigMap nowhere: ", 2),
    "the policy is malformed": Way("good", governed("malformed"), "governance", "Error", "not valid YAML", 2),
    "callers would break": Way(NARROW, {"contract": {}}, "contract", "Fail", "is gone"),
    "its requirements are not met": Way(
        NARROW, {"contract": {"allowBreaking": True}}, "contract", "Fail", f"{REQUIREMENT} is required, but the server"
    ),
    "its flavour may not serve": Way(
        "good", {"contract": {"allowedFlavors": ["onnx"]}}, "contract", "Fail", "flavour sklearn is not allowed"
    ),
    "its file holds a type of its own": Way(
        FOREIGN, {"contract": {}}, "contract", "Fail", "holds types that may run code: __main__.halve"
    ),
    "it is a pickle": Way(PICKLED, {"contract": {}}, "contract", "Fail", "is stored as cloudpickle"),
    "a floor is not met": Way("good", metric(minimum=0.9999), "metrics/auc", "Fail", "must be at least 0.9999"),
    "it is worse than production": Way("worse", metric(), "metrics/auc", "Fail", "production has"),
    "a metric was never logged": Way("good", metric("lift"), "metrics/lift", "Inconclusive", "lift is not logged"),
    "a metric is NaN": Way(
        UNMEASURED,
        metric("log_loss", direction="LowerIsBetter", maximum=0.3),
        "metrics/log_loss",
        "Inconclusive",
        "the candidate version's log_loss is NaN in run ",
    ),
}

IN_PODS = {
    "it is too slow": Way(
        "slow", loaded(p95="100ms", rate=20, maxErrorRatio=1), "smoke", "Fail", "requests took longer than 100ms"
    ),
    "answers are wrong": Way("good", loaded(requestsFrom=ONE_IN_TWENTY_BAD), "smoke", "Fail", "no valid response"),
    "answers are no numbers": Way(
        HOLLOW, loaded(requestsFrom={"configMap": "negative"}), "smoke", "Fail", "2 x a prediction is null"
    ),
    "the budget is not shown": Way(
        "good",
        loaded(p95="20s", requests=60, maxErrorRatio=0.5, requestsFrom=ONE_IN_TWENTY_BAD),
        "smoke",
        "Inconclusive",
        "which includes the limit of 5 %: send more requests",
    ),
    "there are no requests": Way(
        "good",
        loaded(requestsFrom={"configMap": "nowhere"}, onError=ONE_RETRY),
        "smoke",
        "Error",
        "ConfigMap nowhere: does not exist",
        2,
    ),
    "the rows lack their label": Way(
        "good", rescored(label="diagnosis"), "metrics/auc", "Error", "the dataset has no column diagnosis"
    ),
    "there are no rows": Way(NARROW, rescored(), "metrics/auc", "Error", "the candidate has no artifact holdout"),
    "its image is nowhere": Way(
        "good",
        {"custom": [{"name": "fair", "onError": NO_RETRY, "job": {"image": "localhost:1/fair:1"}}]},
        "custom/fair",
        "Error",
        "its image cannot be pulled",
    ),
    "it says no": custom("Fail", "unfair", *writes(said(verdict="Fail", message="unfair"))),
    "its verdict is no JSON": custom("Error", "not JSON", *writes("'all good'")),
    "its verdict is too long": custom("Error", "longer than 4096 bytes", *writes("'x' * 5000")),
    "it passes and crashes": custom(
        "Error", "its container failed", *writes(said(verdict="Pass", message="fine", n=1), 3)
    ),
    "it is killed": custom("Error", "killed (exit code 137)", "python", "-c", "raise SystemExit(137)"),
    "it says nothing": custom("Error", "gave no verdict", "true"),
    "it hangs": custom("Error", "it ran out of time", "sleep", "600", timeout="3s"),
}
