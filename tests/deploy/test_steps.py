"""`make test`: what waits for what, and the table of where the time went."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]
STEP = ROOT / "scripts" / "step"


def order(*arguments: str) -> list[str]:
    """The steps of `make test`, in the order in which they run when each does nothing."""
    command = ["make", "--no-print-directory", "-f", "scripts/test.mk", "step=@echo $@;:", *arguments]
    env = {name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL")}
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=True)
    return done.stdout.split()


def test_nothing_runs_beside_the_tests_on_the_cluster() -> None:
    steps = order("--jobs", "4")
    assert steps[-2:] == ["shared", "alone"]
    assert set(order("shared")) == set(steps) - {"alone"}, (
        "all other steps are over when the tests on the cluster begin"
    )


def test_the_operator_starts_where_the_gateways_definitions_are() -> None:
    assert {"gateway", "mlflow"} < set(order("operator"))


def test_a_step_shows_its_name_and_notes_its_time_and_its_end(tmp_path: Path) -> None:
    noted = tmp_path / "times"
    env = {**os.environ, "STEP_TIMES": str(noted)}
    command = [str(STEP), "lint", "bash", "-c", "echo one; echo two >&2; exit 3"]
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)

    assert done.returncode == 3
    assert set(done.stdout.splitlines()) == {"lint     | one", "lint     | two"}
    began, took, name, status = noted.read_text().split()
    assert int(began) > int(took) >= 0
    assert (name, status) == ("lint", "3")


def test_the_table_of_times_is_printed_even_when_a_step_fails(tmp_path: Path) -> None:
    fake = tmp_path / "make"
    fake.write_text("#!/bin/sh\nscripts/step check false\nexit 2\n")
    fake.chmod(0o755)
    done = subprocess.run(
        [str(ROOT / "scripts" / "test")],
        env={**os.environ, "MAKE": str(fake)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    lines = [line.split() for line in done.stdout.splitlines() if line]
    assert lines[0] == ["step", "after", "took"]
    assert (lines[1][0], lines[1][-1]) == ("check", "failed")
    assert lines[2][0] == "together"


def test_an_environment_that_is_there_is_left_alone_when_its_own_python_asks() -> None:
    """Which comes first on the PATH inside of make: each of its steps would make the environment again."""
    env = {**os.environ, "PYTHON": str(ROOT / ".venv" / "bin" / "python3")}
    done = subprocess.run([str(ROOT / "scripts" / "venv")], env=env, capture_output=True, text=True, check=True)
    assert done.stdout == ""
