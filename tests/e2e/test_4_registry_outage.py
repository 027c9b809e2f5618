"""MLflow goes away: production stays as it is, the release says so, and goes on when MLflow is back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pytest

from tests.e2e.conftest import Stage
from tests.e2e.kubectl import kubectl
from tests.e2e.models import DEPLOYMENT, NAMESPACE
from tests.e2e.releases import Release
from tests.e2e.waiting import throughout

pytestmark = [pytest.mark.e2e, pytest.mark.alone, pytest.mark.timeout(900)]

NAME = "patient"
LONG = {"smoke": {"p95": "2s", "requests": 600, "rate": 30}}
"""Long enough that MLflow can be gone and missed before the gate is through."""


@pytest.fixture
def mlflow_comes_back() -> Iterator[None]:
    """Whatever happens in the test, MLflow runs afterwards."""
    yield
    _scale(1)


@pytest.fixture(scope="module")
def release(stage: Stage, versions: Mapping[str, str]) -> Release:
    """A release that serves its first version."""
    made = stage(NAME)
    made.stage(versions["modest"])
    made.apply()
    made.until_promoted(versions["modest"])
    return made


def _scale(replicas: int) -> None:
    kubectl("-n", NAMESPACE, "scale", f"deployment/{DEPLOYMENT}", f"--replicas={replicas}")
    if replicas:
        kubectl("-n", NAMESPACE, "rollout", "status", f"deployment/{DEPLOYMENT}", "--timeout=120s")


@pytest.mark.usefixtures("mlflow_comes_back")
def test_in_steady_state_production_is_untouched(release: Release, versions: Mapping[str, str]) -> None:
    serving, revisions = release.serving_pods(), len(release.revisions())

    _scale(0)
    away = release.until_condition("RegistryReachable", "False")

    assert "default" in away["message"]
    assert release.condition("Ready")["status"] == "True"
    assert release.answers() == versions["modest"]
    _scale(1)
    release.until_condition("RegistryReachable", "True")
    assert release.serving_pods() == serving
    assert len(release.revisions()) == revisions


@pytest.mark.usefixtures("mlflow_comes_back")
def test_during_a_release_production_is_untouched_until_mlflow_is_back(
    release: Release, versions: Mapping[str, str]
) -> None:
    serving, better = release.serving_pods(), versions["good"]
    release.apply(gates=LONG)
    release.stage(better)
    release.until_phase(better, "Gating")

    _scale(0)
    release.until_condition("RegistryReachable", "False")
    assert release.phase(better) == "Gating", "MLflow was not gone before the gate was through"
    release.until_phase(better, "Promoting", within=180)
    throughout("the first version serves", lambda: release.serving_pods() == serving, seconds=6)
    assert release.answers() == versions["modest"]
    assert release.condition("Ready")["status"] == "True"

    _scale(1)
    release.until_promoted(better)
    assert release.answers() == better
    assert release.models.aliases()[release.production_alias] == better
