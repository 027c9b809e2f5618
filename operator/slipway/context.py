"""Everything impure, in one argument: tests build another."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

import aiohttp

from slipway.kube import Cluster
from slipway.metrics.instruments import Instruments
from slipway.registry.board import Board
from slipway.settings import Settings


@dataclass
class Discovered:
    """What the cluster was last seen to know besides Kubernetes' own kinds. It may learn and forget them any time."""

    monitoring: bool = False
    """The Prometheus Operator's."""


@dataclass(frozen=True)
class Context:
    """The clients, the configuration and the clocks of one process."""

    cluster: Cluster
    board: Board
    http: aiohttp.ClientSession
    settings: Settings
    instruments: Instruments
    now: Callable[[], datetime]
    """Wall clock, for what is written down."""
    monotonic: Callable[[], float]
    """Clock for what is measured inside the process, in seconds."""
    discovered: Discovered = field(default_factory=Discovered)
