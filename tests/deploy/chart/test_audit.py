"""Where the chart puts the audit log, and the key of its checkpoints."""

from __future__ import annotations

import base64
from typing import Any

import yaml
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from tests.deploy.chart.conftest import Objects, Render

KEPT = {"helm.sh/resource-policy": "keep"}


def volume(objects: Objects, name: str) -> dict[str, Any]:
    """A volume of the operator's pod; {} where it has none of that name."""
    volumes = objects["Deployment", "slipway"]["spec"]["template"]["spec"]["volumes"]
    return next((dict(each) for each in volumes if each["name"] == name), {})


def config(objects: Objects) -> dict[str, Any]:
    """The operator's settings for the audit log."""
    return dict(yaml.safe_load(objects["ConfigMap", "slipway"]["data"]["config.yaml"])["audit"])


def test_the_log_lies_on_a_claim_that_outlives_the_operator(render: Render) -> None:
    objects = render(audit={"store": {"sqlite": {"size": "5Gi"}}})
    claim = objects["PersistentVolumeClaim", "slipway-audit"]
    assert claim["metadata"]["annotations"] == KEPT
    assert claim["spec"] == {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "5Gi"}}}
    assert volume(objects, "audit")["persistentVolumeClaim"] == {"claimName": "slipway-audit"}
    assert config(objects)["url"] == "sqlite:////var/lib/slipway/audit.db"


def test_an_existing_claim_is_used(render: Render) -> None:
    objects = render(audit={"store": {"sqlite": {"existingClaim": "mine"}}})
    assert ("PersistentVolumeClaim", "slipway-audit") not in objects
    assert volume(objects, "audit")["persistentVolumeClaim"] == {"claimName": "mine"}


def test_the_log_may_lie_in_the_pod_for_trying_things_out(render: Render) -> None:
    objects = render(audit={"store": {"sqlite": {"emptyDir": True}}})
    assert ("PersistentVolumeClaim", "slipway-audit") not in objects
    assert volume(objects, "audit")["emptyDir"] == {}


def test_a_postgresql_is_named_by_a_secret_and_its_password_is_in_no_other_object(render: Render) -> None:
    objects = render(audit={"store": {"url": {"secretName": "audit-database"}}})
    assert ("PersistentVolumeClaim", "slipway-audit") not in objects
    assert volume(objects, "audit") == {}
    sources = volume(objects, "audit-secrets")["projected"]["sources"]
    assert sources[1]["secret"] == {"name": "audit-database", "items": [{"key": "url", "path": "url"}]}
    assert config(objects) == {"key": "/etc/slipway-audit/key.pem", "urlFile": "/etc/slipway-audit/url"}


def test_the_chart_makes_an_ed25519_key_and_keeps_it(render: Render) -> None:
    secret = render()["Secret", "slipway-audit-key"]
    key = load_pem_private_key(base64.b64decode(secret["data"]["key.pem"]), password=None)
    assert isinstance(key, Ed25519PrivateKey)
    assert secret["metadata"]["annotations"] == KEPT


def test_an_existing_key_is_used(render: Render) -> None:
    objects = render(audit={"checkpoints": {"existingSecret": "mine"}})
    assert ("Secret", "slipway-audit-key") not in objects
    assert volume(objects, "audit-secrets")["projected"]["sources"][0]["secret"]["name"] == "mine"
