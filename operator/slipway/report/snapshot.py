"""metrics_snapshot.json: every figure that decided something, with what it was held against."""

from __future__ import annotations

from pydantic import Field

from slipway.api.base import Frozen, Ratio, Timestamp, seconds
from slipway.api.gates.verdict import GateResult
from slipway.api.policy import SLOW_RATIO
from slipway.api.revision import AttemptOutcome, Counted, ModelRevision, Phase, Timing
from slipway.report.story import Story
from slipway.words.times import elapsed, parse

SCHEMA = "slipway.dev/metrics-snapshot/v1"


class Objectives(Frozen):
    """What production owes its users."""

    latency_p95_seconds: float = Field(gt=0, description="Latency that at most 5 % of requests may exceed, in seconds.")
    slow_ratio: Ratio = Field(description="Share of requests that may exceed it.")
    error_ratio: Ratio = Field(description="Share of requests that may fail.")


class Figures(Frozen):
    """Counts of requests and what follows from them."""

    source: str = Field(description="Where the counts are from.")
    requests: int = Field(ge=0, description="Requests answered.")
    slow: int = Field(ge=0, description="Requests slower than the latency objective.")
    errors: int = Field(ge=0, description="Requests answered with a 5xx status.")
    slow_ratio: Ratio | None = Field(None, description="slow / requests that latency is judged on; absent without any.")
    error_ratio: Ratio | None = Field(None, description="errors / requests; absent without requests.")
    p95_seconds: float | None = Field(None, ge=0, description="95th percentile of the latency in seconds, if known.")


class PhaseTime(Frozen):
    """How long a revision was in a phase."""

    phase: Phase = Field(description="The phase.")
    seconds: float = Field(ge=0, description="How long it took, in seconds; until the snapshot where it is not over.")
    ended: bool = Field(description="Whether it is over.")


class RevisionFigures(Frozen):
    """One revision with its evidence."""

    revision: str = Field(description="Name of the ModelRevision.")
    version: str = Field(description="Model version.")
    digest: str | None = Field(None, description="SHA-256 manifest digest of the artifacts.")
    phase: Phase = Field(description="Where it stands.")
    outcome: AttemptOutcome | None = Field(None, description="How the attempt ended.")
    actor: str = Field(description="Who asked for it; unverified where the API server could not say.")
    objectives: Objectives = Field(description="What it was held against.")
    phases: tuple[PhaseTime, ...] = Field(description="Its phases in their order.")
    gates: tuple[GateResult, ...] = Field(description="Each gate's verdict, figures and bounds.")
    watched: Figures | None = Field(None, description="Requests counted while it was watched.")


class Snapshot(Frozen):
    """The figures of one release at one time."""

    schema_name: str = Field(SCHEMA, alias="schema", description="Name and version of this document's shape.")
    taken_at: Timestamp = Field(description="When it was taken.")
    namespace: str = Field(description="Namespace of the release.")
    release: str = Field(description="Name of the release.")
    model: str = Field(description="Registered model.")
    objectives: Objectives = Field(description="The release's objectives today.")
    live: str | None = Field(None, description="The revision that production serves.")
    slo: Figures | None = Field(None, description="How production does.")
    revisions: tuple[RevisionFigures, ...] = Field(description="Every revision that is kept, oldest first.")


def snapshot(story: Story) -> Snapshot:
    """The figures of `story`."""
    meta, spec, live = story.release.metadata, story.release.spec, story.live_figures
    return Snapshot(
        taken_at=story.taken_at,
        namespace=meta.namespace,
        release=meta.name,
        model=spec.model.name,
        objectives=_objectives(seconds(spec.slo.latency.p95), spec.slo.errors.ratio),
        live=story.live.name if story.live else None,
        slo=_figures(live.source, live.counted, live.p95_seconds) if live else None,
        revisions=tuple(_revision(revision, story.taken_at) for revision in story.revisions),
    )


def _objectives(p95: float, errors: float) -> Objectives:
    return Objectives(latency_p95_seconds=p95, slow_ratio=SLOW_RATIO, error_ratio=errors)


def _figures(source: str, counted: Counted, p95: float | None = None) -> Figures:
    requests, timed = counted.requests, counted.by_latency
    return Figures(
        source=source,
        requests=requests,
        slow=counted.slow,
        errors=counted.errors,
        slow_ratio=counted.slow / timed if timed else None,
        error_ratio=counted.errors / requests if requests else None,
        p95_seconds=p95,
    )


def _revision(revision: ModelRevision, now: str) -> RevisionFigures:
    spec, status = revision.spec, revision.status
    counted = status.watched
    slo = spec.policy.slo
    return RevisionFigures(
        revision=revision.name,
        version=spec.model.version,
        digest=revision.digest,
        phase=status.phase,
        outcome=status.outcome,
        actor=spec.intake.actor,
        objectives=_objectives(seconds(slo.latency.p95), slo.errors.ratio),
        phases=tuple(_phase(timing, now) for timing in status.timings),
        gates=status.gates,
        watched=_figures("the pods' counters since the flip", counted) if counted else None,
    )


def _phase(timing: Timing, now: str) -> PhaseTime:
    took = elapsed(timing.started_at, parse(timing.ended_at or now))
    return PhaseTime(phase=timing.phase, seconds=round(max(0.0, took), 3), ended=timing.ended_at is not None)
