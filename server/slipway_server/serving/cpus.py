"""How many processors this container may use: the cgroup's quota, which libraries that count the host's do not see."""

from __future__ import annotations

import math
import os
from collections.abc import MutableMapping
from pathlib import Path

CPU_MAX = Path("/sys/fs/cgroup/cpu.max")
_POOLS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def cpus(cpu_max: Path = CPU_MAX) -> int:
    """Return the whole number of processors, at least 1: the quota's, rounded up, or what the scheduler allows."""
    allowed = len(os.sched_getaffinity(0))
    try:
        quota, period = cpu_max.read_text().split()
        return max(1, min(allowed, math.ceil(int(quota) / int(period))))
    except (OSError, ValueError):  # no cgroup v2, or "max": no quota
        return allowed


def limit_pools(environ: MutableMapping[str, str], threads: int) -> None:
    """Size the numeric libraries' thread pools, unless they were set. Works only before those are imported."""
    for name in _POOLS:
        environ.setdefault(name, str(threads))
