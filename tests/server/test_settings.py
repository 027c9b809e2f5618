"""Settings, logs and the container's processors."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import pytest

from slipway_server.observing import logs
from slipway_server.serving.cpus import cpus, limit_pools
from slipway_server.settings import Settings, SettingsError, from_environment


def test_variables_are_read_by_their_types_and_others_left_alone() -> None:
    environ = {
        "SLIPWAY_MODEL_VERSION": "7",
        "SLIPWAY_ALLOW_CODE": "true",
        "SLIPWAY_LAME_DUCK_SECONDS": "2.5",
        "SLIPWAY_MAX_ROWS": "",
        "SLIPWAY_SOMETHING_ELSE": "x",
        "HOME": "/",
    }
    assert from_environment(environ) == Settings(model_version="7", allow_code=True, lame_duck_seconds=2.5)


@pytest.mark.parametrize(("name", "value"), [("SLIPWAY_MAX_ROWS", "many"), ("SLIPWAY_ALLOW_CODE", "perhaps")])
def test_a_variable_that_cannot_be_read_is_named(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=name):
        from_environment({name: value})


@pytest.mark.parametrize(
    ("content", "found"), [("50000 100000", 1), ("150000 100000", 2), ("max 100000", None), ("", None)]
)
def test_the_quota_counts_not_the_hosts_processors(tmp_path: Path, content: str, found: int | None) -> None:
    file = tmp_path / "cpu.max"
    file.write_text(content)
    everything = cpus(tmp_path / "none")
    assert cpus(file) == min(everything, found or everything)


def test_thread_pools_are_sized_unless_somebody_did() -> None:
    environ = {"OMP_NUM_THREADS": "8"}
    limit_pools(environ, 2)
    assert environ == {"OMP_NUM_THREADS": "8", "OPENBLAS_NUM_THREADS": "2", "MKL_NUM_THREADS": "2"}


@pytest.mark.parametrize(
    ("value", "found"),
    [
        (b"00-" + b"a" * 32 + b"-" + b"b" * 16 + b"-01", {"trace_id": "a" * 32, "span_id": "b" * 16}),
        (b"nonsense", {}),
        (b'00-"}{' + b"a" * 28 + b"-" + b"b" * 16 + b"-01", {}),
    ],
)
def test_the_trace_that_a_request_belongs_to(value: bytes, found: dict[str, str]) -> None:
    assert logs.trace([(b"host", b"x"), (b"traceparent", value)]) == found


def test_a_line_of_the_log_is_one_json_object() -> None:
    record = logging.LogRecord("slipway", logging.ERROR, "", 0, "answered %d", (500,), None)
    record.fields = {"route": "v2", "code": 500}
    line = json.loads(logs.Lines().format(record))
    assert (line["message"], line["level"], line["route"], line["code"]) == ("answered 500", "error", "v2", 500)
    assert line["time"].endswith("Z")
