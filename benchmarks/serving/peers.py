"""The servers, each installed into an environment of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MLFLOW = ("mlflow==3.17.2", "scikit-learn==1.9.1", "skops==0.16.0")
# MLServer 1.7.1 does not start with a later uvloop.
MLSERVER = (*MLFLOW, "mlserver==1.7.1", "mlserver-mlflow==1.7.1", "uvloop<0.22", "setuptools<81")


# What the image that serves is made of.
SLIPWAY = ("--no-deps", "--requirement", str(ROOT / "requirements" / "server.txt"))


def fetch_command() -> list[str]:
    """Our own fetching, which has every library."""
    return [sys.executable, "-m", "slipway_server", "fetch", "--libraries"]


def environment(folder: Path, name: str, packages: tuple[str, ...]) -> Path:
    """Make an environment of packages or lock files, anew where these change; return the folder of its programs."""
    place = folder / name
    done = place / "installed"
    wanted = "\n".join(Path(each).read_text() if Path(each).is_file() else each for each in packages)
    if not done.exists() or done.read_text() != wanted:
        print(f"installing {name} into {place}", flush=True)
        uv = os.environ.get("UV", str(Path(sys.executable).with_name("uv")))
        subprocess.run([uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(place)], check=True)
        python = str(place / "bin" / "python")
        install = [uv, "pip", "install", "--quiet", "--compile-bytecode", "--python", python]
        subprocess.run([*install, *packages], check=True)
        done.write_text(wanted)
    return place / "bin"
