"""The API server's answers, and the reaction that each error names. A real HTTP server stands in for it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from kubernetes.aio import client

from slipway.cluster.kube import ApiServer
from slipway.cluster.port import ClusterError, Conflict, Invalid

Answer = Callable[[web.Request], web.StreamResponse]
SERVICE = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "cancer", "namespace": "demo"}}


class Api:
    """What the server answers next, and what it was asked."""

    def __init__(self) -> None:
        self.answers: list[tuple[int, Any]] = []
        self.asked: list[tuple[str, str, dict[str, str], str, bytes]] = []

    async def handle(self, request: web.Request) -> web.Response:
        body = await request.read()
        query = dict(request.query)
        self.asked.append((request.method, request.path, query, request.headers.get("Content-Type", ""), body))
        status, answer = self.answers.pop(0)
        return web.json_response(answer, status=status)


@pytest.fixture
def api() -> Api:
    return Api()


@pytest.fixture
async def cluster(api: Api) -> AsyncIterator[ApiServer]:
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", api.handle)
    server = TestServer(app)
    await server.start_server()
    configuration = client.Configuration(host=f"http://{server.host}:{server.port}")
    cluster = ApiServer(client.ApiClient(configuration))
    yield cluster
    await cluster.close()
    await server.close()


def problem(status: int, message: str) -> tuple[int, Any]:
    return status, {"kind": "Status", "message": message, "code": status}


async def test_what_is_not_there_is_none(api: Api, cluster: ApiServer) -> None:
    api.answers = [problem(404, "not found")]
    assert await cluster.get("Service", "demo", "cancer") is None
    assert api.asked[0][1] == "/api/v1/namespaces/demo/services/cancer"


async def test_a_listing_is_read_page_by_page(api: Api, cluster: ApiServer) -> None:
    api.answers = [(200, {"items": [{"a": 1}], "metadata": {"continue": "next"}}), (200, {"items": [{"a": 2}]})]
    assert await cluster.list("ModelRelease", "", {"x": "y"}) == [{"a": 1}, {"a": 2}]
    assert api.asked[0][1] == "/apis/slipway.dev/v1alpha1/modelreleases"
    assert [asked[2].get("continue") for asked in api.asked] == [None, "next"]
    assert api.asked[0][2]["labelSelector"] == "x=y"


async def test_apply_is_server_side_under_one_field_manager(api: Api, cluster: ApiServer) -> None:
    api.answers = [(200, SERVICE)]
    await cluster.apply(SERVICE)
    method, path, query, kind, _ = api.asked[0]
    assert (method, path) == ("PATCH", "/api/v1/namespaces/demo/services/cancer")
    assert kind == "application/apply-patch+yaml"
    assert query["fieldManager"] == "slipway"


@pytest.mark.parametrize(
    ("status", "error"), [(409, Conflict), (422, Invalid), (403, ClusterError), (500, ClusterError)]
)
async def test_a_refused_write_names_the_reaction(
    api: Api, cluster: ApiServer, status: int, error: type[ClusterError]
) -> None:
    api.answers = [problem(status, "because")]
    with pytest.raises(error, match="because") as raised:
        await cluster.create(SERVICE)
    assert raised.value.status == status


async def test_a_swap_is_held_to_the_version_alone_and_compares_nothing_that_people_wrote(
    api: Api, cluster: ApiServer
) -> None:
    api.answers = [(200, SERVICE), problem(409, "the object has been modified"), problem(422, "spec is invalid")]
    where, values = ("HTTPRoute", "demo", "cancer"), {"/spec": {"hostnames": ["<é>"]}}
    await cluster.swap(where, "7", values)
    assert api.asked[0][3] == "application/json-patch+json"
    assert json.loads(api.asked[0][4]) == [
        {"op": "add", "path": "/metadata/resourceVersion", "value": "7"},
        {"op": "add", "path": "/spec", "value": {"hostnames": ["<é>"]}},
    ]
    with pytest.raises(Conflict):
        await cluster.swap(where, "7", values)
    with pytest.raises(Invalid):
        await cluster.swap(where, "7", values)


async def test_status_is_written_to_its_own_subresource(api: Api, cluster: ApiServer) -> None:
    api.answers = [(200, {})]
    await cluster.replace_status({"kind": "ModelRelease", "metadata": {"name": "cancer", "namespace": "demo"}})
    assert api.asked[0][:2] == ("PUT", "/apis/slipway.dev/v1alpha1/namespaces/demo/modelreleases/cancer/status")


async def test_deleting_what_is_gone_is_fine_and_names_the_object(api: Api, cluster: ApiServer) -> None:
    api.answers = [problem(404, "not found")]
    await cluster.delete("Job", "demo", "smoke", "uid-7")
    assert b'"uid": "uid-7"' in api.asked[0][4]


async def test_a_server_that_is_not_there_is_an_error_without_a_status() -> None:
    cluster = ApiServer(client.ApiClient(client.Configuration(host="http://127.0.0.1:9")))
    with pytest.raises(ClusterError) as raised:
        await cluster.get("Service", "demo", "cancer")
    assert raised.value.status == 0
    await cluster.close()


async def test_it_says_whether_the_cluster_knows_a_kind(api: Api, cluster: ApiServer) -> None:
    known = {"resources": [{"kind": "PrometheusRule", "name": "prometheusrules"}]}
    api.answers = [(200, known), (200, {"resources": []}), problem(404, "not found")]
    assert [await cluster.knows("PrometheusRule") for _ in range(3)] == [True, False, False]
    assert api.asked[0][:2] == ("GET", "/apis/monitoring.coreos.com/v1")
