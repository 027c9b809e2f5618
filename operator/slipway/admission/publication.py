"""Tells the API server where the webhook is and which certificate it has.

The chart makes the MutatingWebhookConfiguration with everything that an administrator decides: what it is asked about,
how long it is waited for, and that a webhook which does not answer is ignored. What the process alone knows, its own
certificate and the path of its webhook, is written here.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import logging

from slipway.cluster.port import Cluster, ClusterError

LOG = logging.getLogger(__name__)

KIND = "MutatingWebhookConfiguration"
HANDLER = "actors"
CHECK_SECONDS = 60.0
RETRY_SECONDS = 2.0


class Publication:
    """Keeps the one webhook of `configuration` in step. Only the API server's administrators can read it there."""

    def __init__(self, cluster: Cluster, configuration: str, key: bytes) -> None:
        self._cluster, self._configuration = cluster, configuration
        # Kubernetes does not prove to a webhook that it is the API server. Whoever knows the path is believed instead;
        # otherwise any pod could have its own stories stamped.
        self.path = "/" + hmac.new(key, b"the webhook's path", hashlib.sha256).hexdigest()
        self._bundle: str | None = None
        self._offered = asyncio.Event()

    def offer(self, bundle: str) -> None:
        """The webhook is served with the certificate `bundle`, in base64 of PEM."""
        self._bundle = bundle
        self._offered.set()

    async def run(self) -> None:
        """Write what is offered, and look after it: an upgrade of the chart may put it back. Never ends."""
        while True:
            await self._offered.wait()
            self._offered.clear()
            pause = CHECK_SECONDS
            try:
                await self.write()
            except ClusterError as error:
                LOG.warning("%s cannot be written, changes of releases stay unverified: %s", KIND, error)
                pause = RETRY_SECONDS
            try:
                await asyncio.wait_for(self._offered.wait(), pause)
            except TimeoutError:
                self._offered.set()

    async def write(self) -> None:
        """One look, and a write where something differs. Raises ClusterError."""
        found = await self._cluster.get(KIND, "", self._configuration)
        if found is None:
            raise ClusterError(404, f"{self._configuration} does not exist; reinstall the chart")
        present = found["webhooks"][0]["clientConfig"]
        wanted = {
            **present,
            "caBundle": self._bundle,
            "service": {**present["service"], "path": f"{self.path}/{HANDLER}"},
        }
        if wanted == present:
            return
        version = found["metadata"]["resourceVersion"]
        await self._cluster.swap((KIND, "", self._configuration), version, {"/webhooks/0/clientConfig": wanted})
        LOG.info("the webhook is registered with the API server")
