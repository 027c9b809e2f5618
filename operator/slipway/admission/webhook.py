"""The mutating webhook, served by kopf: who changed a release is stamped on it.

It says yes to everything. A request that it cannot make sense of goes through as it is, and its change is unverified.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import kopf
from pydantic import ValidationError

from slipway.admission.certificate import RENEWED_AFTER, CertificateFiles
from slipway.admission.publication import HANDLER, Publication
from slipway.api.actors import ANNOTATION, Signed, Stamp, stamped
from slipway.api.base import GROUP, VERSION
from slipway.api.release import ReleaseSpec
from slipway.words.times import stamp

LOG = logging.getLogger(__name__)

PORT = 9443
RELOAD_SECONDS = 60.0

Clock = Callable[[], datetime]


def serve(handlers: kopf.OperatorRegistry, key: bytes, server: WebhookServer, now: Clock) -> None:
    """Let kopf run `server` beside its `handlers`, and stamp with `key` the releases that it is asked about."""
    for tells_the_path in ("aiohttp.access", "kopf._kits.webhooks"):
        logging.getLogger(tells_the_path).setLevel(logging.WARNING)

    @kopf.on.startup(registry=handlers)
    def configure(settings: kopf.OperatorSettings, **_: Any) -> None:
        settings.admission.server = server

    @kopf.on.mutate(
        GROUP,
        VERSION,
        "modelreleases",
        registry=handlers,
        id=HANDLER,
        operations=["CREATE", "UPDATE"],
        ignore_failures=True,
    )
    async def stamp_actors(userinfo: kopf.UserInfo, patch: kopf.Patch, **kwargs: Any) -> None:
        try:
            before, after = signed(kwargs["old"]), signed(kwargs["new"])
        except (KeyError, ValidationError) as error:  # the API server's own validation comes later and refuses it
            LOG.info("a release that cannot be read was not stamped: %s", error)
            return
        if after is not None:
            after = replace(after, generation=next_generation(kwargs["old"], kwargs["new"]))
            by = Stamp(user=userinfo["username"], at=stamp(now()))
            patch.metadata.annotations[ANNOTATION] = stamped(key, before, after, by)


def signed(body: Mapping[str, Any] | None) -> Signed | None:
    """The release in an admission request. Raises KeyError and ValidationError: nobody has validated it yet."""
    if body is None:
        return None
    meta, spec = body["metadata"], ReleaseSpec.model_validate(body["spec"])
    annotation = (meta.get("annotations") or {}).get(ANNOTATION)
    return Signed(meta["namespace"], meta.get("name", ""), meta.get("generation", 1), spec, annotation)


def next_generation(old: Mapping[str, Any] | None, new: Mapping[str, Any]) -> int:
    """The generation that the API server will give `new`: it counts changes of anything but metadata and status."""
    if old is None:
        return 1

    def counted(body: Mapping[str, Any]) -> dict[str, Any]:
        return {key: value for key, value in body.items() if key not in ("metadata", "status")}

    return int(old["metadata"]["generation"]) + (counted(old) != counted(new))


class WebhookServer:
    """kopf's webhook server behind a path that nobody can guess, with certificates that are renewed while it runs."""

    def __init__(self, publication: Publication, host: str, now: Clock, port: int = PORT) -> None:
        self._publication, self._host, self._now, self._port = publication, host, now, port

    async def __call__(self, answer: Any) -> AsyncIterator[Any]:
        """Serve `answer` until cancelled; kopf's WebhookServerProtocol."""
        with TemporaryDirectory(prefix="slipway-webhook-") as folder:
            files = CertificateFiles(Path(folder), self._host)
            files.renew(self._now())
            renewing = asyncio.create_task(self._renew(files))
            server = kopf.WebhookServer(
                port=self._port,
                host=self._host,
                path=self._publication.path,
                certfile=files.certificate,
                pkeyfile=files.key,
                file_check_interval=RELOAD_SECONDS,
            )
            try:
                async for config in server(always_yes(answer)):
                    self._publication.offer(config["caBundle"] or "")
                    yield config
            finally:
                renewing.cancel()

    async def _renew(self, files: CertificateFiles) -> None:
        """kopf notices the new files by itself and starts over with them."""
        while True:
            await asyncio.sleep(RENEWED_AFTER.total_seconds())
            files.renew(self._now())


def always_yes(answer: Any) -> Any:
    """`answer`, but a handler that failed refuses nothing: failurePolicy Ignore does not cover an answer of no."""

    async def lenient(request: Any, **kwargs: Any) -> Any:
        review = await answer(request, **kwargs)
        response = review["response"]
        if not response["allowed"]:
            LOG.error("a change of a release was not stamped: %s", response.pop("status", None))
            response["allowed"] = True
        return review

    return lenient
