"""The real Prometheus behind a proxy that can be told to answer late, or with NaN, or that is gone."""

from __future__ import annotations

from tests.e2e.cluster import Cluster
from tests.e2e.scripted import PORT, Scripted

PROMETHEUS = "http://prometheus-operated.monitoring.svc:9090"
_SCRIPT = f"""
import http.server, json, os, time, urllib.request
class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        mode = open("/tmp/mode").read() if os.path.exists("/tmp/mode") else "true"
        asked = urllib.request.Request("{PROMETHEUS}" + self.path, body)  # and nothing of what may be compressed
        answer = json.load(urllib.request.urlopen(asked, timeout=10))
        if mode == "late":
            time.sleep(10)
        if mode == "nan":
            for series in answer["data"]["result"]:
                series["values"] = [[at, "NaN"] for at, _ in series["values"]]
        text = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)
        print(mode, self.path, len(answer["data"]["result"]), flush=True)
    def log_message(self, *_):
        pass
http.server.ThreadingHTTPServer(("", {PORT}), Handler).serve_forever()
"""


class FicklePrometheus:
    """What the operator is told is its Prometheus."""

    def __init__(self, cluster: Cluster, namespace: str, image: str) -> None:
        self._pod = Scripted(cluster, namespace, image, "fickle-prometheus", _SCRIPT)
        self.start, self.stop = self._pod.start, self._pod.stop

    @property
    def url(self) -> str:
        """For the operator's configuration."""
        return f"http://{self._pod.host}"

    def answer(self, how: str) -> None:
        """From now on: `true`, `nan`, or `late` by ten seconds."""
        self._pod.run(f"open('/tmp/mode', 'w').write({how!r})")
