"""What is measured: which servers stand beside each other, under which loads, and what is asked of the result."""

from __future__ import annotations

from dataclasses import dataclass

from benchmarks.serving.load import Load

OURS, NATIVE, MLFLOW, MLSERVER, RAW = "Slipway", "Slipway, not compiled", "mlflow models serve", "MLServer", "raw ASGI"
UNCOUNTED = "Slipway without metrics"
ONE, MANY = "one row, 32 connections", "1,000 rows, 4 connections"
ROWS = {ONE: 1, MANY: 1000}
TITLES = {
    "forest": "Random forest of 100 trees",
    "logistic": "Logistic regression",
    "pyfunc": "Python function (pandas)",
}


@dataclass(frozen=True)
class Entrant:
    """One server with one model; it is started once per round, and then meets its loads one after the other."""

    server: str
    model: str
    loads: tuple[str, ...] = (ONE,)


@dataclass(frozen=True)
class Ratio:
    """Our requests per second over a peer's on the same model and load, and the least that is asked."""

    model: str
    load: str
    peer: str
    least: float
    ours: str = OURS


ENTRANTS = (
    Entrant(OURS, "forest", (ONE, MANY)),
    Entrant(MLFLOW, "forest", (ONE, MANY)),
    Entrant(MLSERVER, "forest"),
    Entrant(RAW, "forest"),
    Entrant(NATIVE, "forest"),
    Entrant(OURS, "logistic", (ONE, MANY)),
    Entrant(MLFLOW, "logistic", (ONE, MANY)),
    Entrant(MLSERVER, "logistic"),
    Entrant(NATIVE, "pyfunc"),
    Entrant(MLFLOW, "pyfunc"),
)

RATIOS = (
    Ratio("forest", ONE, MLFLOW, 300),
    Ratio("forest", ONE, MLSERVER, 200),
    Ratio("forest", ONE, RAW, 0.5),
    Ratio("logistic", ONE, MLFLOW, 100),
    Ratio("logistic", ONE, MLSERVER, 80),
    Ratio("forest", ONE, MLFLOW, 35, ours=NATIVE),
    Ratio("pyfunc", ONE, MLFLOW, 1.5, ours=NATIVE),
    Ratio("forest", MANY, MLFLOW, 8),
    Ratio("logistic", MANY, MLFLOW, 25),
)


def load_of(name: str, seconds: int) -> Load:
    """The load of this name."""
    return Load(32 if name == ONE else 4, seconds)
