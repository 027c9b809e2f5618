"""A web server in the cluster that prints what it is sent: what the webhook of a chat would get."""

from __future__ import annotations

import json

from tests.e2e.cluster import Cluster
from tests.e2e.scripted import PORT, Scripted

_SCRIPT = f"""
import http.server, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        sys.stdout.write(body + "\\n")  # in one piece: there are several threads
        sys.stdout.flush()
        self.send_response(200)
        self.end_headers()
    def log_message(self, *_):
        pass
http.server.ThreadingHTTPServer(("", {PORT}), Handler).serve_forever()
"""


class Receiver:
    """Comes and goes; each time it knows nothing of what it was sent before."""

    def __init__(self, cluster: Cluster, namespace: str, image: str) -> None:
        self._pod = Scripted(cluster, namespace, image, "receiver", _SCRIPT)
        self.start, self.stop = self._pod.start, self._pod.stop

    @property
    def url(self) -> str:
        """For Apprise."""
        return f"json://{self._pod.host}/"

    def titles(self) -> list[str]:
        """What it was sent since its start."""
        return [str(json.loads(line)["title"]) for line in self._pod.log().splitlines()]
