"""A custom gate: does the model say yes about equally often in two groups?

It reads rows from a file in its own image, so the model's author has no say in them, asks the candidate for its
decisions, and compares the shares of positive ones (demographic parity). Standard library only, on purpose: a gate is
any container that writes a verdict.
"""

import csv
import json
import os
import sys
import urllib.error
import urllib.request
from math import sqrt

Z = 1.645
"""95 % confidence, one-sided."""

FEWEST = 100
"""Rows that each group must have."""


def ask(url: str, columns: list[str], rows: list[list[float]]) -> list[float]:
    """The candidate's score of the positive class for each row."""
    body = json.dumps({"dataframe_split": {"columns": columns, "data": rows}}).encode()
    request = urllib.request.Request(f"{url}/invocations", body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=60) as response:
        predictions = json.load(response)["predictions"]
    return [answer[-1] if isinstance(answer, list) else answer for answer in predictions]


def judge(groups: dict[str, list[bool]], allowed: float) -> dict[str, object]:
    """The verdict on the positive decisions in two groups: their shares may differ by `allowed`."""
    sizes = {name: len(decisions) for name, decisions in groups.items()}
    if len(groups) != 2 or min(sizes.values()) < FEWEST:
        says = f"two groups of at least {FEWEST} rows are needed, the file has {sizes}"
        return {"verdict": "Inconclusive", "message": says, "n": sum(sizes.values())}
    (one, first), (two, second) = sorted(groups.items())
    shares = [sum(group) / len(group) for group in (first, second)]
    gap = abs(shares[0] - shares[1])
    reach = Z * sqrt(sum(share * (1 - share) / len(g) for share, g in zip(shares, (first, second), strict=True)))
    verdict = "Pass" if gap + reach <= allowed else "Fail" if gap - reach > allowed else "Inconclusive"
    return {
        "verdict": verdict,
        "message": f"{one} gets {shares[0]:.1%} positive decisions, {two} {shares[1]:.1%}; {allowed:.1%} may differ",
        "measured": round(gap, 6),
        "threshold": allowed,
        "unit": "ratio",
        "n": sum(sizes.values()),
        "bound": round(gap + reach, 6),
        "method": "difference of two shares, one-sided 95 % Wald bounds",
        "measuredOn": {"candidate": os.environ["SLIPWAY_CANDIDATE_DIGEST"]},
    }


def measure(path: str, column: str, allowed: float) -> dict[str, object]:
    """Read the rows, ask the candidate, and judge."""
    with open(path, newline="") as stream:
        table = list(csv.DictReader(stream))
    features = [name for name in table[0] if name != column]
    rows = [[float(row[name]) for name in features] for row in table]
    scores = ask(os.environ["SLIPWAY_CANDIDATE_URL"], features, rows)
    groups: dict[str, list[bool]] = {}
    for row, score in zip(table, scores, strict=True):
        groups.setdefault(row[column], []).append(score >= 0.5)
    return judge(groups, allowed)


def main() -> None:
    """Write the verdict; what keeps the gate from measuring is an Error, never a Fail."""
    path, column, allowed = sys.argv[1:]
    try:
        verdict = measure(path, column, float(allowed))
    except (OSError, ValueError, KeyError, IndexError, urllib.error.URLError) as error:
        verdict = {"verdict": "Error", "message": f"could not measure: {type(error).__name__}: {error}"[:1000]}
    with open(os.environ.get("SLIPWAY_TERMINATION_LOG", "/dev/termination-log"), "w") as log:
        json.dump(verdict, log)
    print(json.dumps(verdict))


if __name__ == "__main__":
    main()
