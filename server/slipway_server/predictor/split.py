"""Requests of very many rows are answered in a lane of their own, so that they keep nobody else waiting."""

from __future__ import annotations

from typing import Any

from slipway_server.model.inputs import Inputs
from slipway_server.predictor.inline import InlineRunner
from slipway_server.predictor.threads import ThreadRunner


class SplitRunner:
    """Requests of up to `most` rows go to `ordinary`, larger ones to `bulk`."""

    def __init__(self, ordinary: InlineRunner | ThreadRunner, bulk: ThreadRunner, most: int) -> None:
        self.ordinary = ordinary
        self.bulk = bulk
        self.most = most

    @property
    def stuck(self) -> int:
        """See `Runner`. A bulk request that the model can't finish in time is the request's fault."""
        return self.ordinary.stuck

    async def run(self, inputs: Inputs) -> Any:
        """See `Runner`."""
        runner = self.ordinary if inputs.rows <= self.most else self.bulk
        return await runner.run(inputs)

    def close(self) -> None:
        """See `Runner`."""
        self.ordinary.close()
        self.bulk.close()
