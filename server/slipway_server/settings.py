"""Everything that can be set from outside, read once at start from `SLIPWAY_*` variables."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from slipway_contract.environment import PREFIX


class Settings(msgspec.Struct, frozen=True, rename=lambda name: PREFIX + name.upper()):
    """The server's settings. Times are in seconds, sizes in bytes.

    Requests of more than `latency_max_rows` rows are answered in a lane of their own, where `max_bulk_queue` may wait,
    and are judged by no latency objective; 0: all are alike.

    `idle_seconds` is longer than proxies keep an idle connection (nginx 60, Traefik 90, cloud load balancers up to
    600): where the server is the one to close it, a request that is on its way meanwhile is lost.
    """

    model_name: str = ""
    model_version: str = ""
    revision: str = ""
    allow_code: bool = False
    allow_pickle: bool = False
    termination_log: str = "/dev/termination-log"
    latency_threshold_seconds: float = 0.2
    latency_max_rows: int = 100
    lame_duck_seconds: float = 5.0
    drain_seconds: float = 20.0
    connection_age_seconds: float = 5.0
    idle_seconds: float = 620.0
    request_read_seconds: float = 10.0
    predict_timeout_seconds: float = 30.0
    stuck_after: int = 3
    max_body_bytes: int = 8 * 1024 * 1024
    max_rows: int = 50_000
    max_queue: int = 256
    max_bulk_queue: int = 16
    max_connections: int = 4096
    max_batch_rows: int = 4096
    pyfunc_threads: int = 32
    follow_seconds: float = 10.0
    compile: bool = True
    access_log: bool = False
    tolerance: float = 1e-6


class SettingsError(ValueError):
    """A variable does not hold what its name asks for."""


def from_environment(environ: Mapping[str, str]) -> Settings:
    """Read the settings from `environ`. Raises `SettingsError` with the variable, its value and what was expected."""
    known = {field.encode_name for field in msgspec.structs.fields(Settings)}
    given = {name: value for name, value in environ.items() if name in known and value != ""}
    try:
        return msgspec.convert(given, Settings, strict=False)
    except msgspec.ValidationError as error:
        raise SettingsError(f"environment: {error}; set the variable to a value of that kind or remove it") from error
