"""The pods of a revision: what an operator that learns something new leaves as it was."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from slipway.api.revision import ModelRevision
from slipway.api.workload import EnvVar, PodTemplate
from slipway.render.deployment import deployment
from slipway.settings import Registry
from slipway.words.canonical import digest_of

TODAY = Path(__file__).parent / "templates" / "pod.json"
"""A revision's pod template. Pods that run keep the one that they were made with."""


def revision(**latency: Any) -> ModelRevision:
    slo = {"latency": {"p95": "200ms", **latency}, "errors": {"ratio": 0.01}}
    spec = {
        "release": "cancer",
        "number": 1,
        "model": {"name": "cancer", "registry": "default", "version": "3"},
        "server": {"image": "server:1", "nativeImage": "native:1", "config": {}},
        "policy": {"gates": {}, "rollout": {}, "slo": slo},
        "servingHash": "s",
        "policyHash": "p",
        "intake": {"since": "2026-01-01T00:00:00Z", "generation": 1, "actor": "ann"},
    }
    return ModelRevision.parse({"metadata": {"name": "cancer-r1", "namespace": "demo", "uid": "u"}, "spec": spec})


def template(of: ModelRevision) -> dict[str, Any]:
    return dict(deployment(of, Registry(url="http://mlflow"), 2)["spec"]["template"])


def test_a_change_of_the_pod_template_is_seen_and_changes_no_hash() -> None:
    assert template(revision()) == json.loads(TODAY.read_text())
    assert digest_of(revision().spec.policy.slo.wire()) == digest_of(
        {"latency": {"p95": "200ms"}, "errors": {"ratio": 0.01}}
    )


def test_the_server_is_told_how_many_rows_latency_is_judged_up_to_where_the_release_says_so() -> None:
    before, after = (template(each)["spec"]["containers"][0]["env"] for each in (revision(), revision(maxRows=500)))
    assert [each for each in after if each not in before] == [{"name": "SLIPWAY_LATENCY_MAX_ROWS", "value": "500"}]


def test_the_server_is_told_its_number_of_processes_where_the_release_says_so() -> None:
    many = revision()
    server = many.spec.server.model_copy(update={"config": many.spec.server.config.model_copy(update={"workers": 3})})
    many = many.model_copy(update={"spec": many.spec.model_copy(update={"server": server})})
    assert template(many)["spec"]["containers"][0]["args"][-2:] == ["--workers", "3"]
    assert digest_of(many.spec.server.config.wire()) != digest_of(revision().spec.server.config.wire())


def variables(container: dict[str, Any]) -> dict[str, str]:
    names = [each["name"] for each in container["env"]]
    assert len(names) == len(set(names)), "the API server refuses a name twice"
    return {each["name"]: each["value"] for each in container["env"]}


@pytest.mark.parametrize(("allowed", "said"), [(False, "false"), (True, "true")])
def test_what_the_registry_allows_is_said_in_every_container_and_no_release_says_otherwise(
    allowed: bool, said: str
) -> None:
    made = revision()
    env = (EnvVar(name="SLIPWAY_ALLOW_CODE", value="true"), EnvVar(name="SLIPWAY_MAX_ROWS", value="7"))
    config = made.spec.server.config.model_copy(update={"pod_template": PodTemplate(env=env)})
    server = made.spec.server.model_copy(update={"config": config})
    made = made.model_copy(update={"spec": made.spec.model_copy(update={"server": server})})
    registry = Registry(url="http://mlflow", allow_code=allowed, allow_pickle=allowed, credentials_secret="secret")
    pod = deployment(made, registry, 2)["spec"]["template"]["spec"]
    for container in (*pod["initContainers"], *pod["containers"]):
        found = variables(container)
        assert (found["SLIPWAY_ALLOW_CODE"], found["SLIPWAY_ALLOW_PICKLE"]) == (said, said)
    assert variables(pod["containers"][0])["SLIPWAY_MAX_ROWS"] == "7"
