"""The chart as helm renders it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[3]
CHART = ROOT / "charts" / "slipway"

Objects = dict[tuple[str, str], dict[str, Any]]
Render = Callable[..., Objects]


class Refused(AssertionError):
    """helm did not render the chart; the text is why."""


@pytest.fixture(scope="session")
def helm() -> str:
    """The program, from where `make cluster-up` puts it or from the path."""
    found = shutil.which("helm", path=f"{ROOT / '.tools' / 'bin'}{os.pathsep}{os.environ['PATH']}")
    assert found, "helm is not here: make cluster-up brings it"
    return found


@pytest.fixture(scope="session")
def render(helm: str) -> Render:
    """Kind and name → object, for values as keyword arguments."""

    def run(**values: Any) -> Objects:
        command = [helm, "template", "slipway", str(CHART), "--namespace", "slipway-system", "--values", "-"]
        command += ["--kube-version", "1.34.0"]
        done = subprocess.run(command, input=json.dumps(values), capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise Refused(done.stderr)
        found = [each for each in yaml.safe_load_all(done.stdout) if each]
        return {(each["kind"], _place(each)): each for each in found}

    return run


def _place(manifest: dict[str, Any]) -> str:
    """The name, with its namespace where that is not the operator's."""
    meta = manifest["metadata"]
    namespace = meta.get("namespace", "slipway-system")
    return meta["name"] if namespace == "slipway-system" else f"{namespace}/{meta['name']}"
