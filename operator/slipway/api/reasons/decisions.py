"""What is decided beside the moves of revisions: actions of audit records, and reasons of Events."""

from __future__ import annotations

from functools import partial

from slipway.api.reasons.reason import Reason

_decided = partial(Reason, used="Decision")

STARTED = _decided("Started", sentence="A version was pinned as a new revision.")
GATES_JUDGED = _decided("GatesJudged", sentence="Gates gave their verdicts; the record has the hash of each result.")
APPROVAL_ASKED = _decided(
    "ApprovalAsked",
    sentence="All gates have answered, and a person's approval is waited for.",
    remedy="Approve with the digest that the message names.",
)
APPROVED = _decided("Approved", sentence="Somebody approved a digest in `spec.gates.approval.approved`.")
APPROVAL_WITHDRAWN = _decided("ApprovalWithdrawn", sentence="Somebody took the approval out of the spec.")
CANARY_STEP = _decided("CanaryStep", sentence="A canary step kept the objectives; the next one begins.")
TRAFFIC_WITHDRAWING = _decided("TrafficWithdrawing", sentence="The share of an ended attempt is to go back.")
TRAFFIC_WITHDRAWN = _decided(
    "TrafficWithdrawn", sentence="The share of an ended attempt went back to the live revision."
)
WITHDRAWAL_DROPPED = _decided(
    "WithdrawalDropped", sentence="The share of an ended attempt was gone before it was taken."
)
ROLLBACK_REQUESTED = _decided("RollbackRequested", sentence="Production is to go back; the target is chosen.")
ROLLBACK_DROPPED = _decided(
    "RollbackDropped", sentence="A rollback was lifted or replaced before production had moved."
)
ROLLED_BACK = _decided("RolledBack", sentence="Production was seen to serve the rollback's target.")
ALIAS_MOVING = _decided("AliasMoving", sentence="The production alias is to follow production.")
ALIAS_MOVED = _decided("AliasMoved", sentence="The production alias was seen to follow production.")
ALIAS_MOVE_DROPPED = _decided(
    "AliasMoveDropped", sentence="Production serves another version by now, so the alias move is not wanted any more."
)
ALIAS_EDITED = _decided(
    "AliasEdited",
    sentence="Somebody else moved the production alias.",
    remedy="`spec.model.aliasConflict` says what follows.",
)
ALIAS_RESTORING = _decided("AliasRestoring", sentence="The production alias is to move back to what production serves.")
ALIAS_RESTORED = _decided("AliasRestored", sentence="The production alias was seen to be back.")
ALIAS_RESTORE_DROPPED = _decided("AliasRestoreDropped", sentence="The production alias is not to move back any more.")
COUNTERS_LOST = _decided(
    "CountersLost",
    sentence="No request counter of the revision under watch can be read.",
    remedy="`spec.rollout.onNoData` says what follows.",
)
REOPENING = _decided("Reopening", sentence="The deleted production Service is to be made again.")
REOPENED = _decided("Reopened", sentence="The production Service was made again.")
REOPEN_DROPPED = _decided("ReopenDropped", sentence="Somebody else made the production Service again.")
STALLED = _decided(
    "Stalled", sentence="The release stalled; the record's `to` has the reason.", remedy="See the reasons of `Stalled`."
)
RESUMED = _decided("Resumed", sentence="The reason of a stall is over.")
HELD = _decided("Held", sentence="Promotions were suspended; the record's `to` has the reason.")
HOLD_LIFTED = _decided("HoldLifted", sentence="Promotions are no longer suspended.")
EXPIRED = _decided("Expired", sentence="A revision fell out of `spec.revisionHistoryLimit` and is deleted.")
DELETED = _decided(
    "Deleted", sentence="A ModelRelease or ModelRevision was deleted; what its outbox held is on record."
)
