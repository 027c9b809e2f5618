"""A Python script that runs as a pod behind a Service: what the operator talks to, and what can be taken from it."""

from __future__ import annotations

from dataclasses import dataclass

from tests.e2e.cluster import Cluster, Object
from tests.e2e.kubectl import kubectl
from tests.e2e.waiting import until

PORT = 8080
_RESTRICTED = {
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "runAsNonRoot": True,
    "seccompProfile": {"type": "RuntimeDefault"},
}
"""As namespaces of the strictest Pod Security level want it."""


@dataclass(frozen=True)
class Scripted:
    """Comes and goes; each time it knows nothing of the time before. The script listens on PORT."""

    cluster: Cluster
    namespace: str
    image: str
    name: str
    script: str

    @property
    def host(self) -> str:
        """Its name in the cluster, and its port."""
        return f"{self.name}.{self.namespace}.svc:{PORT}"

    def start(self) -> None:
        """Until it answers."""
        if self.cluster.get("Service", self.namespace, self.name) is None:
            self.cluster.create(self._service())
        self.cluster.create(self._pod())
        until(f"{self.name} is ready", self._ready, within=60)

    def stop(self) -> None:
        """Until the process is gone too: with a grace of 0 the pod would be forgotten before it is killed."""
        self.cluster.delete("Pod", self.namespace, self.name)
        until(f"{self.name} is gone", lambda: self.cluster.get("Pod", self.namespace, self.name) is None, within=30)

    def log(self) -> str:
        """What it printed since its start."""
        return self.cluster.log(self.namespace, self.name)

    def run(self, code: str) -> None:
        """Run Python `code` beside it."""
        kubectl("-n", self.namespace, "exec", self.name, "--", "python", "-c", code)

    def _ready(self) -> bool:
        pod = self.cluster.get("Pod", self.namespace, self.name) or {}
        conditions = {c["type"]: c["status"] for c in pod.get("status", {}).get("conditions", [])}
        return conditions.get("Ready") == "True"

    def _service(self) -> Object:
        spec = {"selector": {"app": self.name}, "ports": [{"port": PORT}]}
        meta = {"name": self.name, "namespace": self.namespace}
        return {"apiVersion": "v1", "kind": "Service", "metadata": meta, "spec": spec}

    def _pod(self) -> Object:
        container = {
            "name": self.name,
            "image": self.image,
            "command": ["python", "-c", self.script],
            "readinessProbe": {"tcpSocket": {"port": PORT}, "periodSeconds": 1},
            "securityContext": _RESTRICTED,
        }
        meta = {"name": self.name, "namespace": self.namespace, "labels": {"app": self.name}}
        spec = {"containers": [container], "automountServiceAccountToken": False, "terminationGracePeriodSeconds": 1}
        return {"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": spec}
