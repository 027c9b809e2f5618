"""A release is deleted: its children go with it, or stay and serve. No finalizer ever keeps anything."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pytest

from tests.e2e.cluster import Cluster
from tests.e2e.conftest import Stage
from tests.e2e.kubectl import kubectl
from tests.e2e.operator_pod import Operator
from tests.e2e.releases import CHILDREN, RELEASE, RELEASE_SECONDS, Release
from tests.e2e.waiting import throughout, until

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def both(stage: Stage, versions: Mapping[str, str]) -> tuple[Release, Release]:
    """One release whose children are to go, one whose children are to stay; both serve."""
    going, staying = stage("going"), stage("staying")
    for release, policy in ((going, "Delete"), (staying, "Orphan")):
        release.stage(versions["modest"])
        release.apply(deletionPolicy=policy)
    for release in (going, staying):
        release.until_promoted(versions["modest"])
    return going, staying


@pytest.fixture
def operator_comes_back(operator: Operator) -> Iterator[None]:
    """Whatever happens in the test, the operator runs afterwards."""
    yield
    operator.scale(1)


def _children(release: Release) -> list[str]:
    found = [
        (kind, o) for kind in CHILDREN for o in release.cluster.list(kind, release.namespace, {RELEASE: release.name})
    ]
    return [f"{kind} {o['metadata']['name']}" for kind, o in found]


def test_delete_takes_everything_along(both: tuple[Release, Release]) -> None:
    going, staying = both
    kubectl("-n", going.namespace, "delete", "modelrelease", going.name, "--timeout=30s")

    until("every child is gone", lambda: not _children(going), 60, lambda: _children(going))

    assert staying.condition("Ready")["status"] == "True"


def test_orphan_leaves_everything_serving(both: tuple[Release, Release], versions: Mapping[str, str]) -> None:
    _, staying = both
    serving = staying.serving_pods()
    kubectl("-n", staying.namespace, "delete", "modelrelease", staying.name, "--timeout=30s")

    throughout("the pods serve", lambda: staying.serving_pods() == serving, seconds=8)

    assert staying.answers() == versions["modest"]
    assert staying.revisions() != [], "the record of what serves is kept"
    staying.apply()
    staying.until_condition("Ready", "True")


@pytest.mark.alone
@pytest.mark.usefixtures("operator_comes_back")
def test_a_namespace_can_be_deleted_while_the_operator_is_gone(
    stage: Stage, versions: Mapping[str, str], operator: Operator, cluster: Cluster
) -> None:
    release = stage("forsaken")
    release.stage(versions["modest"])
    release.apply()
    release.until_condition("Ready", "True", within=RELEASE_SECONDS)
    operator.scale(0)

    kubectl("delete", "namespace", release.namespace, "--timeout=120s")

    assert cluster.get("Namespace", None, release.namespace) is None
