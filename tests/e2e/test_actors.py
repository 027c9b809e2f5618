"""Who did it, as the API server knows it: in revisions, rollbacks, Events; and nobody where nobody knows."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from statistics import median

import pytest

from slipway.api.actors import ANNOTATION
from tests.e2e import figures
from tests.e2e.attempts import SMOKE
from tests.e2e.cluster import Cluster
from tests.e2e.conftest import Stage, unasked
from tests.e2e.kubectl import kubectl
from tests.e2e.models import AGAIN, Models
from tests.e2e.operator_pod import Operator
from tests.e2e.people import Person, account, user
from tests.e2e.releases import Release, manifest
from tests.e2e.waiting import until

pytestmark = [pytest.mark.e2e, pytest.mark.story, pytest.mark.timeout(900)]

BACK = '{"spec": {"rollback": {"to": "previous", "reason": "drill"}}}'
LIFT = '{"spec": {"rollback": null}}'
TRIES = 5
FOUR_EYES = """
apiVersion: slipway.dev/v1alpha1
kind: GovernancePolicy
tags: [{name: risk.tier, required: true, allowed: [low, medium, high]}]
rules: [{name: high-risk, when: {risk.tier: high}, approval: {fourEyes: true}}]
"""


@pytest.fixture(scope="module")
def release(stage: Stage) -> Release:
    return stage("signed")


@pytest.fixture(scope="module")
def alice(namespace: str) -> Person:
    return user(namespace, "alice")


@pytest.fixture(scope="module")
def bob(namespace: str) -> Person:
    return user(namespace, "bob@example.com")


@pytest.fixture(scope="module")
def ci(namespace: str) -> Person:
    return account(namespace, "ci")


@pytest.fixture
def operator_comes_back(operator: Operator) -> Iterator[None]:
    """Whatever happens in the test, the operator runs afterwards."""
    yield
    operator.scale(1)


def wish(release: Release, version: str) -> str:
    return json.dumps({"spec": {"model": {"candidate": {"alias": None, "version": version}}}})


def told(release: Release, action: str) -> list[str]:
    """The Events of the release for `action`."""
    listed = kubectl("-n", release.namespace, "get", "events", "-o", "json")
    return [
        item["message"]
        for item in json.loads(listed)["items"]
        if item["reason"] == action and item["involvedObject"]["name"] == release.name
    ]


def rolled_back_by(release: Release, actor: str, within: float = 30) -> None:
    def look() -> bool:
        state = release.status().get("rollback") or {}
        return bool(state.get("actor") == actor and state.get("completedAt"))

    until(f"a rollback by {actor} is complete", look, within, lambda: release.status().get("rollback"))


def test_a_release_is_its_makers(release: Release, alice: Person, versions: Mapping[str, str]) -> None:
    gates = {"smoke": SMOKE, "governance": {"policy": "governance-tags"}}
    fixed = release.model(candidate={"version": versions["modest"]})
    alice.apply(manifest(release.namespace, release.name, model=fixed, gates=gates))

    first = release.until_promoted(versions["modest"])
    assert first["spec"]["intake"]["actor"] == "alice"


def test_a_candidate_is_whoevers_asked_for_it(release: Release, ci: Person, versions: Mapping[str, str]) -> None:
    ci.patch(release.name, wish(release, versions["good"]))

    second = release.until_promoted(versions["good"])
    assert second["spec"]["intake"]["actor"] == ci.name
    until("the Event says so", lambda: any(f"(by {ci.name})" in said for said in told(release, "Started")), 10)


def test_a_rollback_and_the_end_of_the_hold_name_who_asked(release: Release, alice: Person, ci: Person) -> None:
    alice.patch(release.name, BACK)
    rolled_back_by(release, "alice")
    until("the Event says so", lambda: any("(by alice)" in said for said in told(release, "RolledBack")), 10)

    ci.patch(release.name, LIFT)
    until("who lifted it is told", lambda: any(f"(by {ci.name})" in said for said in told(release, "HoldLifted")), 20)


def test_a_stamp_that_a_client_writes_is_replaced(release: Release, alice: Person, ci: Person) -> None:
    stamps = annotation(release).replace(ci.name, "alice").replace('"ci"', '"alice"')
    forged = {"metadata": {"annotations": {ANNOTATION: stamps}}, "spec": {"paused": True}}
    ci.patch(release.name, json.dumps(forged))
    until("the hold is told", lambda: any(f"(by {ci.name})" in said for said in told(release, "Held")), 20)
    assert f'"spec.paused":{{"user":"{ci.name}"' in annotation(release)

    ci.patch(release.name, json.dumps({"metadata": {"annotations": {ANNOTATION: None}}}))
    assert f'"spec.paused":{{"user":"{ci.name}"' in annotation(release), "taken off, and put back"
    alice.patch(release.name, '{"spec": {"paused": false}}')


def annotation(release: Release) -> str:
    found = release.cluster.get("ModelRelease", release.namespace, release.name)
    assert found is not None
    return str(found["metadata"]["annotations"][ANNOTATION])


def test_approval_by_the_author_is_refused_and_by_another_is_not(
    release: Release, models: Models, cluster: Cluster, alice: Person, bob: Person, versions: Mapping[str, str]
) -> None:
    version = versions[AGAIN]
    models.tag(version, "author", "alice")
    policy = {"name": "four-eyes", "namespace": release.namespace}
    cluster.create(
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": policy, "data": {"governance.tags.yaml": FOUR_EYES}}
    )
    asked = json.loads(wish(release, version))
    asked["spec"] |= {"rollback": None, "gates": {"governance": {"policy": "four-eyes"}}}
    bob.patch(release.name, json.dumps(asked))
    waiting = release.until_phase(version, "Gating")
    until("the approval is asked for", lambda: told(release, "ApprovalAsked"), 150, release.seen)
    digest = (release.newest(version) or waiting)["status"]["digest"]

    alice.patch(release.name, approve(digest))
    refusal = "alice registered the version; someone else must approve it"
    until("the author is refused", lambda: refusal in str(release.status().get("message")), 30, release.seen)
    bob.patch(release.name, approve(None))
    bob.patch(release.name, approve(digest))

    promoted = release.until_promoted(version)
    assert promoted["spec"]["intake"]["actor"] == bob.name
    assert promoted["status"]["consent"]["approver"] == bob.name
    (verdict,) = (result for result in promoted["status"]["gates"] if result["name"] == "approval")
    assert f"approved by {bob.name}" in verdict["message"]


def approve(digest: str | None) -> str:
    return json.dumps({"spec": {"gates": {"approval": {"approved": digest}}}})


@pytest.fixture(scope="module")
def alice_there(lasting: Release) -> Person:
    """Alice, with rights where the release is that tests share which run alone."""
    return user(lasting.namespace, "alice")


@pytest.mark.alone
@pytest.mark.usefixtures("operator_comes_back")
def test_without_the_webhook_a_patch_goes_through_and_nobody_is_named(
    served: Release, alice_there: Person, operator: Operator
) -> None:
    alice, live, previous = alice_there, served.live(), served.status()["previous"]["version"]
    alice.patch(served.name, BACK)
    rolled_back_by(served, "alice")
    alice.patch(served.name, LIFT)
    served.until_condition("Held", "False")
    assert served.live() == previous
    operator.scale(0)

    stamps = annotation(served)
    started = time.monotonic()
    alice.patch(served.name, json.dumps({"spec": {"rollback": {"version": live}}}))
    figures.record("patch without the webhook, s", round(time.monotonic() - started, 3))
    forged = stamps.replace('"spec.rollback":{"user":"', '"spec.rollback":{"user":"the-boss-')
    alice.patch(served.name, json.dumps({"metadata": {"annotations": {ANNOTATION: forged}}}))
    assert annotation(served) == forged != stamps

    operator.scale(1)
    rolled_back_by(served, "unverified")


@pytest.mark.alone
def test_what_the_webhook_adds_to_a_patch_is_measured(lasting: Release, alice_there: Person) -> None:
    """Of `kubectl patch` as a whole, which starts a program; the webhook is not asked about the patch of a label."""
    release, with_webhook, without = unasked(lasting), [], []
    for number in range(TRIES):
        with_webhook.append(timed(alice_there, release, json.dumps({"spec": {"retry": f"measured {number}"}})))
        without.append(timed(alice_there, release, json.dumps({"metadata": {"labels": {"measured": str(number)}}})))
    figures.record("patch with the webhook, median s", round(median(with_webhook), 3))
    figures.record("patch that the webhook is not asked about, median s", round(median(without), 3))
    assert '"spec.retry":{"user":"alice"' in annotation(release)


def timed(who: Person, release: Release, text: str) -> float:
    started = time.monotonic()
    who.patch(release.name, text)
    return time.monotonic() - started
