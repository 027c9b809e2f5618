"""The schema of the values refuses what the operator would choke on, and says where it is."""

from __future__ import annotations

from typing import Any

import pytest

from tests.deploy.chart.conftest import Refused, Render


@pytest.mark.parametrize(
    ("values", "where"),
    [
        ({"logLevel": "loud"}, "logLevel"),
        ({"watchNamespaces": "demo"}, "watchNamespaces"),
        ({"watchNamespaces": ["Demo"]}, "watchNamespaces/0"),
        ({"maxParallelReconciles": 0}, "maxParallelReconciles"),
        ({"resyncInterval": "2 minutes"}, "resyncInterval"),
        ({"registries": {"default": {"url": "mlflow:5000"}}}, "registries/default/url"),
        ({"registries": {"default": {"pollInterval": 15}}}, "registries/default/pollInterval"),
        ({"registries": {"default": {"allowPickles": True}}}, "allowPickles"),
        ({"registries": {"default": {"allowCode": "yes"}}}, "registries/default/allowCode"),
        ({"images": {"server": ""}}, "images/server"),
        ({"images": {"operator": "https://example.org/image"}}, "images/operator"),
        ({"replicas": 2}, "replicas"),
        ({"webhook": {"timeoutSeconds": 30}}, "webhook/timeoutSeconds"),
        ({"webhook": {"keySecret": "Not A Name"}}, "webhook/keySecret"),
        ({"notifications": {"secret": "slack://token"}}, "notifications/secret"),
        ({"webhook": {"failurePolicy": "Fail"}}, "failurePolicy"),
        ({"serviceAccount": {"nmae": "x"}}, "nmae"),
    ],
)
def test_nonsense_is_refused(render: Render, values: dict[str, Any], where: str) -> None:
    with pytest.raises(Refused) as refusal:
        render(**values)
    assert where in str(refusal.value)


def test_a_foreign_service_account_needs_a_name(render: Render) -> None:
    with pytest.raises(Refused, match=r"serviceAccount\.name"):
        render(serviceAccount={"create": False})
