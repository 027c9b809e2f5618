"""The phases of a ModelRevision, and what a ModelRelease shows where no revision is on its way."""

from __future__ import annotations

from functools import partial

from slipway.api.reasons.reason import Reason

_phase = partial(Reason, used="Phase")

PENDING = _phase("Pending", sentence="The gates that need no pods run.")
FETCHING = _phase("Fetching", sentence="Pods fetch and verify the artifacts.")
STAGING = _phase("Staging", sentence="The pods load the model.")
GATING = _phase("Gating", sentence="The gates that need pods run, and a person may be asked.")
CANARY = _phase("Canary", sentence="The candidate has a share of production traffic.")
PROMOTING = _phase("Promoting", sentence="Production moves to the candidate.")
WATCHING = _phase("Watching", sentence="Production serves the revision, and its objectives are watched.")
LIVE = _phase("Live", sentence="Production serves the revision.")
RETIRED = _phase("Retired", sentence="Production served the revision before.")
REJECTED = _phase("Rejected", sentence="A gate, the fetch or the canary spoke against the revision.")
INCONCLUSIVE = _phase("Inconclusive", sentence="There was not enough evidence to tell.")
SUPERSEDED = _phase("Superseded", sentence="A newer attempt took its place before its flip.")
ABORTED = _phase("Aborted", sentence="The attempt ended for a reason outside of the model.")
ROLLED_BACK = _phase("RolledBack", sentence="Production was taken back from the revision.")

_release = partial(Reason, used="Phase of a release")
STALLED = _release("Stalled", sentence="Nothing goes forward until a person acts.")
HELD = _release("Held", sentence="Promotions are suspended.")
IDLE = _release("Idle", sentence="Production serves nothing, and nothing is on its way.")
