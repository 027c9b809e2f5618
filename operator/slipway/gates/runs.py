"""Which gates run where: in the operator, or each in a Job, and what such a Job needs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from slipway.api.base import seconds
from slipway.api.gates import CustomGate, CustomJob, Gates, JobGate, MetricGate, MetricSource, SmokeGate, SmokeRequests
from slipway.gates.decision import expected

GRACE_SECONDS = 30.0
"""A Job's deadline is this much after its gate's timeout, so that the gate can still write its own Error."""


@dataclass(frozen=True, slots=True)
class PodGate:
    """A gate that runs in a pod of its own."""

    name: str
    """Name of its result."""
    gate: JobGate
    """Its spec: SLIPWAY_GATE is `gate.wire()` as JSON."""
    module: str | None = None
    """Module of slipway.jobs that runs it, in the jobs image; None for a custom gate."""
    container: CustomJob | None = None
    """The container of a custom gate."""
    needs_model: bool = False
    """The candidate's artifacts at SLIPWAY_MODEL_DIR, by the serving pods' own init container, mounted read-only."""
    requests: SmokeRequests | None = None
    """ConfigMap key to mount as the file that SLIPWAY_REQUESTS_FILE names."""

    @property
    def deadline_seconds(self) -> float:
        """activeDeadlineSeconds of its Job."""
        return seconds(self.gate.timeout) + GRACE_SECONDS


def in_pods(gates: Gates) -> tuple[PodGate, ...]:
    """The gates that run in Jobs, cheap before dear. They are independent: all of them may run side by side."""
    return tuple(_in_pods(gates))


def in_operator(gates: Gates) -> tuple[str, ...]:
    """Names of the gates that need no pod, in the order in which they are judged."""
    pods = {gate.name for gate in in_pods(gates)}
    return tuple(name for name in expected(gates) if name not in pods)


def _in_pods(gates: Gates) -> Iterator[PodGate]:
    for name, gate in expected(gates).items():
        if isinstance(gate, SmokeGate):
            yield PodGate(name, gate, module="smoke", requests=gate.requests_from)
        elif isinstance(gate, CustomGate):
            yield PodGate(name, gate, container=gate.job)
        elif isinstance(gate, MetricGate) and gate.source is MetricSource.RESCORE:
            yield PodGate(name, gate, module="rescore", needs_model=True)
