"""Everything impure, in one argument: tests build another."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import aiohttp

from slipway.audit import Consumer
from slipway.audit.recorder import Recorder
from slipway.kube import Cluster
from slipway.metrics.instruments import Instruments
from slipway.registry.board import Board
from slipway.settings import Settings


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
    recorder: Recorder | None = None
    """The audit log's; None: no audit store."""
    consumers: tuple[Consumer, ...] = ()
    """Who gets the entries of the outboxes: the audit log's recorder, …"""
    actor_key: bytes | None = None
    """Key of the stamps that say who changed a release; None: nobody is believed."""
