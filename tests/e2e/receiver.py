"""A web server in the cluster that prints what it is sent: what the webhook of a chat would get."""

from __future__ import annotations

import json
from dataclasses import dataclass

from tests.e2e.cluster import Cluster, Object
from tests.e2e.waiting import until

NAME, PORT = "receiver", 8080
_SCRIPT = """
import http.server, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        print(self.rfile.read(int(self.headers["Content-Length"])).decode(), flush=True)
        self.send_response(200)
        self.end_headers()
    def log_message(self, *_):
        pass
http.server.ThreadingHTTPServer(("", 8080), Handler).serve_forever()
"""


@dataclass(frozen=True)
class Receiver:
    """Comes and goes; each time it knows nothing of what it was sent before."""

    cluster: Cluster
    namespace: str
    image: str

    @property
    def url(self) -> str:
        """For Apprise."""
        return f"json://{NAME}.{self.namespace}.svc:{PORT}/"

    def start(self) -> None:
        """Until it answers."""
        if self.cluster.get("Service", self.namespace, NAME) is None:
            self.cluster.create(self._service())
        self.cluster.create(self._pod())
        until("the receiver is ready", self._ready, within=60)

    def stop(self) -> None:
        """At once."""
        self.cluster.delete("Pod", self.namespace, NAME, grace=0)
        until("the receiver is gone", lambda: self.cluster.get("Pod", self.namespace, NAME) is None, within=30)

    def titles(self) -> list[str]:
        """What it was sent since its start."""
        lines = self.cluster.log(self.namespace, NAME).splitlines()
        return [str(json.loads(line)["title"]) for line in lines]

    def _ready(self) -> bool:
        pod = self.cluster.get("Pod", self.namespace, NAME) or {}
        conditions = {c["type"]: c["status"] for c in pod.get("status", {}).get("conditions", [])}
        return conditions.get("Ready") == "True"

    def _service(self) -> Object:
        spec = {"selector": {"app": NAME}, "ports": [{"port": PORT}]}
        meta = {"name": NAME, "namespace": self.namespace}
        return {"apiVersion": "v1", "kind": "Service", "metadata": meta, "spec": spec}

    def _pod(self) -> Object:
        container = {
            "name": NAME,
            "image": self.image,
            "command": ["python", "-c", _SCRIPT],
            "readinessProbe": {"tcpSocket": {"port": PORT}, "periodSeconds": 1},
        }
        meta = {"name": NAME, "namespace": self.namespace, "labels": {"app": NAME}}
        spec = {"containers": [container], "automountServiceAccountToken": False, "terminationGracePeriodSeconds": 0}
        return {"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": spec}
