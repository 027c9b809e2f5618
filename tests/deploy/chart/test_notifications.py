"""Channels of notifications: a Secret that is mounted, and never anything in a value or a configuration."""

from __future__ import annotations

from pathlib import Path

from slipway.settings import Settings
from tests.deploy.chart.conftest import Objects, Render


def settings(objects: Objects, tmp_path: Path) -> Settings:
    path = tmp_path / "config.yaml"
    path.write_text(objects["ConfigMap", "slipway"]["data"]["config.yaml"])
    return Settings.load(path)


def test_nobody_is_notified_without_a_secret(render: Render, tmp_path: Path) -> None:
    objects = render()
    assert settings(objects, tmp_path).notification_channels is None
    assert "notifications" not in str(objects["Deployment", "slipway"])


def test_the_secret_is_mounted_where_the_channels_are_read(render: Render, tmp_path: Path) -> None:
    objects = render(notifications={"secret": "channels"})
    pod = objects["Deployment", "slipway"]["spec"]["template"]["spec"]
    (mount,) = (m for m in pod["containers"][0]["volumeMounts"] if m["name"] == "notifications")
    (volume,) = (v for v in pod["volumes"] if v["name"] == "notifications")
    assert mount["mountPath"] == str(settings(objects, tmp_path).notification_channels)
    assert mount["readOnly"] is True
    assert volume["secret"] == {"secretName": "channels", "optional": True}
