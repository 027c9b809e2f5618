"""The webhook over real HTTPS, as the API server calls it."""

from __future__ import annotations

import asyncio
import base64
import functools
import json
import ssl
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import aiohttp
import jsonpatch
import kopf
import pytest
from kopf._cogs.structs.references import Insights, Resource
from kopf._core.engines.admission import serve_admission_request
from kopf._core.reactor.inventory import ResourceMemories

from slipway.admission import webhook
from slipway.admission.publication import Publication
from slipway.api.actors import ANNOTATION, Part, Signed, actors
from slipway.api.release import ReleaseSpec

KEY, HOST = b"k" * 32, "slipway-webhook.slipway-system.svc"
SPEC: dict[str, Any] = {"model": {"name": "m", "candidate": {"alias": "staging"}}}
ROLLBACK = {"rollback": {"to": "previous"}}


def now() -> datetime:
    return datetime.now(UTC)


def release(generation: int = 1, annotations: Mapping[str, str] | None = None, **spec: Any) -> dict[str, Any]:
    meta = {"name": "cancer", "namespace": "demo", "uid": "u", "generation": generation}
    meta |= {"annotations": dict(annotations)} if annotations is not None else {}
    return {"apiVersion": "slipway.dev/v1alpha1", "kind": "ModelRelease", "metadata": meta, "spec": {**SPEC, **spec}}


def review(user: str, new: dict[str, Any], old: dict[str, Any] | None = None) -> dict[str, Any]:
    return {
        "apiVersion": "admission.k8s.io/v1",
        "kind": "AdmissionReview",
        "request": {
            "uid": "review",
            "resource": {"group": "slipway.dev", "version": "v1alpha1", "resource": "modelreleases"},
            "operation": "UPDATE" if old else "CREATE",
            "userInfo": {"username": user, "groups": []},
            "object": new,
            "oldObject": old,
        },
    }


@dataclass
class Caller:
    """What the API server knows of the webhook: where it is, its path, its certificate."""

    session: aiohttp.ClientSession
    port: int
    publication: Publication

    async def post(self, path: str, body: Any) -> tuple[int, Any]:
        """Status and answer."""
        bundle = base64.b64decode(self.publication._bundle or "").decode()
        trust = ssl.create_default_context(cadata=bundle)
        url = f"https://127.0.0.1:{self.port}{path}"
        async with self.session.post(url, data=json.dumps(body), ssl=trust, server_hostname=HOST) as response:
            return response.status, await response.json() if response.status == 200 else None

    async def ask(self, user: str, new: dict[str, Any], old: dict[str, Any] | None = None) -> dict[str, Any]:
        """The object as the API server would store it."""
        status, answer = await self.post(f"{self.publication.path}/actors", review(user, new, old))
        assert (status, answer["response"]["allowed"]) == (200, True)
        assert "status" not in answer["response"]
        patch = json.loads(base64.b64decode(answer["response"].get("patch", "W10=")))
        changed: dict[str, Any] = jsonpatch.apply_patch(new, patch)
        return changed


@pytest.fixture
async def caller(unused_tcp_port: int) -> AsyncIterator[Caller]:
    handlers = kopf.OperatorRegistry()
    publication = Publication(None, "slipway-webhook", KEY)  # type: ignore[arg-type]
    server = webhook.WebhookServer(publication, HOST, now, unused_tcp_port)
    webhook.serve(handlers, KEY, server, now)
    insights = Insights()
    insights.webhook_resources.add(Resource("slipway.dev", "v1alpha1", "modelreleases", namespaced=True))
    answer = functools.partial(
        serve_admission_request,
        settings=kopf.OperatorSettings(),
        memories=ResourceMemories(),
        memobase=None,
        registry=handlers,
        insights=insights,
        indices={},
    )

    async def run() -> None:
        async for _ in server(answer):
            pass

    serving = asyncio.create_task(run())
    await asyncio.wait_for(publication._offered.wait(), 10)
    async with aiohttp.ClientSession() as session:
        yield Caller(session, unused_tcp_port, publication)
    serving.cancel()
    await asyncio.gather(serving, return_exceptions=True)


def who(manifest: dict[str, Any], generation: int, part: Part) -> str:
    meta = manifest["metadata"]
    spec = ReleaseSpec.model_validate(manifest["spec"])
    annotation = meta.get("annotations", {}).get(ANNOTATION)
    return actors(KEY, Signed("demo", "cancer", generation, spec, annotation)).who(part)


async def test_a_new_release_is_its_makers(caller: Caller) -> None:
    stored = await caller.ask("alice", release())
    assert who(stored, 1, Part.SPEC) == "alice"


async def test_a_rollback_is_whoevers_asked_for_it(caller: Caller) -> None:
    made = await caller.ask("alice", release())
    patched = {**made, "spec": {**made["spec"], **ROLLBACK}}
    stored = await caller.ask("system:serviceaccount:demo:ci", patched, made)
    assert who(stored, 2, Part.ROLLBACK) == "system:serviceaccount:demo:ci"
    assert who(stored, 2, Part.RETRY) == "alice"


async def test_a_stamp_that_a_client_sends_along_is_replaced(caller: Caller) -> None:
    made = await caller.ask("alice", release())
    forged = release(annotations={ANNOTATION: made["metadata"]["annotations"][ANNOTATION] + " "}, **ROLLBACK)
    stored = await caller.ask("mallory", forged, made)
    assert who(stored, 2, Part.ROLLBACK) == "mallory"


async def test_labels_and_other_annotations_stay(caller: Caller) -> None:
    made = await caller.ask("alice", release(annotations={"team": "risk"}))
    assert made["metadata"]["annotations"]["team"] == "risk"


async def test_what_cannot_be_read_goes_through_as_it_is(caller: Caller) -> None:
    nonsense = release(gates="none")
    assert await caller.ask("alice", nonsense) == nonsense


async def test_a_bug_refuses_nothing(caller: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    def bug(*_: Any) -> str:
        raise RuntimeError("a bug")

    monkeypatch.setattr(webhook, "stamped", bug)
    made = release()
    assert await caller.ask("alice", made) == made


async def test_whoever_does_not_know_the_path_gets_no_stamp(caller: Caller) -> None:
    for path in ("/actors", "/", "/guess/actors"):
        status, _ = await caller.post(path, review("alice", release()))
        assert status == 404


async def test_no_log_tells_the_path(caller: Caller, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("DEBUG"):
        await caller.ask("alice", release())
    assert caplog.records
    assert not any(caller.publication.path.strip("/") in record.getMessage() for record in caplog.records)


async def test_text_that_is_no_review_is_a_bad_request(caller: Caller) -> None:
    status, _ = await caller.post(f"{caller.publication.path}/actors", "not a review")
    assert status >= 400
