"""The operator's configuration: what is wrong in it is said with its place, and nothing is guessed."""

from __future__ import annotations

from pathlib import Path

import pytest

from slipway.settings import Settings, SettingsError

GOOD = """
images: {server: "s:1", native: "n:1", jobs: "n:1"}
registries: {default: {url: "http://mlflow.mlflow.svc:5000"}}
"""


def load(tmp_path: Path, text: str) -> Settings:
    path = tmp_path / "config.yaml"
    path.write_text(text)
    return Settings.load(path)


def test_the_least_that_is_needed(tmp_path: Path) -> None:
    settings = load(tmp_path, GOOD)
    assert settings.registries["default"].poll_seconds == 15
    assert settings.registries["default"].allow_code is False


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("images: [", "config.yaml"),
        ("", "config.yaml"),
        (GOOD.replace("url:", "uri:"), "registries.default"),
        (GOOD.replace("http://mlflow", "file:///etc"), "registries.default.url"),
        (GOOD + "resyncInterval: soon", "resyncInterval"),
        (GOOD + "prometheus: {url: prometheus:9090}", "prometheus.url"),
        (GOOD + "logLevle: info", "logLevle"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, text: str, place: str) -> None:
    with pytest.raises(SettingsError, match=place):
        load(tmp_path, text)


def test_a_file_that_is_not_there_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="No such file"):
        Settings.load(tmp_path / "config.yaml")


def test_the_packages_of_another_image_are_not_known(tmp_path: Path) -> None:
    settings = load(tmp_path, GOOD + 'serverPackages: "numpy==2.4.6\\nscikit-learn==1.9.1\\n"\n')
    assert settings.packages("s:1") == {"numpy": "2.4.6", "scikit-learn": "1.9.1"}
    assert settings.packages("their:own") is None
