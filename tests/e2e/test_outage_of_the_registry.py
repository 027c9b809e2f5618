"""MLflow goes away: production stays as it is, the release says so, and goes on when MLflow is back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pytest

from tests.e2e.cluster import Cluster
from tests.e2e.conftest import Stage
from tests.e2e.registry_apart import NAME as APART
from tests.e2e.registry_apart import registry_apart
from tests.e2e.releases import Release
from tests.e2e.scripted import Scripted
from tests.e2e.waiting import throughout

pytestmark = [pytest.mark.e2e, pytest.mark.story, pytest.mark.timeout(900)]

NAME = "patient"
LONG = {"smoke": {"p95": "2s", "requests": 600, "rate": 30}}
"""Long enough that MLflow can be gone and missed before the gate is through."""


@pytest.fixture(scope="module")
def mlflow(cluster: Cluster, server_image: str) -> Iterator[Scripted]:
    """As this release reaches it, and no other."""
    made = registry_apart(cluster, server_image)
    made.stop()
    made.start()
    yield made
    made.stop()


@pytest.fixture(scope="module")
def release(stage: Stage, mlflow: Scripted, versions: Mapping[str, str]) -> Release:
    """A release that serves its first version."""
    made = stage(NAME)
    made.stage(versions["modest"])
    made.apply(model=made.model(registry=APART))
    made.until_promoted(versions["modest"])
    return made


def test_in_steady_state_production_is_untouched(
    release: Release, mlflow: Scripted, versions: Mapping[str, str]
) -> None:
    serving, revisions = release.serving_pods(), len(release.revisions())

    mlflow.stop()
    away = release.until_condition("RegistryReachable", "False")

    assert APART in away["message"]
    assert release.condition("Ready")["status"] == "True"
    assert release.answers() == versions["modest"]
    mlflow.start()
    release.until_condition("RegistryReachable", "True")
    assert release.serving_pods() == serving
    assert len(release.revisions()) == revisions


def test_during_a_release_production_is_untouched_until_mlflow_is_back(
    release: Release, mlflow: Scripted, versions: Mapping[str, str]
) -> None:
    serving, better = release.serving_pods(), versions["good"]
    release.apply(model=release.model(registry=APART), gates=LONG)
    release.stage(better)
    release.until_phase(better, "Gating")

    mlflow.stop()
    release.until_condition("RegistryReachable", "False")
    assert release.phase(better) == "Gating", "MLflow was not gone before the gate was through"
    release.until_phase(better, "Promoting", within=180)
    throughout("the first version serves", lambda: release.serving_pods() == serving, seconds=6)
    assert release.answers() == versions["modest"]
    assert release.condition("Ready")["status"] == "True"

    mlflow.start()
    release.until_promoted(better)
    assert release.answers() == better
    assert release.models.aliases()[release.production_alias] == better
