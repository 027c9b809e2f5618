"""Why a ModelRevision is in its phase: `status.reason`, and the action of the record that its move leaves."""

from __future__ import annotations

from functools import partial

from slipway.api.reasons.reason import Reason

_moved = partial(Reason, used="Attempt")

FETCHING = _moved("Fetching", sentence="The gates without pods passed; pods fetch and verify the artifacts.")
STAGING = _moved("Staging", sentence="The artifacts are verified; the pods load the model.")
GATING = _moved("Gating", sentence="The pods are ready; the gates that need them run.")
CANARY = _moved("Canary", sentence="All gates passed; the candidate gets its first share of production traffic.")
PROMOTING = _moved("Promoting", sentence="Production moves to the candidate.")
FLIPPED = _moved("Flipped", sentence="Production was seen to serve the revision; its watch begins.")
PROMOTED = _moved("Promoted", sentence="The watch is over; the revision is live.")
PROMOTED_IN_BREACH = _moved(
    "PromotedInBreach",
    sentence="The watch is over and the objectives were broken, but no revision was left to go back to.",
    remedy="Release a better version.",
)
PROMOTED_AMONG_TROUBLE = _moved(
    "PromotedAmongTrouble",
    sentence="The watch is over; the objectives were broken by production before the flip as well.",
    remedy="Look for the cause outside the model.",
)
REPLACED = _moved("Replaced", sentence="Production serves a newer revision now.")
RESTORED = _moved("RestoredByRollback", sentence="A rollback made the revision live again.")

SUPERSEDED = _moved("Superseded", sentence="A newer attempt replaced this one before its flip.")
ALIAS_MOVED = _moved("AliasMoved", sentence="The candidate alias moved on to another version.")
SPEC_CHANGED = _moved(
    "SpecChanged", sentence="The release's server, gates, rollout or SLO changed: another attempt starts."
)
ROUTER_CHANGED = _moved(
    "RouterChanged", sentence="`spec.traffic.router` is Service now, which has no weights for a canary."
)
ALIAS_GONE = _moved(
    "AliasGone", sentence="The candidate alias no longer points at a version.", remedy="Set the alias again."
)
ROLLBACK_REQUESTED = _moved(
    "RollbackRequested",
    sentence="`spec.rollback` holds production elsewhere.",
    remedy="Remove `spec.rollback` to go on.",
)
PRODUCTION_CHANGED = _moved(
    "ProductionChanged", sentence="Production serves another revision than the one that the canary was held against."
)
CANARY_STATE_MISSING = _moved(
    "CanaryStateMissing",
    sentence="The canary's state was removed from the ModelRevision by hand.",
    remedy="Set `spec.retry` to another value to try the version again.",
)

FETCH_FAILED = _moved(
    "FetchFailed",
    sentence="The artifacts could not be fetched, and the init container gave no reason.",
    remedy="Read the log of the init container.",
)
BAD_FETCH_REPORT = _moved(
    "BadFetchReport",
    sentence="The init container's report is malformed.",
    remedy="Check that `spec.server.image` is a Slipway server image.",
)
DIGEST_MISMATCH = _moved(
    "DigestMismatch",
    sentence="The artifacts are not the ones that were pinned.",
    remedy="Find out who replaced them; register a new version to release changed artifacts.",
)
LOAD_FAILED = _moved(
    "LoadFailed",
    sentence="The pods could not load the model.",
    remedy="The message says why; `slipway-server --model` tries it on a laptop.",
)
DEADLINE_EXCEEDED = _moved(
    "ProgressDeadlineExceeded",
    sentence="The pods were not ready within `spec.rollout.progressDeadline`.",
    remedy="The message says what they waited for.",
)
GATE_FAIL = _moved(
    "GateFail", sentence="A gate judged the candidate to be worse than asked.", remedy="`status.gates` has the figures."
)
GATE_INCONCLUSIVE = _moved(
    "GateInconclusive",
    sentence="A gate could not tell, and its policy does not ask a person.",
    remedy="`status.gates` says what was missing.",
)
GATE_ERROR = _moved(
    "GateError",
    sentence="A gate did not run to its end, as often as its policy allows.",
    remedy="`status.gates` says what failed; set `spec.retry` to try again.",
)
NOT_APPROVED = _moved(
    "NotApproved",
    sentence="Nobody approved the candidate in time, or the approval does not count.",
    remedy="Set `spec.retry` to ask again.",
)
PODS_UNREADY = _moved(
    "PodsUnready", sentence="The candidate had no ready pod while it had a share of production traffic."
)
CRASH_LOOP = _moved(
    "CrashLoop",
    sentence="A pod of the candidate restarted again and again while it had a share of production traffic.",
    remedy="Read the log of the pod's last run.",
)
SLO_BREACH = _moved(
    "SLOBreach",
    sentence="The candidate broke the objectives during its canary.",
    remedy="`status.gates` has the figures.",
)
PRODUCTION_DOWN = _moved(
    "ProductionDown", sentence="The live revision has no ready pod: the candidate takes over without further steps."
)
ROUTE_NOT_ACCEPTED = _moved(
    "RouteNotAccepted",
    sentence="No gateway carried out the canary's weight in time.",
    remedy="The message has the gateway's words.",
)
NO_DATA = _moved(
    "NoData",
    sentence="No request counter of the canary could be read.",
    remedy="Check that the operator reaches the pods or Prometheus.",
)
TOO_LITTLE_TRAFFIC = _moved(
    "TooLittleTraffic",
    sentence="The canary step got fewer requests than `minRequests` within its timeout.",
    remedy="Lower `minRequests`, or give the step more time or weight.",
)
EVERYTHING_BAD = _moved(
    "EverythingBad",
    sentence="Candidate and production both broke the objectives until the step's timeout.",
    remedy="Look for the cause outside the model.",
)

_back = "Production went back from the revision: {}."
ROLLED_BACK_BY_USER = _moved("RolledBackByUser", sentence=_back.format("somebody set `spec.rollback`"))
ROLLED_BACK_BY_PODS = _moved("RolledBackByPodsUnready", sentence=_back.format("it had no ready pod"))
ROLLED_BACK_BY_SLO = _moved("RolledBackBySLOBreach", sentence=_back.format("it broke its objectives during its watch"))
ROLLED_BACK_BY_NO_DATA = _moved(
    "RolledBackByNoData", sentence=_back.format("its counters could not be read (`spec.rollout.onNoData`)")
)
ROLLED_BACK_BY_ALIAS = _moved(
    "RolledBackByAliasMoved",
    sentence=_back.format("somebody moved the production alias (`spec.model.aliasConflict: Follow`)"),
)

_fetched = partial(Reason, used="Fetch report")
NOT_FOUND = _fetched(
    "NotFound",
    sentence="The registry or the directory has no such model version.",
    remedy="Check the name and the version.",
)
INVALID = _fetched(
    "Invalid",
    sentence="What the registry has is not a model that MLflow saved, or cannot be written to the volume.",
    remedy="The message names the file.",
)
REGISTRY_UNREACHABLE = _fetched(
    "RegistryUnreachable",
    sentence="The registry did not answer, or refused the credentials. The pod tries again.",
    remedy="Check the registry and the connection's Secret.",
)
UNSAFE_MODEL = _fetched(
    "UnsafeModel",
    sentence="The model holds code or types that the administrator has not allowed.",
    remedy="Log it in a safe format, or ask for `allowCode` or `allowPickle` of the registry.",
)
