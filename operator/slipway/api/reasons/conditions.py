"""The conditions of a ModelRelease, and the reasons that they give."""

from __future__ import annotations

from functools import partial

from slipway.api.reasons.reason import Reason

_type = partial(Reason, used="Condition")

READY = _type("Ready", sentence="Production serves a good revision. A rejected candidate leaves it True.")
RECONCILING = _type(
    "Reconciling", sentence="Something is on its way: a candidate, a rollback, or a watch after a promotion."
)
STALLED = _type("Stalled", sentence="Nothing goes forward until a person acts; the reason says why.")
PROMOTED = _type(
    "Promoted", sentence="The version that is wanted now serves production and has passed its watch. CI waits on it."
)
REGISTRY_REACHABLE = _type("RegistryReachable", sentence="The registry answered when it was last asked.")
ROLLBACK_READY = _type("RollbackReady", sentence="The previous revision has ready pods: a rollback starts none.")
SLO_HEALTHY = _type("SLOHealthy", sentence="The counted requests speak for the objectives of `spec.slo` being kept.")
HELD = _type("Held", sentence="Promotions are suspended.")
ROUTE_ACCEPTED = _type("RouteAccepted", sentence="A gateway carries out the release's HTTPRoute.")

SCHEMA_CURRENT = _type(
    "SchemaCurrent",
    sentence="The CRDs are the operator's own. The condition is shown only while they are not.",
)

_schema = partial(Reason, used="SchemaCurrent")
CRDS_OLDER = _schema(
    "CRDsOlder",
    sentence="The CRDs lack fields that the operator reads and writes: the API server drops them.",
    remedy="Apply the chart's `crds/`: Helm installs them once and never upgrades them.",
)
CRDS_NEWER = _schema(
    "CRDsNewer",
    sentence="The CRDs have fields that the operator does not know and does not act on.",
    remedy="Upgrade the operator to the version that the CRDs come from.",
)

_ready = partial(Reason, used="Ready")
SERVING = _ready("Serving", sentence="Production serves the revision that the message names.")
NOTHING_SERVED = _ready(
    "NothingServed",
    sentence="Production does not serve a revision of this release yet.",
    remedy="Look at `Promoted` and at the newest ModelRevision for what became of the first attempt.",
)
PODS_UNREADY = _ready(
    "PodsUnready",
    sentence="The revision that production serves has no ready pod.",
    remedy="Look at the pods of the revision; set `spec.rollback` if another revision can serve.",
)

_reconciling = partial(Reason, used="Reconciling")
ROLLING_BACK = _reconciling("RollingBack", sentence="Production is going back to an earlier revision.")
WATCHING = _reconciling("Watching", sentence="The newly promoted revision is under watch.")
SETTLED = _reconciling("Settled", sentence="Nothing is on its way.")

PROGRESSING = Reason("Progressing", "Stalled", "Nothing stands in the way.")

_promoted = partial(Reason, used="Promoted")
IS_PROMOTED = _promoted("Promoted", sentence="The wanted version serves production.")
NOTHING_ATTEMPTED = _promoted("NothingAttempted", sentence="No revision of this release exists yet.")
SUPERSEDED = _promoted("Superseded", sentence="Another version is wanted now.")

_registry = partial(Reason, used="RegistryReachable")
LISTED = _registry("Listed", sentence="The registry listed its models and aliases.")
UNREACHABLE = _registry(
    "Unreachable",
    sentence="The registry did not answer, or refused the question; production is left as it is.",
    remedy="Check the registry, the connection's URL, and its credentials.",
)
NOT_ASKED = _registry("NotAsked", sentence="The registry has not been asked since the operator started.")
ALIAS_EDITED = _registry(
    "AliasEdited",
    sentence="Somebody else moved the production alias.",
    remedy="Move it back, or set `spec.model.aliasConflict` to what should happen.",
)

_rollback = partial(Reason, used="RollbackReady")
WARM = _rollback("Warm", sentence="The previous revision has ready pods.")
COLD = _rollback("Cold", sentence="The previous revision has no ready pods: a rollback takes a pod start.")
NO_PREVIOUS = _rollback("NoPrevious", sentence="Production served no earlier revision.")

_slo = partial(Reason, used="SLOHealthy")
WITHIN_OBJECTIVES = _slo("WithinObjectives", sentence="The requests counted since the flip keep the objectives.")
NO_REQUESTS = _slo("NoRequests", sentence="No request was counted since the flip.")
LATENCY_NOT_JUDGED = _slo(
    "LatencyNotJudged",
    sentence="All requests had more rows than `spec.slo.latency.maxRows`, so their latency is not judged.",
)
COUNTERS_LOST = _slo(
    "NoData",
    sentence="No request counter of the revision under watch can be read.",
    remedy="The message says why, by pod; check that the operator reaches the pods or Prometheus.",
)
SLO_BREACH = _slo(
    "Breach",
    sentence="More requests were slow or failed than the objective allows.",
    remedy="None during the watch: production goes back by itself. Later: roll back, or release a better version.",
)
SLO_EVERYTHING_BAD = _slo(
    "EverythingBad",
    sentence="The objective is broken, and production was or is no better: the cause is not this revision.",
    remedy="Look for the cause outside the model: its callers, its nodes, what it depends on.",
)

_held = partial(Reason, used="Held")
NOT_HELD = _held("NotHeld", sentence="Promotions are not suspended.")
PAUSED = _held("Paused", sentence="`spec.paused` is true.", remedy="Set it to false.")
HELD_ELSEWHERE = _held("RolledBack", sentence="`spec.rollback` holds production.", remedy="Remove `spec.rollback`.")
AUTOMATIC_ROLLBACK = _held(
    "AutomaticRollback",
    sentence="A revision was taken back by itself.",
    remedy="Set `spec.retry` to another value, or set `spec.rollout.afterRollback: Continue`.",
)

_route = partial(Reason, used="RouteAccepted")
ACCEPTED = _route("Accepted", sentence="A gateway carries out the route.")
NOT_ACCEPTED = _route(
    "NotAccepted",
    sentence="No gateway carries out the route as it is now.",
    remedy="The message has the gateway's words; check `spec.traffic.gateway`.",
)
NO_ROUTE = _route("NoRoute", sentence="The route is made with the first promotion.")
WITHOUT_SESSION_AFFINITY = _route(
    "WithoutSessionAffinity",
    sentence="The cluster's HTTPRoute has no `sessionPersistence`, so clients do not stay on one revision.",
    remedy="Install the Gateway API's experimental channel, or leave `sessionAffinity` out.",
)
