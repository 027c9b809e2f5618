"""Why a release is `Stalled`: nothing goes forward until a person acts. What serves goes on serving."""

from __future__ import annotations

from functools import partial

from slipway.api.reasons.reason import Reason

_stall = partial(Reason, used="Stalled")

UNKNOWN_REGISTRY = _stall(
    "UnknownRegistry",
    sentence="The registry connection that the release or its revision names is not configured.",
    remedy="Correct `spec.model.registry`, or add the connection to the chart's `registries`.",
)
MODEL_NOT_FOUND = _stall(
    "ModelNotFound",
    sentence="The registry has no registered model of this name.",
    remedy="Correct `spec.model.name`, or register the model.",
)
BAD_DIGEST_TAG = _stall(
    "BadDigestTag",
    sentence="The version's digest tag is not `sha256:` and 64 hexadecimal digits.",
    remedy="Correct the tag in the registry, or remove it: the first digest seen is then pinned.",
)
SELECTOR_EDITED = _stall(
    "SelectorEdited",
    sentence="The selector of the production Service points at pods that Slipway did not choose.",
    remedy="Point it back at the revision that the message names, or set `spec.rollback` to what should serve.",
)
SERVICE_CONFLICT = _stall(
    "ServiceConflict",
    sentence="A Service that the release needs belongs to something else.",
    remedy="Rename the release, or remove the Service.",
)
ROUTE_CONFLICT = _stall(
    "RouteConflict",
    sentence="The HTTPRoute with the release's name belongs to something else.",
    remedy="Rename the release, or remove the HTTPRoute.",
)
ROUTE_EDITED = _stall(
    "RouteEdited",
    sentence="The HTTPRoute has weights or backends that Slipway did not set.",
    remedy="Set the weights back as the message says, or set `spec.rollback` to what should serve.",
)
GATEWAY_API_MISSING = _stall(
    "GatewayAPIMissing",
    sentence="The release asks for a Gateway, and the cluster does not serve HTTPRoutes.",
    remedy="Install the Gateway API's custom resources, or set `spec.traffic.router: Service`.",
)
NO_ROLLBACK_TARGET = _stall(
    "NoRollbackTarget",
    sentence="`spec.rollback` names a revision or version that never served production.",
    remedy="Name another target; `kubectl get mrev` lists the revisions.",
)
ROLLBACK_TARGET_GONE = _stall(
    "RollbackTargetGone",
    sentence="The revision that production was to go back to no longer exists.",
    remedy="Name another target in `spec.rollback`; `kubectl get mrev` lists the revisions.",
)
VERSION_NOT_DESCRIBED = _stall(
    "VersionNotDescribed",
    sentence="The registry refuses to describe the wanted version.",
    remedy="The message has its words: register the version, move the alias, or correct the connection's rights.",
)
WRITE_CONFLICT = _stall(
    "WriteConflict",
    sentence="Something else changes an object between each look at it and the write that follows.",
    remedy="Stop what writes the object that the message names: `kubectl get --show-managed-fields` says who it is.",
)
WRITE_REFUSED = _stall(
    "WriteRefused",
    sentence="The API server or the registry refuses a write, again and again.",
    remedy="The message has the object and the answer: correct the spec, or the policy that refuses it.",
)
AUDIT_BACKLOG = _stall(
    "AuditBacklog",
    sentence="The audit store has been away for so long that nearly no room is left for further records.",
    remedy="Bring the audit store back; the release continues by itself. Rollbacks still work.",
)
