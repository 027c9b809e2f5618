"""`python -m benchmarks.serving.bulk`: what one client with bodies of 10,000 rows does to everybody else.

Small requests come at a steady rate, alone and beside that client; once more with every request in one lane. Load comes
from Python: at this rate it measures the server, not itself.
"""

from __future__ import annotations

import argparse
import http.client
import subprocess
import sys
import time
from pathlib import Path

from benchmarks import page
from benchmarks.serving import models, peers, servers

ROWS, RATE = 10_000, 100
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
    parser.add_argument("--seconds", type=float, default=10.0, help="length of each load")
    parser.add_argument("--folder", type=Path, default=peers.ROOT / ".tools" / "serving", help="models")
    asked = parser.parse_args()
    asked.folder.mkdir(parents=True, exist_ok=True)
    saved = models.save(asked.folder)["forest"]
    small = models.body(saved, 1, asked.folder / "forest-1.body")
    large = models.body(saved, ROWS, asked.folder / f"forest-{ROWS}.body")
    rows = []
    for compiled in (True, False):
        out = asked.folder / f"bulk-{'compiled' if compiled else 'native'}"
        if not out.exists():
            models.prepared(saved, out, compile=compiled)
        for way, (crowded, most) in WAYS.items():
            server = servers.slipway("slipway", Path(sys.executable).parent, out)
            server.environment["SLIPWAY_LATENCY_MAX_ROWS"] = most
            with servers.running(server, small) as running:
                took = _beside(running.port, small, large if crowded else None, asked.seconds)
            rows.append(
                ["compiled" if compiled else "native", way, *(f"{_ms(took, q):.1f}" for q in (0.5, 0.95, 0.99))]
            )
            print(rows[-1], flush=True)
    print(page.table(["forest of 100 trees", f"{RATE} small requests/s", "p50, ms", "p95, ms", "p99, ms"], rows))


def _beside(port: int, small: Path, large: Path | None, seconds: float) -> list[float]:
    """Seconds that small requests took, from when each was due."""
    crowd = subprocess.Popen([sys.executable, "-c", _BULK, str(port), str(large)]) if large else None
    try:
        _steady(port, small.read_bytes(), 1.0)
        return _steady(port, small.read_bytes(), seconds)
    finally:
        if crowd is not None:
            crowd.kill()
            crowd.wait()


def _steady(port: int, body: bytes, seconds: float) -> list[float]:
    connection = http.client.HTTPConnection("127.0.0.1", port)
    began, found = time.perf_counter(), []
    for number in range(int(seconds * RATE)):
        due = began + number / RATE
        time.sleep(max(0.0, due - time.perf_counter()))
        connection.request("POST", "/invocations", body, JSON)
        answer = connection.getresponse()
        answer.read()
        assert answer.status == 200, answer.status
        found.append(time.perf_counter() - due)
    connection.close()
    return found


def _ms(took: list[float], share: float) -> float:
    return page.percentile(took, share) * 1e3


if __name__ == "__main__":
    main()
