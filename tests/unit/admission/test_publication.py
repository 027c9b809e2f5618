"""The API server learns the webhook's certificate and path, and keeps what the chart decided."""

from __future__ import annotations

import asyncio
import copy
from collections.abc import Mapping
from typing import Any

import pytest

from slipway.admission import publication
from slipway.admission.publication import Publication
from slipway.cluster.port import ClusterError, Conflict, Object, Place

SERVICE = {"name": "slipway-webhook", "namespace": "slipway-system", "port": 443}


class Configured:
    """A cluster with one MutatingWebhookConfiguration."""

    def __init__(self) -> None:
        self.object: Object | None = {
            "metadata": {"resourceVersion": "1"},
            "webhooks": [{"failurePolicy": "Ignore", "timeoutSeconds": 2, "clientConfig": {"service": SERVICE}}],
        }
        self.writes = 0
        self.refusals = 0
        self.written = asyncio.Event()

    async def get(self, kind: str, namespace: str, name: str) -> Object | None:
        assert (kind, namespace, name) == ("MutatingWebhookConfiguration", "", "slipway-webhook.slipway-system")
        return copy.deepcopy(self.object)

    async def swap(self, where: Place, resource_version: str, values: Mapping[str, Any]) -> Object:
        if self.refusals:
            self.refusals -= 1
            raise Conflict(409, "somebody was faster")
        assert self.object is not None
        assert resource_version == self.object["metadata"]["resourceVersion"]
        self.object["webhooks"][0]["clientConfig"] = values["/webhooks/0/clientConfig"]
        self.writes += 1
        self.written.set()
        return self.object

    @property
    def webhook(self) -> dict[str, Any]:
        assert self.object is not None
        return dict(self.object["webhooks"][0])


def publication_of(cluster: Configured) -> Publication:
    return Publication(cluster, "slipway-webhook.slipway-system", b"k" * 32)  # type: ignore[arg-type]


async def test_certificate_and_path_are_written_and_the_rest_is_left() -> None:
    cluster = Configured()
    subject = publication_of(cluster)
    subject.offer("Q0E=")
    await subject.write()
    assert cluster.webhook == {
        "failurePolicy": "Ignore",
        "timeoutSeconds": 2,
        "clientConfig": {"caBundle": "Q0E=", "service": {**SERVICE, "path": f"{subject.path}/actors"}},
    }


async def test_nothing_is_written_twice() -> None:
    cluster = Configured()
    subject = publication_of(cluster)
    subject.offer("Q0E=")
    for _ in range(3):
        await subject.write()
    assert cluster.writes == 1


async def test_what_somebody_else_put_back_is_written_again() -> None:
    cluster = Configured()
    subject = publication_of(cluster)
    subject.offer("Q0E=")
    await subject.write()
    cluster.webhook["clientConfig"].pop("caBundle")
    await subject.write()
    assert cluster.webhook["clientConfig"]["caBundle"] == "Q0E="


async def test_a_configuration_that_is_missing_is_an_error_that_says_what_to_do() -> None:
    cluster = Configured()
    cluster.object = None
    subject = publication_of(cluster)
    subject.offer("Q0E=")
    with pytest.raises(ClusterError, match="reinstall the chart"):
        await subject.write()


async def test_refusals_end_nothing_and_a_renewed_certificate_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publication, "RETRY_SECONDS", 0.0)
    cluster = Configured()
    cluster.refusals = 3
    subject = publication_of(cluster)
    running = asyncio.create_task(subject.run())
    for bundle in ("Q0E=", "TkVX"):
        cluster.written.clear()
        subject.offer(bundle)
        await asyncio.wait_for(cluster.written.wait(), 5)
        assert cluster.webhook["clientConfig"]["caBundle"] == bundle
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


def test_the_path_is_as_secret_as_the_key() -> None:
    paths = {Publication(None, "c", key).path for key in (b"a" * 32, b"b" * 32)}  # type: ignore[arg-type]
    assert len(paths) == 2
    assert all(len(path) == 65 for path in paths)
