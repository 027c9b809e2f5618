"""A registry that one test may take away: a proxy before MLflow, and a connection of the operator's to it."""

from __future__ import annotations

from tests.e2e.cluster import Cluster
from tests.e2e.models import NAMESPACE
from tests.e2e.scripted import PORT, Scripted

NAME = "apart"
"""Of the connection: spec.model.registry of a release; tests/e2e/operator-values.yaml has its URL."""
_SCRIPT = f"""
import http.client, http.server
class Handler(http.server.BaseHTTPRequestHandler):
    def relay(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        headers = {{k: v for k, v in self.headers.items() if k.lower() not in ("host", "connection")}}
        mlflow = http.client.HTTPConnection("mlflow.mlflow.svc", 5000, timeout=60)  # it answers to its own name alone
        mlflow.request(self.command, self.path, body, headers)
        answer = mlflow.getresponse()
        text = answer.read()
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in ("content-length", "transfer-encoding", "connection"):
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)
        mlflow.close()
    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = relay
    def log_message(self, *_):
        pass
http.server.ThreadingHTTPServer(("", {PORT}), Handler).serve_forever()
"""


def registry_apart(cluster: Cluster, image: str) -> Scripted:
    """It has to be started. What is gone with it is the way to MLflow: from the cluster that looks the same."""
    return Scripted(cluster, NAMESPACE, image, "registry-apart", _SCRIPT)
