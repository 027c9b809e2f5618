"""A pod that sends steady load to a production Service, and what it was answered."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.e2e import gateway
from tests.e2e.cluster import Cluster, Object
from tests.e2e.kubectl import kubectl
from tests.e2e.waiting import until

SCRIPT = Path(__file__).with_name("load_generator.py")
LONGEST_SECONDS = 900
"""The load ends by itself after so long, whatever becomes of the test."""
CPU_PER_RATE, MOST_CPU = 3, 200
"""Millicores that the client asks for, by request a second. Without, a busy node lets it starve, and it takes its own
waiting for a server that does not answer."""
_ENDED = ("Succeeded", "Failed")
LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class Answer:
    """What became of one request. Times are seconds since the epoch."""

    sent: float
    done: float
    status: int
    version: str | None
    revision: str | None
    wrong: str

    @property
    def failed(self) -> bool:
        """Whether the caller got no prediction."""
        return self.status != 200 or bool(self.wrong)


@dataclass
class Load:
    """Running load; its answers are complete once it has ended."""

    cluster: Cluster
    namespace: str
    pod: str
    answers: list[Answer] = field(default_factory=list)

    def begun(self) -> bool:
        """Whether the first answer is there."""
        pod = self.cluster.get("Pod", self.namespace, self.pod) or {}
        phase = pod.get("status", {}).get("phase")
        assert phase not in _ENDED, f"the load ended at once: {self.cluster.log(self.namespace, self.pod)[-500:]}"
        return phase == "Running" and bool(self.cluster.log(self.namespace, self.pod))

    def end(self) -> None:
        """Send nothing more, wait for what is under way, and read the answers. Ending it twice is fine."""
        if self.answers:
            return
        kubectl("-n", self.namespace, "exec", self.pod, "--", "python", "-c", "import os; os.kill(1, 15)")
        until("the load ends", lambda: self._phase() in _ENDED, within=30, state=self._phase)
        log = self.cluster.log(self.namespace, self.pod)
        self.answers = sorted((Answer(*json.loads(line)) for line in log.splitlines()), key=lambda a: a.sent)
        if any(answer.status in (502, 503, 504) for answer in self.answers):
            LOG.warning("the gateway says: %s", gateway.failures())  # a test that fails shows it

    def _phase(self) -> str:
        pod = self.cluster.get("Pod", self.namespace, self.pod) or {}
        return str(pod.get("status", {}).get("phase"))

    @property
    def failures(self) -> list[Answer]:
        """Requests without a prediction."""
        return [answer for answer in self.answers if answer.failed]

    def by_version(self, version: str) -> list[Answer]:
        """Answers of one model version, in order."""
        return [answer for answer in self.answers if answer.version == version]

    def versions(self) -> list[str | None]:
        """Which versions answered, in the order in which each was first seen."""
        return list(dict.fromkeys(answer.version for answer in self.answers))


@contextmanager
def steady_load(cluster: Cluster, where: tuple[str, str], image: str, body: Any, rate: int = 50) -> Iterator[Load]:
    """`rate` requests a second to the Service `where` (namespace, name), for as long as the context lasts.

    A name with a dot is a host behind the gateway of these tests.
    """
    namespace, name = where
    service, host = (gateway.ADDRESS, name) if "." in name else (f"{name}.{namespace}.svc", "")
    cluster.create(_script(namespace))
    load = Load(cluster, namespace, "load")
    environment = {"BODY": json.dumps(body), "HOST_HEADER": host}
    cluster.create(_pod(namespace, image, environment, (service, rate)))
    try:
        until("the load begins", load.begun, within=150)
        yield load
        load.end()
    finally:
        cluster.delete("Pod", namespace, "load", grace=0)
        cluster.delete("ConfigMap", namespace, "load")
        until("the load is gone", lambda: cluster.get("Pod", namespace, "load") is None, within=30)


def _script(namespace: str) -> Object:
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "load", "namespace": namespace},
        "data": {SCRIPT.name: SCRIPT.read_text()},
    }


def _pod(namespace: str, image: str, environment: dict[str, str], load: tuple[str, int]) -> Object:
    service, rate = load
    cpu = min(MOST_CPU, CPU_PER_RATE * rate)
    container = {
        "name": "load",
        "image": image,
        "command": ["python", f"/load/{SCRIPT.name}", service, str(rate), str(LONGEST_SECONDS)],
        "env": [{"name": name, "value": value} for name, value in environment.items()],
        "volumeMounts": [{"name": "script", "mountPath": "/load"}],
        "resources": {"requests": {"cpu": f"{cpu}m", "memory": "64Mi"}},
    }
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "load", "namespace": namespace},
        "spec": {
            "restartPolicy": "Never",
            "automountServiceAccountToken": False,
            "enableServiceLinks": False,
            "containers": [container],
            "volumes": [{"name": "script", "configMap": {"name": "load"}}],
        },
    }
