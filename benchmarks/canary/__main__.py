"""`python -m benchmarks.canary`: how many requests a bad canary answers before it is taken back.

The canary is slow for 15 % of its requests where 5 % may be, and gets 10 % of 50 requests a second. `--write` replaces
the section of docs/performance.md; the raw samples go to artifacts/canary.json. Needs the gateway: `make gateway`.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections import Counter
from dataclasses import asdict, dataclass
from functools import partial

from tests.e2e import gateway
from tests.e2e.cluster import Object
from tests.e2e.waiting import until

from benchmarks import page
from benchmarks.delivery.load import load
from benchmarks.delivery.stage import NAMESPACE, ROLLOUT, Stage, stage
from benchmarks.flip.overhead import ask
from slipway.cli.registry import reachable

HOST = "bench.example"
RATE = 50.0
ENDED = ("Rejected", "Inconclusive", "Live")
STEPS = [{"weight": 10, "minRequests": 500, "timeout": "5m"}]
SLO = {"latency": {"p95": "200ms"}, "errors": {"ratio": 0.01}}
GATES = {"smoke": {"p95": "2s", "requests": 59, "rate": 15, "warmUp": 5}}
"""So gentle that the bad model passes: it is the canary that is measured."""
PATIENCE_SECONDS = 400.0


@dataclass(frozen=True)
class Trial:
    """One bad canary."""

    phase: str
    reason: str
    served: int
    failed: int


def main() -> None:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=20, help="bad canaries")
    parser.add_argument("--write", action="store_true", help="write the result into docs/performance.md")
    asked = parser.parse_args()
    rollout = {**ROLLOUT, "steps": STEPS}
    with stage(traffic=gateway.traffic(HOST), slo=SLO, gates=GATES) as ready:
        bad = _sluggish(ready)
        ready.release.patch(json.dumps({"spec": {"rollout": rollout}}))
        trials = _trials(ready, bad, asked.trials)
    page.keep("canary", [asdict(trial) for trial in trials])
    text = report(trials)
    print(text)
    if asked.write:
        page.write("canary", text)


def _sluggish(ready: Stage) -> str:
    models = ready.release.models
    with reachable(models.url) as url:
        command = [sys.executable, "-m", "benchmarks.canary.sluggish_model", models.name, url]
        return subprocess.run(command, cwd=page.ROOT, check=True, capture_output=True, text=True).stdout.split()[-1]


def _trials(ready: Stage, bad: str, count: int) -> list[Trial]:
    ended = []
    with load(ready.cluster, (NAMESPACE, HOST), ready.server_image, {"fresh": RATE}) as sent:
        for number in range(count):
            newest = _newest(ready)["spec"]["number"]
            ask(ready, bad, f"trial {number}")
            ended.append(until("the canary ends", partial(_ended, ready, newest), PATIENCE_SECONDS))
            time.sleep(1.0)
    return [
        Trial(
            phase=revision["status"]["phase"],
            reason=revision["status"]["reason"],
            served=sum(answer.revision == revision["metadata"]["name"] for answer in sent.answers),
            failed=len(sent.failures()),
        )
        for revision in ended
    ]


def _newest(ready: Stage) -> Object:
    return ready.release.revisions()[-1]


def _ended(ready: Stage, before: int) -> Object | None:
    """The newest revision, if it is newer than number `before` and its attempt is over."""
    newest = _newest(ready)
    over = newest["spec"]["number"] > before and newest.get("status", {}).get("phase") in ENDED
    return newest if over else None


def report(trials: list[Trial]) -> str:
    """The section between the marks."""
    served = [trial.served for trial in trials]
    ways = Counter(f"{trial.phase}, {trial.reason}" for trial in trials)
    ends = "; ".join(f"{count} × {way}" for way, count in ways.items())
    return (
        f"{page.machine()}. A canary that is slow for 15 % of its requests where 5 % may be, at 10 % of "
        f"{RATE:g} requests/s, answered {page.median(served):.0f} requests before it was taken back (median of "
        f"{len(trials)}; the most: {max(served)}; asked: at most 100 in the median). Ends: {ends}. "
        f"Failed requests: {trials[-1].failed}."
    )


if __name__ == "__main__":
    main()
