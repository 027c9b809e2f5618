"""What the chart installs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from slipway.settings import Settings
from tests.deploy.chart.conftest import CHART, ROOT, Render


def pod(objects: Any) -> dict[str, Any]:
    return dict(objects["Deployment", "slipway"]["spec"]["template"]["spec"])


def test_one_operator_that_is_replaced_rather_than_doubled(render: Render) -> None:
    spec = render()["Deployment", "slipway"]["spec"]
    assert (spec["replicas"], spec["strategy"]) == (1, {"type": "Recreate"})


def test_the_pod_meets_the_restricted_profile(render: Render) -> None:
    spec = pod(render())
    (container,) = spec["containers"]
    assert spec["securityContext"]["runAsNonRoot"] is True
    assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    volumes = {volume["name"] for volume in spec["volumes"]}
    assert volumes == {"config", "tmp", "audit", "audit-secrets", "webhook"}
    assert spec["securityContext"]["fsGroup"] == spec["securityContext"]["runAsGroup"]
    assert "limits" in container["resources"]


def test_probes_and_metrics_have_the_ports_that_the_operator_opens(render: Render) -> None:
    from slipway.admission.webhook import PORT as WEBHOOK_PORT
    from slipway.process.health import HEALTH_PORT, METRICS_PORT

    objects = render()
    (container,) = pod(objects)["containers"]
    ports = {port["name"]: port["containerPort"] for port in container["ports"]}
    assert ports == {"health": HEALTH_PORT, "metrics": METRICS_PORT, "webhook": WEBHOOK_PORT}
    assert container["livenessProbe"]["httpGet"] == {"path": "/healthz", "port": "health"}
    assert container["readinessProbe"]["httpGet"] == {"path": "/readyz", "port": "health"}
    (port,) = objects["Service", "slipway-metrics"]["spec"]["ports"]
    assert (port["name"], port["targetPort"]) == ("metrics", "metrics")


def test_the_configuration_is_what_the_operator_reads(render: Render, tmp_path: Path) -> None:
    registry = {"url": "https://mlflow.example", "credentialsSecret": "mlflow", "operatorSecret": "mlflow-operator"}
    objects = render(
        images={"server": "server:2", "native": "native:2"},
        registries={"default": registry},
        watchNamespaces=["a"],
        logLevel="debug",
    )
    text = objects["ConfigMap", "slipway"]["data"]["config.yaml"]
    path = tmp_path / "config.yaml"
    path.write_text(text)
    settings = Settings.load(path)
    assert settings.images.server == "server:2"
    assert settings.images.native == settings.images.jobs == "native:2"
    assert settings.watch_namespaces == ("a",)
    assert settings.registries["default"].credentials_secret == "mlflow"
    assert "mlflow-operator" not in text


def test_every_setting_of_the_operator_has_a_value(render: Render) -> None:
    everything = render(notifications={"secret": "channels"})
    config = yaml.safe_load(everything["ConfigMap", "slipway"]["data"]["config.yaml"])
    assert set(config) == {field.alias for field in Settings.model_fields.values()}
    registry = Settings.model_fields["registries"].annotation.__args__[1]  # type: ignore[union-attr]
    assert set(config["registries"]["default"]) == {field.alias for field in registry.model_fields.values()}


def test_a_changed_configuration_restarts_the_operator(render: Render) -> None:
    def stamp(**values: Any) -> Any:
        return render(**values)["Deployment", "slipway"]["spec"]["template"]["metadata"]["annotations"]

    assert stamp() != stamp(logLevel="debug")
    assert stamp() == stamp(networkPolicy={"enabled": True})


def test_registry_credentials_of_the_operator_come_from_its_secret(render: Render) -> None:
    registry = {"operatorSecret": "mlflow-operator"}
    (container,) = pod(render(registries={"default": registry}))["containers"]
    assert container["envFrom"] == [{"secretRef": {"name": "mlflow-operator"}}]
    assert "envFrom" not in pod(render())["containers"][0]


def test_a_network_policy_admits_scrapes_and_the_webhook(render: Render) -> None:
    assert ("NetworkPolicy", "slipway") not in render()
    scraper = [{"namespaceSelector": {"matchLabels": {"name": "monitoring"}}}]
    spec = render(networkPolicy={"enabled": True, "metricsFrom": scraper})["NetworkPolicy", "slipway"]["spec"]
    webhook = {"ports": [{"port": "webhook", "protocol": "TCP"}]}
    assert spec["ingress"] == [{"ports": [{"port": "metrics", "protocol": "TCP"}], "from": scraper}, webhook]
    alone = render(networkPolicy={"enabled": True}, webhook={"enabled": False})["NetworkPolicy", "slipway"]["spec"]
    assert alone["ingress"] == [{"ports": [{"port": "metrics", "protocol": "TCP"}]}]


def test_an_existing_service_account_is_used(render: Render) -> None:
    objects = render(serviceAccount={"create": False, "name": "mine"})
    assert ("ServiceAccount", "slipway") not in objects
    assert pod(objects)["serviceAccountName"] == "mine"
    assert objects["ClusterRoleBinding", "slipway"]["subjects"][0]["name"] == "mine"


@pytest.mark.parametrize("path", sorted((ROOT / "crds").glob("*.yaml")), ids=lambda path: path.name)
def test_the_chart_carries_the_generated_definitions(path: Path) -> None:
    assert (CHART / "crds" / path.name).read_text() == path.read_text()
