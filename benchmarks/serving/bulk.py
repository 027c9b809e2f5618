"""`python -m benchmarks.serving.bulk`: what one client with bodies of 10,000 rows does to everybody else.

Small requests come at a steady rate, alone and beside that client; once more with every request in one lane. Load comes
from Python: at this rate it measures the server, not itself.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks import page
from benchmarks.serving import models, peers, servers

ROWS = 10_000
RATES = {"compiled": 100, "native": 20}
"""Small requests a second: well within what each way answers."""
JSON = {"content-type": "application/json"}
WAYS = {"alone": (False, "100"), "beside it": (True, "100"), "beside it, all in one lane": (True, "0")}
_BULK = """
import http.client, sys
body = open(sys.argv[2], "rb").read()
connection = http.client.HTTPConnection("127.0.0.1", int(sys.argv[1]))
while True:
    connection.request("POST", "/invocations", body, {"content-type": "application/json"})
    connection.getresponse().read()
"""


def main() -> None:
    """Measure both ways to serve a forest of 100 trees."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=10, help="length of each load")
    parser.add_argument("--folder", type=Path, default=peers.ROOT / ".tools" / "serving", help="models")
    parser.add_argument("--only", default="", help="only compiled, or native")
    asked = parser.parse_args()
    asked.folder.mkdir(parents=True, exist_ok=True)
    saved = models.save(asked.folder)["forest"]
    small = models.body(saved, 1, asked.folder / "forest-1.body")
    large = models.body(saved, ROWS, asked.folder / f"forest-{ROWS}.body")
    rows = []
    for kind in RATES:
        if asked.only not in kind:
            continue
        out = asked.folder / f"bulk-{kind}"
        if not out.exists():
            models.prepared(saved, out, compile=kind == "compiled")
        for way, (crowded, most) in WAYS.items():
            server = servers.slipway("slipway", Path(sys.executable).parent, out)
            server.environment["SLIPWAY_LATENCY_MAX_ROWS"] = most
            with servers.running(server, small) as running, _crowd(running.port, large if crowded else None):
                _steady(running.port, small.read_bytes(), 1, RATES[kind])
                took = _steady(running.port, small.read_bytes(), asked.seconds, RATES[kind])
            figures = (f"{page.percentile(took, share) * 1e3:.1f}" for share in (0.5, 0.95, 0.99))
            rows.append([f"{kind}, {RATES[kind]} small requests/s", way, *figures])
            print(rows[-1], flush=True)
    print(page.table(["forest of 100 trees", "a client with large bodies", "p50, ms", "p95, ms", "p99, ms"], rows))


@contextlib.contextmanager
def _crowd(port: int, large: Path | None) -> Iterator[None]:
    """One client that sends a large body as soon as the last one is answered; none without a body."""
    crowd = subprocess.Popen([sys.executable, "-c", _BULK, str(port), str(large)]) if large else None
    try:
        yield
    finally:
        if crowd is not None:
            crowd.kill()
            crowd.wait()


def _steady(port: int, body: bytes, seconds: int, rate: int) -> list[float]:
    """Seconds that small requests took, each from when it was due."""
    connection = http.client.HTTPConnection("127.0.0.1", port)
    began, found = time.perf_counter(), []
    for number in range(seconds * rate):
        due = began + number / rate
        time.sleep(max(0.0, due - time.perf_counter()))
        connection.request("POST", "/invocations", body, JSON)
        answer = connection.getresponse()
        answer.read()
        if answer.status != 200:
            raise SystemExit(f"a small request was answered with {answer.status}")
        found.append(time.perf_counter() - due)
    connection.close()
    return found


if __name__ == "__main__":
    main()
