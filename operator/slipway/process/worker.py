"""What becomes of an error: the one place where it turns into a log line and another try."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from pydantic import ValidationError

from slipway.cluster.port import ClusterError, Conflict
from slipway.context.context import Context
from slipway.context.refusals import REPEATED
from slipway.process.workqueue import Retry, backoff
from slipway.reconcile import reconcile
from slipway.registry.protocol import RegistryError
from slipway.words.names import Key

LOG = logging.getLogger(__name__)

CONFLICT_SECONDS = 0.02
REGISTRY_SECONDS = 5.0
UNREADABLE_SECONDS = 60.0


@dataclass(frozen=True)
class Worker:
    """Reconciles one key at a time and names the reaction to every failure."""

    context: Context

    async def __call__(self, key: Key) -> float | None:
        """One pass. Raises Retry."""
        namespace, name = key
        instruments = self.context.instruments
        try:
            with instruments.pass_seconds.time():
                again = await reconcile(self.context, namespace, name)
            instruments.passes.labels("ok").inc()
            return again
        except Conflict as error:
            instruments.passes.labels("conflict").inc()
            raise self._lost(key, error) from None
        except RegistryError as error:
            instruments.passes.labels("registry").inc()
            LOG.warning("%s/%s: %s", namespace, name, error)
            raise Retry(str(error), REGISTRY_SECONDS) from error
        except ClusterError as error:
            instruments.passes.labels("cluster").inc()
            LOG.warning("%s/%s: the API server refused: %s", namespace, name, error)
            times = self.context.refusals.times(key, error)
            raise Retry(str(error), backoff(times) if times else None) from error
        except ValidationError as error:
            instruments.passes.labels("unreadable").inc()
            LOG.error("%s/%s is invalid and was skipped: %s", namespace, name, error)
            raise Retry("unreadable", UNREADABLE_SECONDS) from error
        except Exception as error:  # the boundary: a bug in one release must not stop the others
            instruments.passes.labels("bug").inc()
            LOG.exception("%s/%s: bug", namespace, name)
            raise Retry("bug") from error

    def _lost(self, key: Key, error: Conflict) -> Retry:
        """A race that is lost once is run again at once; one that is lost time after time is none."""
        times = self.context.refusals.times(key, error)
        if times >= REPEATED:
            LOG.warning("%s/%s: the same write met a conflict %d times in a row: %s", *key, times, error)
        return Retry(f"somebody was faster: {error}", backoff(max(1, times), CONFLICT_SECONDS))
