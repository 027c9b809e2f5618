"""The admission webhook as the chart installs it: it may never be what stands between a person and a rollback."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import pytest

from slipway.settings import Settings, SettingsError
from tests.deploy.chart.conftest import Objects, Render

CLUSTER = "slipway-webhook.slipway-system"


def hook(objects: Objects) -> dict[str, Any]:
    (webhook,) = objects["MutatingWebhookConfiguration", CLUSTER]["webhooks"]
    return dict(webhook)


def settings(objects: Objects, tmp_path: Path) -> Settings:
    path = tmp_path / "config.yaml"
    path.write_text(objects["ConfigMap", "slipway"]["data"]["config.yaml"])
    return Settings.load(path)


def test_a_webhook_that_does_not_answer_holds_nobody_up(render: Render) -> None:
    webhook = hook(render())
    assert webhook["failurePolicy"] == "Ignore"
    assert webhook["timeoutSeconds"] == 2
    assert webhook["sideEffects"] == "None"


def test_it_is_asked_about_releases_alone(render: Render) -> None:
    (rule,) = hook(render())["rules"]
    assert (rule["apiGroups"], rule["resources"]) == (["slipway.dev"], ["modelreleases"])
    assert rule["operations"] == ["CREATE", "UPDATE"]


def test_with_namespaces_it_is_asked_about_those_alone(render: Render) -> None:
    assert "namespaceSelector" not in hook(render())
    (wanted,) = hook(render(watchNamespaces=["a", "b"]))["namespaceSelector"]["matchExpressions"]
    assert wanted == {"key": "kubernetes.io/metadata.name", "operator": "In", "values": ["a", "b"]}


def test_the_service_leads_to_the_operators_port(render: Render) -> None:
    objects = render()
    service = hook(objects)["clientConfig"]["service"]
    (port,) = objects["Service", service["name"]]["spec"]["ports"]
    assert (port["port"], port["targetPort"]) == (service["port"], "webhook")
    assert service["namespace"] == "slipway-system"


def test_what_the_operator_adds_is_not_the_charts_to_reset(render: Render) -> None:
    config = hook(render())["clientConfig"]
    assert "caBundle" not in config
    assert "path" not in config["service"]


def test_the_operator_is_told_its_names(render: Render, tmp_path: Path) -> None:
    webhook = settings(render(), tmp_path).webhook
    assert webhook is not None
    assert webhook.configuration == CLUSTER
    assert webhook.host == "slipway-webhook.slipway-system.svc"


def test_the_key_is_long_enough_and_mounted_where_it_is_read(render: Render, tmp_path: Path) -> None:
    objects = render()
    webhook = settings(objects, tmp_path).webhook
    assert webhook is not None
    pod = objects["Deployment", "slipway"]["spec"]["template"]["spec"]
    (mount,) = (m for m in pod["containers"][0]["volumeMounts"] if m["name"] == "webhook")
    assert str(webhook.key_file) == f"{mount['mountPath']}/key"
    key = tmp_path / "key"
    key.write_bytes(base64.b64decode(objects["Secret", "slipway-webhook"]["data"]["key"]))
    assert len(webhook.model_copy(update={"key_file": key}).key()) == 64


def test_a_key_of_ones_own_is_used(render: Render) -> None:
    objects = render(webhook={"keySecret": "mine"})
    assert ("Secret", "slipway-webhook") not in objects
    volumes = objects["Deployment", "slipway"]["spec"]["template"]["spec"]["volumes"]
    (volume,) = (volume for volume in volumes if volume["name"] == "webhook")
    assert volume["secret"]["secretName"] == "mine"


@pytest.mark.parametrize("key", [b"", b"short"])
def test_a_key_that_can_be_guessed_is_refused(render: Render, tmp_path: Path, key: bytes) -> None:
    webhook = settings(render(), tmp_path).webhook
    assert webhook is not None
    path = tmp_path / "key"
    path.write_bytes(key)
    with pytest.raises(SettingsError, match="fewer than 32 bytes"):
        webhook.model_copy(update={"key_file": path}).key()


def test_without_the_webhook_nothing_of_it_is_installed(render: Render, tmp_path: Path) -> None:
    objects = render(webhook={"enabled": False})
    assert settings(objects, tmp_path).webhook is None
    assert not [name for _, name in objects if "webhook" in name]
    assert "webhook" not in {v["name"] for v in objects["Deployment", "slipway"]["spec"]["template"]["spec"]["volumes"]}
