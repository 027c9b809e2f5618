"""The operator's own pod: kill it, stop it, read what it says about itself."""

from __future__ import annotations

from dataclasses import dataclass, field

import yaml

from tests.e2e.cluster import Cluster, Object, events, path
from tests.e2e.kubectl import kubectl
from tests.e2e.waiting import until

NAMESPACE, DEPLOYMENT = "slipway-system", "slipway"
LABELS = {"app.kubernetes.io/name": "slipway", "app.kubernetes.io/component": "operator"}
_METRICS_PORT = 9090


@dataclass
class Operator:
    """One operator in its namespace."""

    cluster: Cluster
    past_logs: list[str] = field(default_factory=list)
    """Logs of pods that are gone."""

    def config(self) -> Object:
        """What it is configured with."""
        found = self.cluster.list("ConfigMap", NAMESPACE, LABELS)
        config: Object = yaml.safe_load(found[0]["data"]["config.yaml"])
        return config

    def pod(self) -> str:
        """The pod that runs and is not on its way out."""
        running = [p for p in self.cluster.list("Pod", NAMESPACE, LABELS) if "deletionTimestamp" not in p["metadata"]]
        assert len(running) == 1, f"{len(running)} operator pods"
        return str(running[0]["metadata"]["name"])

    def kill(self) -> None:
        """At once, without a chance to finish anything."""
        name = self.pod()
        self.cluster.delete("Pod", NAMESPACE, name, grace=0)

    def until_ready(self) -> None:
        """Wait for a pod that works."""
        until(
            "the operator is ready", self._ready, within=90, state=lambda: self.cluster.list("Pod", NAMESPACE, LABELS)
        )

    def _ready(self) -> bool:
        status = (self.cluster.get("Deployment", NAMESPACE, DEPLOYMENT) or {}).get("status", {})
        return bool(status.get("readyReplicas") == 1 and status.get("replicas") == 1)

    def scale(self, replicas: int) -> None:
        """Take the operator away, or bring it back."""
        if replicas == 0:
            self.keep_log()
        kubectl("-n", NAMESPACE, "scale", f"deployment/{DEPLOYMENT}", f"--replicas={replicas}")
        if replicas:
            self.until_ready()
        else:
            until("the operator is gone", lambda: not self.cluster.list("Pod", NAMESPACE, LABELS), within=60)

    def keep_log(self) -> None:
        """Remember the log of the pod that is about to go."""
        self.past_logs.append(self.cluster.log(NAMESPACE, self.pod()))

    def log(self) -> str:
        """Everything that it has logged in this run of the tests, as far as it could be read."""
        return "".join([*self.past_logs, self.cluster.log(NAMESPACE, self.pod())])

    def terminate(self) -> int:
        """Delete the pod as a rollout does, and return the exit code of its container."""
        name = self.pod()
        self.keep_log()
        grace = int(self.cluster.get("Pod", NAMESPACE, name)["spec"]["terminationGracePeriodSeconds"])  # type: ignore[index]
        with self.cluster.stream("Pod", NAMESPACE, seconds=grace + 10) as stream:
            self.cluster.delete("Pod", NAMESPACE, name)
            for _, _, pod in events(stream):
                ended = [c["state"].get("terminated") for c in pod["status"].get("containerStatuses", [])]
                if pod["metadata"]["name"] == name and ended and ended[0]:
                    return int(ended[0]["exitCode"])
        raise AssertionError(f"pod {name} did not end within {grace} s")

    def metric(self, name: str) -> float:
        """One of its own metrics."""
        where = f"{path('Pod', NAMESPACE, f'{self.pod()}:{_METRICS_PORT}')}/proxy/metrics"
        text: str = self.cluster.call("get", where).data.decode()
        return next(float(line.split()[1]) for line in text.splitlines() if line.startswith(f"{name} "))
