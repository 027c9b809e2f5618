"""The worked example of a custom gate writes verdicts that the operator accepts."""

import importlib.util
import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from types import ModuleType

import pytest

from slipway.api.gates.verdict import GateResult, Verdict
from slipway.gates.job import read

SOURCE = Path(__file__).parents[3] / "examples" / "gates" / "fairness" / "gate.py"


class Echo(BaseHTTPRequestHandler):
    """A model that answers each row's first cell as the score of the positive class."""

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        answers = [[1 - row[0], row[0]] for row in asked["dataframe_split"]["data"]]
        body = json.dumps({"predictions": answers}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def candidate() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), Echo) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture
def gate() -> ModuleType:
    spec = importlib.util.spec_from_file_location("fairness_gate", SOURCE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def verdict(gate: ModuleType, url: str, rows: str, at: Path, patch: pytest.MonkeyPatch) -> GateResult:
    (at / "rows.csv").write_text(rows)
    patch.setenv("SLIPWAY_CANDIDATE_URL", url)
    patch.setenv("SLIPWAY_CANDIDATE_DIGEST", "sha256:0")
    patch.setenv("SLIPWAY_TERMINATION_LOG", str(at / "log"))
    patch.setattr("sys.argv", ["gate.py", str(at / "rows.csv"), "group", "0.05"])
    gate.main()
    return read("custom/fairness", (at / "log").read_text(), 0, "Completed")


@pytest.mark.parametrize(
    ("positive", "rows", "expected"),
    [
        ((0.5, 0.5), 2000, Verdict.PASS),
        ((0.9, 0.5), 2000, Verdict.FAIL),
        ((0.5, 0.5), 200, Verdict.INCONCLUSIVE),
        ((0.5, 0.5), 50, Verdict.INCONCLUSIVE),
    ],
)
def test_the_verdict_follows_the_gap_and_the_evidence(
    gate: ModuleType,
    candidate: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    positive: tuple[float, float],
    rows: int,
    expected: Verdict,
) -> None:
    lines = [
        f"{int(number < share * rows)},{group}"
        for group, share in zip("ab", positive, strict=True)
        for number in range(rows)
    ]
    result = verdict(gate, candidate, "\n".join(["score,group", *lines]), tmp_path, monkeypatch)
    assert (result.verdict, result.n) == (expected, 2 * rows)


def test_an_outage_is_an_error_not_a_failure(gate: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    result = verdict(gate, "http://127.0.0.1:9", "score,group\n1,a\n0,b\n", tmp_path, monkeypatch)
    assert (result.verdict, "could not measure" in result.message) == (Verdict.ERROR, True)
