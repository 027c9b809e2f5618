"""The rules that decide where no person does: `rule:NAME` as the actor of a record."""

from __future__ import annotations

from functools import partial

from slipway.api.reasons.reason import Reason

_rule = partial(Reason, used="Rule")

GATES = _rule("Gates", sentence="A gate's verdict is written down.")
APPROVAL = _rule("Approval", sentence="An approval is needed and asked for.")
ALIAS_FOLLOWS_PRODUCTION = _rule(
    "AliasFollowsProduction", sentence="The production alias always names the version that serves."
)
SERVICE_DELETED = _rule("ServiceDeleted", sentence="A production Service that somebody deleted is made again.")
REVISION_HISTORY_LIMIT = _rule(
    "RevisionHistoryLimit", sentence="Only `spec.revisionHistoryLimit` finished revisions are kept."
)
