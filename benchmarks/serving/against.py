"""`python -m benchmarks.serving.against COMMIT`: this server beside the one of another commit, on the same models.

Both are loaded at once, each on a processor of its own together with its generator, and then with processors changed:
what else the machine does meets both alike. Needs two processors and the packages of the virtual environment for both.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from benchmarks import page
from benchmarks.serving import load, models, peers, servers
from benchmarks.serving.cells import MANY, ONE, ROWS, load_of

MODELS = ("forest", "logistic")
Pair = tuple[servers.Running, servers.Running]


def main() -> None:
    """Measure, and print a table of ratios: above 1 is faster than the other commit."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("commit")
    parser.add_argument("--rounds", type=int, default=5, help="how often both are started anew")
    parser.add_argument("--seconds", type=int, default=4, help="length of each load")
    parser.add_argument("--folder", type=Path, default=peers.ROOT / ".tools" / "serving", help="models, checkout")
    asked = parser.parse_args()
    load.needed()
    asked.folder.mkdir(parents=True, exist_ok=True)
    saved, rows = models.save(asked.folder), []
    with checkout(asked.commit, asked.folder) as other:
        for model in MODELS:
            entrants = [server(name, root, saved[model], asked.folder) for name, root in (("this", peers.ROOT), other)]
            for name in (ONE, MANY):
                body = models.body(saved[model], ROWS[name], asked.folder / f"{model}-{ROWS[name]}.body")
                ratios = [ratio(entrants, body, name, asked.seconds) for _ in range(asked.rounds)]
                rows.append([model, name, f"{median(ratios):.3f}", f"{min(ratios):.3f} to {max(ratios):.3f}"])
                print(rows[-1], flush=True)
    print(page.table(["model", "load", f"requests/s over those of {asked.commit}, median", "least to most"], rows))


@contextmanager
def checkout(commit: str, folder: Path) -> Iterator[tuple[str, Path]]:
    """The other commit's name and files."""
    place, git = folder / f"at-{commit}", ["git", "-C", str(peers.ROOT), "worktree"]
    subprocess.run([*git, "add", "--force", "--detach", str(place), commit], check=True, stderr=subprocess.DEVNULL)
    try:
        yield commit, place
    finally:
        subprocess.run([*git, "remove", "--force", str(place)], check=True)


def server(name: str, root: Path, saved: Path, folder: Path) -> servers.Server:
    """The server whose code is under `root`, with the model that its own fetch prepared."""
    out = folder / f"against-{name}-{saved.name}"
    path = {"PYTHONPATH": f"{root / 'server'}:{root / 'contract'}"}
    command = [sys.executable, "-m", "slipway_server", "fetch", "--model", str(saved), "--out", str(out)]
    subprocess.run(command, check=True, env=os.environ | path, cwd=root, stdout=subprocess.DEVNULL)
    found = servers.slipway(name, Path(sys.executable).parent, out)
    found.environment.update(path)
    return found


def ratio(entrants: list[servers.Server], body: Path, name: str, seconds: int) -> float:
    """Requests per second of the first over those of the second, both started anew."""
    ours, other = entrants
    with servers.running(ours, body) as one, servers.running(other, body) as two:
        turns = [_together((one, two), body, name, seconds), _together((two, one), body, name, seconds)]
        return sum(turn[one.port] for turn in turns) / sum(turn[two.port] for turn in turns)


def _together(pair: Pair, body: Path, name: str, seconds: int) -> dict[int, float]:
    """Requests per second by port, loaded at once on the first and the second processor."""

    def loaded(running: servers.Running, processor: int) -> tuple[int, float]:
        running.keep_to(processor)
        os.sched_setaffinity(0, {processor})  # this thread, and the generator that it starts
        load.run(running.url, body, load_of(name, 1))
        result = load.run(running.url, body, load_of(name, seconds))
        if result.errors:
            raise SystemExit(f"{running.name}: {result.errors} requests failed")
        return running.port, result.per_second

    processors = sorted(os.sched_getaffinity(0))[:2]
    with ThreadPoolExecutor(len(pair)) as pool:
        return dict(pool.map(loaded, pair, processors))


if __name__ == "__main__":
    main()
