"""The gateway of `make gateway`, and the route of a release that hangs on it."""

from __future__ import annotations

from tests.e2e.cluster import Cluster, Object
from tests.e2e.kubectl import kubectl
from tests.e2e.waiting import until

NAMESPACE, NAME, DEPLOYMENT = "gateway", "public", "traefik"
ADDRESS = f"{NAME}.{NAMESPACE}.svc"


def traffic(host: str) -> Object:
    """spec.traffic of a release that answers for `host` behind the gateway."""
    return {
        "router": "Gateway",
        "gateway": {"parentRefs": [{"name": NAME, "namespace": NAMESPACE}], "hostnames": [host]},
    }


def weights(cluster: Cluster, namespace: str, name: str) -> dict[str, int]:
    """What the route gives each revision, in its order; empty where there is no route."""
    route = cluster.get("HTTPRoute", namespace, name)
    rules = route["spec"]["rules"] if route else [{}]
    return {backend["name"]: backend["weight"] for backend in rules[0].get("backendRefs", [])}


def failures() -> str:
    """What the gateway says of the requests that it answered with an error, newest last."""
    said = kubectl("-n", NAMESPACE, "logs", f"deployment/{DEPLOYMENT}", "--since=15m", "--tail=2000")
    return "\n".join([line for line in said.splitlines() if '"DownstreamStatus":5' in line][-50:])


def scale(cluster: Cluster, replicas: int) -> None:
    """Take the gateway and its controller away, or bring them back."""
    kubectl("-n", NAMESPACE, "scale", f"deployment/{DEPLOYMENT}", f"--replicas={replicas}")
    labels = {"app.kubernetes.io/name": DEPLOYMENT}
    if replicas:
        kubectl("-n", NAMESPACE, "rollout", "status", f"deployment/{DEPLOYMENT}", "--timeout=60s")
    else:
        until("the gateway is gone", lambda: not cluster.list("Pod", NAMESPACE, labels), within=60)
