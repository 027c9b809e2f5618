"""The Rescore gate's Job: both sides through their served endpoints, on the candidate's own verified holdout."""

import hashlib
import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from slipway.api.gates.verdict import GateResult, Verdict
from slipway.jobs import boundary, rescore, scoring
from slipway.jobs.environment import Endpoint, Environment, JobError
from slipway.jobs.payload import example

Answer = Callable[[dict[str, Any]], Any]
ROWS = 450


def served(answer: Answer, input_example: Any, revision: str, was: str | None = None) -> TestServer:
    """A served model: `answer` turns a row (column → cell) into a prediction; it gets ready as `was`."""

    async def invocations(request: web.Request) -> web.Response:
        table = (await request.json())["dataframe_split"]
        rows = [dict(zip(table["columns"], row, strict=True)) for row in table["data"]]
        text = json.dumps({"predictions": [answer(row) for row in rows]})
        return web.Response(text=text, headers={"X-Slipway-Revision": revision}, content_type="application/json")

    async def readyz(_: web.Request) -> web.Response:
        return web.Response(headers={"X-Slipway-Revision": was or revision})

    async def own_example(_: web.Request) -> web.Response:
        return web.json_response(input_example) if input_example else web.Response(status=404)

    app = web.Application()
    app.router.add_get("/readyz", readyz)
    app.router.add_get("/slipway/example", own_example)
    app.router.add_post("/invocations", invocations)
    return TestServer(app, host="127.0.0.1")


def proba(column: str) -> Answer:
    return lambda row: [1 - row[column], row[column]]


@pytest.fixture
def model(tmp_path: Path) -> Path:
    random = np.random.default_rng(5)
    target = (random.random(ROWS) < 0.4).astype(int)
    good, poor = (np.clip(target * 0.5 + 0.25 + level * random.normal(size=ROWS), 0, 1) for level in (0.1, 0.6))
    site = np.where(np.arange(ROWS) % 2 == 0, "a", "b")
    frame = pd.DataFrame({"good": good, "poor": poor, "target": target, "site": site})
    frame.to_parquet(tmp_path / "holdout.parquet", index=False)
    return tmp_path


@pytest.fixture
async def sides() -> AsyncIterator[dict[str, Endpoint]]:
    wants = {"dataframe_split": {"columns": ["good", "poor"], "data": [[0.1, 0.2]]}}
    async with served(proba("good"), wants, "m-r2") as good, served(proba("poor"), None, "m-r1") as poor:
        urls = {"good": (str(good.make_url("")), "m-r2"), "poor": (str(poor.make_url("")), "m-r1")}
        yield {side: Endpoint(url.rstrip("/"), "1", name, f"sha256:{side}") for side, (url, name) in urls.items()}


def environment(model: Path, candidate: Endpoint, production: Endpoint | None, **gate: Any) -> Environment:
    spec = {"name": "auc", "source": "Rescore", "dataset": {"label": "target"}, **gate}
    return Environment("metrics/auc", json.dumps(spec), candidate, production, model_directory=model)


async def verdict(model: Path, candidate: Endpoint, production: Endpoint | None, **gate: Any) -> GateResult:
    return await rescore.gate(environment(model, candidate, production, **gate))


async def test_the_better_model_passes_and_the_evidence_names_the_rows(model: Path, sides: dict[str, Endpoint]) -> None:
    result = await verdict(model, sides["good"], sides["poor"])
    assert (result.verdict, result.n) == (Verdict.PASS, ROWS)
    digest = hashlib.sha256((model / "holdout.parquet").read_bytes()).hexdigest()
    assert result.measured_on["dataset"] == f"holdout.parquet sha256:{digest}"


async def test_the_worse_model_fails(model: Path, sides: dict[str, Endpoint]) -> None:
    assert (await verdict(model, sides["poor"], sides["good"])).verdict is Verdict.FAIL


async def test_a_statistical_comparison_runs_end_to_end(model: Path, sides: dict[str, Endpoint]) -> None:
    result = await verdict(model, sides["good"], sides["good"], mode="Statistical", margin=0.01)
    assert (result.verdict, result.measured, result.bound) == (Verdict.PASS, 0, 0)


async def test_without_production_the_floors_count_in_every_segment(model: Path, sides: dict[str, Endpoint]) -> None:
    floors = {"minimum": 0.9, "segments": {"column": "site", "minimum": 0.9}}
    assert (await verdict(model, sides["good"], None, **floors)).verdict is Verdict.PASS
    failed = await verdict(model, sides["poor"], None, segments={"column": "site", "minimum": 0.99})
    assert "in segment site=a" in failed.message


async def test_scores_survive_the_wire_in_full_precision(model: Path, sides: dict[str, Endpoint]) -> None:
    result = await verdict(model, sides["good"], None, name="brier")
    frame = pd.read_parquet(model / "holdout.parquet")
    assert result.measured == pytest.approx(((frame["good"] - frame["target"]) ** 2).mean(), abs=1e-15)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"dataset": {"label": "target", "artifact": "other.parquet"}}, "no artifact other.parquet"),
        ({"dataset": {"label": "answer"}}, "has no column answer; it has good, poor, target, site"),
        ({"dataset": {"label": "target"}, "segments": {"column": "age", "minimum": 0.5}}, "has no column age"),
        ({"dataset": None}, "no dataset"),
        ({"mode": "Sometimes"}, "not a metric gate"),
    ],
)
async def test_a_dataset_that_cannot_be_used_is_an_error(
    model: Path, sides: dict[str, Endpoint], change: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(JobError, match=sentence):
        await verdict(model, sides["good"], None, **change)


async def test_a_broken_or_foreign_file_is_an_error(model: Path, sides: dict[str, Endpoint]) -> None:
    (model / "holdout.parquet").write_text("not parquet")
    with pytest.raises(JobError, match="is not a Parquet file"):
        await verdict(model, sides["good"], None)
    (model / "holdout.parquet").unlink()
    (model / "holdout.parquet").symlink_to("/etc/passwd")
    with pytest.raises(JobError, match="outside the model's artifacts"):
        await verdict(model, sides["good"], None)


async def test_a_holdout_without_the_models_columns_is_an_error(model: Path, sides: dict[str, Endpoint]) -> None:
    pd.read_parquet(model / "holdout.parquet").drop(columns="good").to_parquet(model / "holdout.parquet")
    with pytest.raises(JobError, match="lacks good, which the m-r2's input example has"):
        await verdict(model, sides["good"], None)


async def test_one_class_only_is_inconclusive(model: Path, sides: dict[str, Endpoint]) -> None:
    pd.read_parquet(model / "holdout.parquet").assign(target=1).to_parquet(model / "holdout.parquet")
    result = await verdict(model, sides["good"], None)
    assert (result.verdict, "two classes are needed" in result.message) == (Verdict.INCONCLUSIVE, True)


async def test_a_service_that_moved_to_another_revision_is_an_error(model: Path, sides: dict[str, Endpoint]) -> None:
    async with served(proba("poor"), None, "m-r1", was="m-r0") as poor:
        moved = Endpoint(str(poor.make_url("")).rstrip("/"), "1", "m-r0", "sha256:x")
        with pytest.raises(JobError, match="answered by revision m-r1, not m-r0; compare again"):
            await verdict(model, sides["good"], moved)


async def test_nan_answers_are_an_error(model: Path) -> None:
    async with served(lambda row: float("nan"), None, "m-r2") as broken:
        target = Endpoint(str(broken.make_url("")).rstrip("/"), "2", "m-r2", "")
        with pytest.raises(JobError, match="rows 0 to 199 wrongly: a prediction is nan"):
            await verdict(model, target, None)


def test_the_process_writes_what_it_measured_on(model: Path) -> None:
    candidate = {"SLIPWAY_CANDIDATE_URL": "http://127.0.0.1:9", "SLIPWAY_CANDIDATE_REVISION": "m-r2"}
    spec = {"name": "auc", "source": "Rescore", "dataset": {"label": "nothing"}}
    told = {"SLIPWAY_GATE_NAME": "metrics/auc", "SLIPWAY_GATE": json.dumps(spec), "SLIPWAY_MODEL_DIR": str(model)}
    result = boundary.run(rescore.gate, candidate | told)
    assert (result.name, result.verdict) == ("metrics/auc", Verdict.ERROR)
    assert "has no column nothing" in result.message


@pytest.mark.parametrize(
    ("answers", "score", "values"),
    [
        ([0.1, 0.2], None, [0.1, 0.2]),
        ([[0.9, 0.1], [0.2, 0.8]], None, [0.1, 0.8]),
        ([[0.9, 0.1], [0.2, 0.8]], "0", [0.9, 0.2]),
        ([{"p": 0.3}], None, [0.3]),
        ([{"no": 0.7, "yes": 0.3}], "yes", [0.3]),
        (["a", "b"], None, ["a", "b"]),
    ],
)
def test_the_score_is_taken_from_each_answer(answers: list[Any], score: str | None, values: list[Any]) -> None:
    assert scoring.column(answers, score).tolist() == values


@pytest.mark.parametrize(
    "body",
    [
        {"dataframe_split": {"columns": ["a", "t"], "data": [[0, 0]]}},
        {"dataframe_records": [{"a": 0, "t": 0}]},
        {"inputs": {"a": [0], "t": [0]}},
        {"instances": [[0, 0]]},
    ],
)
def test_rows_are_sent_in_the_form_of_the_models_own_example(body: dict[str, Any]) -> None:
    frame = pd.DataFrame({"a": [1.5, None], "t": pd.to_datetime(["2026-01-01", "2026-01-02"])})
    sent = json.loads(scoring.request_body(scoring.rows_of(frame), frame, example(body)))
    assert sent.keys() == body.keys()
    assert json.dumps(sent).count("2026-01-0") == 2
    assert "null" in json.dumps(sent)
