"""The pods of a revision: what an operator that learns something new leaves as it was."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from slipway.api.revision import ModelRevision
from slipway.render.deployment import deployment
from slipway.settings import Registry
from slipway.words.canonical import digest_of

TODAY = Path(__file__).parent / "templates" / "pod.json"
"""A revision's pod template as the operator rendered it before there was spec.slo.latency.maxRows."""


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


def test_an_upgrade_of_the_operator_changes_no_pod_template_and_no_hash() -> None:
    assert template(revision()) == json.loads(TODAY.read_text())
    assert digest_of(template(revision())) == "f70b3f9390a0"
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
