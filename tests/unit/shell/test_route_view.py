"""What is seen in an HTTPRoute, whoever wrote to it, and what the routers make of shares."""

from __future__ import annotations

from typing import Any

import pytest

from slipway.api.traffic import Gateway, ParentRef, SessionAffinity
from slipway.observe.views import route_view
from slipway.plan.production.flip import GatewayRouter, ServiceRouter
from slipway.plan.situation.observed import Service
from slipway.render.route import backends, configured

ACCEPTED = {"type": "Accepted", "status": "True", "observedGeneration": 4}
RESOLVED = {"type": "ResolvedRefs", "status": "True", "observedGeneration": 4}


def route(*rules: dict[str, Any], conditions: tuple[dict[str, Any], ...] | None = None) -> dict[str, Any]:
    meta = {
        "name": "iris",
        "uid": "u",
        "resourceVersion": "7",
        "generation": 4,
        "labels": {"slipway.dev/release": "iris"},
    }
    parents = [] if conditions is None else [{"parentRef": {"name": "public"}, "conditions": list(conditions)}]
    return {"metadata": meta, "spec": {"rules": list(rules)}, "status": {"parents": parents}}


def rule(**weights: int) -> dict[str, Any]:
    return {"backendRefs": backends(weights)}


def test_the_first_backend_with_a_weight_is_live_and_weights_need_not_add_up_to_a_hundred() -> None:
    seen = route_view(route(rule(r1=0, r2=9, r3=1)))
    assert list(seen.shares.items()) == [("r2", 90), ("r3", 10)]
    assert seen.strange is None


@pytest.mark.parametrize(
    ("rules", "said"),
    [
        ([rule(r1=100), rule(r1=100)], "2 rules"),
        ([{"backendRefs": [{"name": "other", "namespace": "elsewhere"}]}], "backend other"),
        ([{"backendRefs": [{"name": "bucket", "kind": "Bucket"}]}], "backend bucket"),
    ],
)
def test_what_slipway_does_not_put_there_is_strange(rules: list[dict[str, Any]], said: str) -> None:
    assert route_view(route(*rules)).strange == said


def test_a_route_without_rules_gives_nothing() -> None:
    assert route_view(route()).shares == {}


@pytest.mark.parametrize(
    ("conditions", "said"),
    [
        (None, "no gateway has accepted the route"),
        ((), "Accepted is unknown"),
        (({**ACCEPTED, "status": "False", "message": "no such listener"}, RESOLVED), "no such listener"),
        ((ACCEPTED, {**RESOLVED, "status": "False", "message": "no Service r9"}), "no Service r9"),
        (({**ACCEPTED, "observedGeneration": 3}, RESOLVED), "has not programmed the latest weights yet"),
    ],
)
def test_why_no_gateway_carries_it_out(conditions: tuple[dict[str, Any], ...] | None, said: str) -> None:
    assert said in (route_view(route(rule(r1=100), conditions=conditions)).problem or "")


def test_one_gateway_that_carries_it_out_is_enough() -> None:
    seen = route(rule(r1=100), conditions=(ACCEPTED, RESOLVED))
    seen["status"]["parents"].insert(0, {"parentRef": {"name": "other"}, "conditions": []})
    assert route_view(seen).problem is None


def test_a_controller_that_names_no_generation_is_believed() -> None:
    plain = tuple({"type": condition["type"], "status": "True"} for condition in (ACCEPTED, RESOLVED))
    assert route_view(route(rule(r1=100), conditions=plain)).problem is None


def test_a_shift_is_held_to_what_was_read_and_all_of_it_is_a_flip() -> None:
    router = GatewayRouter(route_view(route(rule(r1=90, r2=10))))
    flip, split = router.shift({"r2": 100}), router.shift({"r1": 50, "r2": 50})
    assert (flip.kind, flip.resource_version, flip.flips) == ("HTTPRoute", "7", "r2")
    assert split.after == {"/spec/rules/0/backendRefs": backends({"r1": 50, "r2": 50})}
    assert split.flips is None


def test_a_service_cannot_be_split() -> None:
    service = Service("iris", "u", "7", {}, "iris")
    with pytest.raises(ValueError, match="everything to one revision"):
        ServiceRouter(service).shift({"r1": 90, "r2": 10})
    assert ServiceRouter(service).shift({"r1": 100}).flips == "r1"


def test_configuring_keeps_weights_and_what_people_added() -> None:
    theirs = {**rule(r1=90, r2=10), "timeouts": {"request": "5s"}, "sessionPersistence": {"sessionName": "old"}}
    gateway = Gateway(parent_refs=(ParentRef(name="public"),), hostnames=("a.example",))
    spec = configured({"rules": [theirs], "hostnames": ["b.example"]}, gateway)
    assert spec["hostnames"] == ["a.example"]
    assert spec["rules"] == [{**rule(r1=90, r2=10), "timeouts": {"request": "5s"}}]
    sticky = configured(spec, gateway.model_copy(update={"session_affinity": SessionAffinity(name="s")}))
    assert sticky["rules"][0]["sessionPersistence"] == {"sessionName": "s", "type": "Cookie"}
