"""Load from wrk (as fast as it goes) and hey (at a given rate): never from Python, which would measure itself."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

_SCRIPT = """
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
local file = io.open("{body}", "rb")
wrk.body = file:read("*a")
file:close()
done = function(summary, latency, requests)
  io.write(string.format("RESULT %d %d %d %d %d\\n", summary.requests, summary.duration,
    latency:percentile(50), latency:percentile(95), latency:percentile(99)))
  io.write(string.format("ERRORS %d\\n", summary.errors.connect + summary.errors.read + summary.errors.write
    + summary.errors.status + summary.errors.timeout))
end
"""


@dataclass(frozen=True)
class Load:
    """How one cell is loaded; `rate` in requests per second, None for as fast as it goes."""

    connections: int
    seconds: int
    rate: int | None = None


@dataclass(frozen=True)
class Result:
    """What a load generator saw. Latencies in milliseconds."""

    per_second: float
    p50: float
    p95: float
    p99: float
    errors: int
    requests: int


def needed() -> None:
    """Install the generators where that is ours to do. Raises SystemExit that says what to install otherwise."""
    missing = [program for program in ("wrk", "hey") if shutil.which(program) is None]
    if not missing:
        return
    install = ["apt-get", "install", "--yes", "-qq", *missing]
    if os.geteuid() == 0 and shutil.which("apt-get"):
        subprocess.run(["apt-get", "update", "-qq"], check=False)
        subprocess.run(install, check=False, stdout=subprocess.DEVNULL)
    missing = [program for program in missing if shutil.which(program) is None]
    if missing:
        raise SystemExit(f"{' and '.join(missing)} not installed; on Debian, as root: {' '.join(install)}")


def run(url: str, body: Path | None, load: Load) -> Result:
    """Load `url`, by POST of `body` or by GET, and return what came of it."""
    if load.rate or body is None:
        return _hey(url, body, load)
    return _wrk(url, body, load)


def _wrk(url: str, body: Path, load: Load) -> Result:
    script, text = body.with_suffix(".lua"), _SCRIPT.format(body=body)
    if not script.exists() or script.read_text() != text:  # another generator may be reading it
        script.write_text(text)
    command = ["wrk", "-t1", f"-c{load.connections}", f"-d{load.seconds}s", "--timeout", "30s", "-s", str(script), url]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    found = re.search(r"RESULT (\d+) (\d+) (\d+) (\d+) (\d+)\nERRORS (\d+)", said)
    if found is None:
        raise SystemExit(f"wrk said nothing that can be read: {said}")
    requests, micros, p50, p95, p99, errors = map(int, found.groups())
    return Result(requests / (micros / 1e6), p50 / 1e3, p95 / 1e3, p99 / 1e3, errors, requests)


def _hey(url: str, body: Path | None, load: Load) -> Result:
    """hey keeps to its rate per connection while answers come sooner than that connection's next turn."""
    rate = load.rate or 0
    command = ["hey", "-z", f"{load.seconds}s", "-c", str(load.connections), "-q", str(rate / load.connections)]
    if body is not None:
        command += ["-m", "POST", "-T", "application/json", "-D", str(body)]
    text = subprocess.run([*command, url], check=True, capture_output=True, text=True).stdout
    shares = {int(share): float(seconds) * 1e3 for share, seconds in re.findall(r"(\d+)%+ in ([\d.]+) secs", text)}
    per_second = re.search(r"Requests/sec:\s+([\d.]+)", text)
    answered = {status: int(count) for status, count in re.findall(r"\[(\d+)\]\s+(\d+) responses", text)}
    if per_second is None or not {50, 95, 99} <= set(shares):
        raise SystemExit(f"hey said nothing that can be read: {text}")
    total = sum(answered.values())
    unanswered = sum(int(count) for count in re.findall(r"^  \[(\d+)\]\t.*(?:refused|reset|timeout|EOF)", text, re.M))
    errors = total - answered.get("200", 0) + unanswered
    return Result(float(per_second[1]), shares[50], shares[95], shares[99], errors, total)
