"""What people hear of without looking: a web server in the cluster is told, even after an outage and a restart."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pytest

from tests.e2e import stack
from tests.e2e.attempts import SMOKE
from tests.e2e.cluster import Cluster
from tests.e2e.conftest import Stage
from tests.e2e.kubectl import kubectl
from tests.e2e.operator_pod import NAMESPACE, Operator
from tests.e2e.receiver import Receiver
from tests.e2e.releases import Release
from tests.e2e.waiting import until

pytestmark = [pytest.mark.e2e, pytest.mark.alone, pytest.mark.story, pytest.mark.timeout(900)]

SECRET = "e2e-channels"


@pytest.fixture(scope="module")
def receiver(cluster: Cluster, operator: Operator, namespace: str, server_image: str) -> Iterator[Receiver]:
    """The receiver as the operator's default channel."""
    made = Receiver(cluster, namespace, server_image)
    made.start()
    channels = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": SECRET, "namespace": NAMESPACE}}
    kubectl("apply", "-f", "-", manifest={**channels, "stringData": {"default": made.url}})
    stack.configure(f"notifications.secret={SECRET}")
    operator.until_ready()
    yield made
    stack.configure("notifications.secret=")
    operator.until_ready()
    kubectl("-n", NAMESPACE, "delete", "secret", SECRET)


@pytest.fixture(scope="module")
def release(stage: Stage) -> Release:
    return stage("loud")


def test_a_promotion_is_told(release: Release, receiver: Receiver, versions: Mapping[str, str]) -> None:
    release.apply(gates={"smoke": SMOKE})
    release.release(versions["modest"])

    title = f"{release.namespace}/{release.name}: version {versions['modest']} is promoted"
    until("it is told", lambda: title in receiver.titles(), 30, receiver.titles)


def test_what_happens_in_an_outage_is_told_after_it_and_after_a_restart(
    release: Release, receiver: Receiver, operator: Operator
) -> None:
    receiver.stop()
    release.patch('{"spec": {"paused": true}}')
    release.until_condition("Held", "True")
    until("the first attempt failed", lambda: "tried again later" in operator.log(), 30)
    operator.keep_log()
    operator.kill()
    operator.until_ready()
    assert release.condition("Held")["status"] == "True"
    receiver.start()

    title = f"{release.namespace}/{release.name}: promotions are held"
    until("it is told", lambda: title in receiver.titles(), 60, receiver.titles)
    assert "json://" not in operator.log(), "a URL is a credential"
