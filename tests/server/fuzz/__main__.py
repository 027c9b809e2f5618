"""`python -m tests.server.fuzz`: more than a hundred thousand requests to fifteen models, compiled and native.

Every request is known by its seed, which is printed with whatever went wrong; `--again SEED` sends that one alone.
"""

from __future__ import annotations

import argparse
import logging
import random
import sys
import tempfile
import time
import warnings
from collections import Counter
from pathlib import Path

from slipway_server.fetch.command import Order, fetch
from tests.server.conftest import SETTINGS
from tests.server.fuzz.check import asked, requests_for
from tests.server.fuzz.models import ALL
from tests.server.inprocess import running


def main() -> int:
    """Send what the command line asks for; 1 when anything was wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=112_000, help="how many in all")
    parser.add_argument("--seed", default="1", help="another seed, other requests")
    parser.add_argument("--only", default="", help="only the models whose name holds this")
    parser.add_argument("--again", default="", help="one request alone, by the seed that was printed")
    given = parser.parse_args()
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")
    names = [name for name in ALL if given.only in name and (not given.again or given.again.split("/")[1] == name)]
    wrong, codes = 0, Counter[int]()
    with tempfile.TemporaryDirectory() as folder:
        for name in names:
            seen, found = _model(Path(folder), name, given)
            codes += seen
            wrong += len(found)
            for fault in found:
                print(fault, flush=True)
    print(f"{sum(codes.values())} requests to {len(names)} models: {dict(sorted(codes.items()))}; {wrong} faults")
    return 1 if wrong else 0


def _model(folder: Path, name: str, given: argparse.Namespace) -> tuple[Counter[int], list[str]]:
    ALL[name](folder / name)
    out = folder / f"{name}-fetched"
    assert fetch(Order(str(folder / name), out), SETTINGS) == 0, f"{name} can't be fetched"
    with running(out, SETTINGS) as client:
        seeds = [given.again] if given.again else _seeds(given.seed, name, -(-given.requests // len(ALL)))
        if given.again:
            print(requests_for(client).one(random.Random(given.again)).written())
        began = time.perf_counter()
        codes, wrong = asked(client, seeds)
        took, kind = time.perf_counter() - began, client.get("/slipway/info").json["kind"]
        print(f"{name} ({kind}): {len(seeds)} requests, {took:.0f} s, {dict(sorted(codes.items()))}", flush=True)
        return codes, wrong


def _seeds(seed: str, name: str, count: int) -> list[str]:
    return [f"{seed}/{name}/{number}" for number in range(count)]


if __name__ == "__main__":
    sys.exit(main())
