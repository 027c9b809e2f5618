"""Everything impure, in one argument: tests build another."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime

from slipway.audit.recorder import Recorder
from slipway.cluster.port import Cluster
from slipway.context.refusals import Refusals
from slipway.metrics.instruments import Instruments
from slipway.metrics.source import CounterSource
from slipway.registry.cache import RegistryCache
from slipway.settings import Settings


@dataclass
class Discovered:
    """What the cluster was last seen to know besides Kubernetes' own kinds. It may learn and forget them any time."""

    monitoring: bool = False
    """The Prometheus Operator's."""
    skew: tuple[str, str] | None = None
    """How the CRDs in the cluster differ from the operator's: reason and sentence."""


@dataclass(frozen=True)
class Context:
    """The clients, the configuration and the clocks of one process."""

    cluster: Cluster
    registries: RegistryCache
    counters: CounterSource
    """Request counters that revisions are judged on."""
    pods: CounterSource
    """The pods' own counters, for what has to be known this very second: whether a pod is still answering."""
    settings: Settings
    instruments: Instruments
    now: Callable[[], datetime]
    """Wall clock, for what is written down."""
    monotonic: Callable[[], float]
    """Clock for what is measured inside the process, in seconds."""
    recorder: Recorder
    """The audit log's: it gets the entries of the outboxes."""
    actor_key: bytes | None = None
    """Key of the stamps that say who changed a release; None: nobody is believed."""
    discovered: Discovered = field(default_factory=Discovered)
    refusals: Refusals = field(default_factory=Refusals)
    """Writes that were refused, to be shown."""
    pause: Callable[[float], Awaitable[None]] = asyncio.sleep
    """Sleeps, yielding to other tasks, for so many seconds."""
