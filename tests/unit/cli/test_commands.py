"""The command line itself: what it lists, what it imports, and what it shows."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime
from typing import Any

import pytest
from click.testing import CliRunner
from rich.console import Console

from slipway import cli
from slipway.api.revision import Phase
from slipway.cli import options, registry, view
from slipway.cli.release import follow, status
from slipway.cli.release.get import table
from slipway.cli.session import Failure, read_revisions
from slipway.cluster.port import Object
from slipway.words.text import figure
from tests.unit.cli.conftest import KEY, serve
from tests.unit.release.fakes import failing
from tests.unit.release.world import World


def printed(renderable: Any) -> str:
    console = Console(width=250)
    with console.capture() as capture:
        console.print(renderable)
    return capture.get()


@pytest.mark.parametrize("name", sorted(cli.COMMANDS))
def test_every_command_that_is_listed_exists(name: str) -> None:
    result = CliRunner().invoke(cli.main, [name, "--help"])
    assert result.exit_code == 0, result.output


def test_help_names_the_exit_codes_and_imports_nothing_heavy() -> None:
    program = (
        "import sys; from slipway.cli import main; main(['--help'], standalone_mode=False);"
        "print({'kubernetes', 'mlflow', 'rich.console', 'pydantic'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert "Exit codes" in done.stdout
    assert done.stdout.strip().endswith("set()")


def test_an_unknown_command_is_an_error() -> None:
    assert CliRunner().invoke(cli.main, ["promote"]).exit_code == 2


@pytest.mark.parametrize(("text", "seconds"), [("90s", 90.0), ("1h30m", 5400.0), ("200ms", 0.2)])
def test_spans_are_written_as_kubernetes_writes_them(text: str, seconds: float) -> None:
    assert options.Span().convert(text, None, None) == seconds


async def test_status_shows_what_serves_and_what_was_decided(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    await serve(world, "1")
    world.cluster.verdict = failing
    world.alias("2")
    await world.settle(hours=0.05)
    status.show(await follow.look(world.cluster, KEY))
    said = capsys.readouterr().out
    for expected in ("production serves version 1", "cancer-r2", "too slow", "251", "RollbackReady", "Rejected"):
        assert expected in said


async def test_get_shows_one_line_for_each_release(world: World) -> None:
    await serve(world, "1")
    lines = printed(table([(await follow.look(world.cluster, KEY)).release])).splitlines()
    assert len(lines) == 2
    assert lines[1].split()[:4] == ["demo", "cancer", "Live", "1"]


async def test_the_timeline_adds_up_to_the_flip(world: World) -> None:
    await serve(world, "1")
    (revision,) = await read_revisions(world.cluster, KEY)
    seconds = view.phase_seconds(revision)
    assert seconds[Phase.WATCHING] >= 30
    assert Phase.LIVE not in seconds
    to_flip = sum(value for phase, value in seconds.items() if phase is not Phase.WATCHING)
    assert f"{to_flip:.1f} s" in printed(view.timeline([revision]))


async def test_a_phase_that_is_not_over_counts_until_now(world: World) -> None:
    world.alias("1")
    await world.until("Watching")
    (revision,) = await read_revisions(world.cluster, KEY)
    early, late = (view.phase_seconds(revision, datetime(year, 1, 2, tzinfo=UTC)) for year in (2026, 2027))
    assert late[Phase.WATCHING] - early[Phase.WATCHING] == 365 * 24 * 3600


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [(0.920567, None, "0.9206"), (251.0, "ms", "251 ms"), (None, "ms", "-"), (float("nan"), None, "-")],
)
def test_figures_are_short(value: float | None, unit: str | None, text: str) -> None:
    assert figure(value, unit) == text


def config_map(text: str) -> Object:
    labels = {"app.kubernetes.io/name": "slipway", "app.kubernetes.io/component": "operator"}
    meta = {"name": "slipway", "namespace": "slipway-system", "labels": labels}
    return {"kind": "ConfigMap", "metadata": meta, "data": {"config.yaml": text}}


CONFIG = "{images: {server: a, native: b, jobs: b}, registries: {default: {url: 'http://mlflow.mlflow.svc:5000'}}}"


async def test_the_registry_is_the_one_that_the_operator_uses(world: World) -> None:
    world.put(config_map(CONFIG))
    release = (await follow.look(world.cluster, KEY)).release
    url = await registry.configured_url(world.cluster, release, "slipway-system")
    assert url == "http://mlflow.mlflow.svc:5000"


@pytest.mark.parametrize(
    ("text", "why"),
    [(CONFIG.replace("default", "other"), "configured with registry default"), ("registries: 7", "cannot be read")],
)
async def test_a_registry_that_is_not_configured_is_an_error(world: World, text: str, why: str) -> None:
    world.put(config_map(text))
    release = (await follow.look(world.cluster, KEY)).release
    with pytest.raises(Failure, match=why):
        await registry.configured_url(world.cluster, release, "slipway-system")


def test_a_registry_outside_the_cluster_is_reached_directly() -> None:
    with registry.reachable("https://mlflow.example.org/base") as url:
        assert url == "https://mlflow.example.org/base"
