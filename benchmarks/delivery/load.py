"""Pods that send load of three kinds to a Service, and what they were answered."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.e2e import gateway
from tests.e2e.cluster import Cluster, Object
from tests.e2e.kubectl import kubectl
from tests.e2e.models import example
from tests.e2e.waiting import until

SCRIPT = Path(__file__).with_name("generator.py")
LONGEST_SECONDS = 1800
"""The load ends by itself after so long."""


@dataclass(frozen=True)
class Answer:
    """What became of one request. Times are seconds since the epoch."""

    kind: str
    due: float
    sent: float
    done: float
    status: int
    revision: str | None
    wrong: str

    @property
    def failed(self) -> bool:
        """Whether the caller got no prediction."""
        return self.status != 200


@dataclass
class Load:
    """Running load; its answers are there once it has ended."""

    namespace: str
    pod: str
    answers: list[Answer] = field(default_factory=list)

    def end(self, cluster: Cluster) -> None:
        """Send nothing more, wait for what is under way, and read the answers."""
        self._signal(15)
        until("the load ends", lambda: "ended" in cluster.log(self.namespace, self.pod), within=30)
        command = ["kubectl", "-n", self.namespace, "exec", self.pod, "--", "cat", "/tmp/answers"]
        lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
        self.answers = sorted((Answer(*json.loads(line)) for line in lines), key=lambda answer: answer.sent)
        self._signal(2)

    def _signal(self, number: int) -> None:
        kill = f"import os; os.kill(1, {number})"
        kubectl("-n", self.namespace, "exec", self.pod, "--", "python", "-c", kill)

    def of(self, kind: str) -> list[Answer]:
        """Answers to one kind of client."""
        return [answer for answer in self.answers if answer.kind == kind]

    def failures(self) -> list[Answer]:
        """Requests without a prediction."""
        return [answer for answer in self.answers if answer.failed]

    def latest(self) -> float:
        """By how many seconds a request was sent late at most: what the open loop is worth."""
        return max((answer.sent - answer.due for answer in self.answers), default=0.0)


@contextmanager
def load(cluster: Cluster, where: tuple[str, str], image: str, rates: Mapping[str, float]) -> Iterator[Load]:
    """Requests a second by kind to the Service `where` (namespace, name), for as long as the context lasts.

    A name with a dot is a host behind the gateway of the tests.
    """
    namespace, service = where
    running = Load(namespace, f"load-{service.replace('.', '-')}"[:63])
    cluster.create(_script(running))
    cluster.create(_pod(running, service, image, rates))
    try:
        until("the load begins", lambda: _begun(cluster, running), within=60)
        yield running
        running.end(cluster)
    finally:
        cluster.delete("Pod", namespace, running.pod, grace=0)
        cluster.delete("ConfigMap", namespace, running.pod)
        until("the load is gone", lambda: cluster.get("Pod", namespace, running.pod) is None, within=30)


def _begun(cluster: Cluster, running: Load) -> bool:
    pod = cluster.get("Pod", running.namespace, running.pod) or {}
    return pod.get("status", {}).get("phase") == "Running" and bool(cluster.log(running.namespace, running.pod))


def _script(running: Load) -> Object:
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": running.pod, "namespace": running.namespace},
        "data": {SCRIPT.name: SCRIPT.read_text()},
    }


def _pod(running: Load, service: str, image: str, rates: Mapping[str, float]) -> Object:
    asked = [f"{kind}={rate:g}" for kind, rate in rates.items()]
    address, host = (gateway.ADDRESS, service) if "." in service else (f"{service}.{running.namespace}.svc", "")
    container = {
        "name": "load",
        "image": image,
        "command": ["python", f"/load/{SCRIPT.name}", address, str(LONGEST_SECONDS), *asked],
        "env": [{"name": "BODY", "value": json.dumps(example())}, {"name": "HOST_HEADER", "value": host}],
        "volumeMounts": [{"name": "script", "mountPath": "/load"}],
        # Measured, so not to be starved by what it measures.
        "resources": {"requests": {"cpu": "300m"}},
    }
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": running.pod, "namespace": running.namespace},
        "spec": {
            "restartPolicy": "Never",
            "automountServiceAccountToken": False,
            "enableServiceLinks": False,
            "containers": [container],
            "volumes": [{"name": "script", "configMap": {"name": running.pod}}],
        },
    }
