"""The peers, each installed into an environment of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MLFLOW = ("mlflow==3.17.2", "scikit-learn==1.9.1", "skops==0.16.0")
# MLServer 1.7.1 does not start with a later uvloop.
MLSERVER = (*MLFLOW, "mlserver==1.7.1", "mlserver-mlflow==1.7.1", "uvloop<0.22", "setuptools<81")


def server_command() -> list[str]:
    """Our own server."""
    return [sys.executable, "-m", "slipway_server"]


def environment(folder: Path, name: str, packages: tuple[str, ...]) -> Path:
    """Make an environment with these packages, once; return the folder of its programs."""
    place = folder / name
    done = place / "installed"
    if not done.exists() or done.read_text() != " ".join(packages):
        print(f"installing {name} into {place}", flush=True)
        uv = os.environ.get("UV", str(Path(sys.executable).with_name("uv")))
        subprocess.run([uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(place)], check=True)
        python = str(place / "bin" / "python")
        subprocess.run([uv, "pip", "install", "--quiet", "--python", python, *packages], check=True)
        done.write_text(" ".join(packages))
    return place / "bin"
