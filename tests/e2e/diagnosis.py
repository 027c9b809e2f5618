"""What to read when a test has failed: releases, revisions, pods, events, and the operator's last words."""

from __future__ import annotations

from tests.e2e.kubectl import Refused, kubectl
from tests.e2e.operator_pod import DEPLOYMENT, NAMESPACE

_CONDITIONS = (
    "jsonpath={range .items[*]}{.metadata.name}: {.status.message}{'\\n'}"
    "{range .status.conditions[*]}  {.type}={.status} {.reason}: {.message}{'\\n'}{end}{end}"
)
_GATES = (
    "jsonpath={range .items[*]}{.metadata.name} {.status.phase} {.status.reason}: {.status.message}{'\\n'}"
    "{range .status.gates[*]}  {.name}={.verdict} {.measured}/{.threshold} {.message}{'\\n'}{end}{end}"
)


def describe(namespace: str) -> str:
    """Everything about `namespace` on a page or two."""
    everything = "modelrelease,modelrevision,service,deployment,job,pod"
    return "\n\n".join(
        _said(*arguments)
        for arguments in (
            ("-n", namespace, "get", everything, "-o", "wide"),
            ("-n", namespace, "get", "modelrelease", "-o", _CONDITIONS),
            ("-n", namespace, "get", "modelrevision", "-o", _GATES),
            ("-n", namespace, "events", "--types=Warning"),
            ("-n", NAMESPACE, "get", "pod"),
            ("-n", NAMESPACE, "logs", f"deployment/{DEPLOYMENT}", "--tail=60"),
        )
    )


def _said(*arguments: str) -> str:
    try:
        return f"$ kubectl {' '.join(arguments)[:120]}\n{kubectl(*arguments)}"
    except Refused as error:
        return str(error)
