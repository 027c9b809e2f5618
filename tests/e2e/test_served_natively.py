"""What cannot be compiled, or is compiled wrongly, is released all the same: by its own library, and saying why."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping

import pytest

from slipway.cli.registry import reachable
from tests.e2e.attempts import attempt
from tests.e2e.cluster import Object
from tests.e2e.conftest import Stage
from tests.e2e.models import ROOT, Models
from tests.e2e.native_models import UNCONVERTIBLE, WRONGLY_CONVERTED
from tests.e2e.releases import Release

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def kinds(models: Models, versions: Mapping[str, str]) -> Mapping[str, str]:
    """Kind to version, with those that are not served compiled."""
    with reachable(models.url) as url:
        command = [sys.executable, "-m", "tests.e2e.native_models", models.name, url]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return {**versions, **json.loads(done.stdout.splitlines()[-1])}


@pytest.fixture(scope="module")
def release(stage: Stage) -> Release:
    """One release for all versions."""
    return stage("native")


def released(release: Release, version: str) -> Object:
    """What was fetched of the version, once production answers with it."""
    revision = attempt(release, version, {}, "Live")
    assert release.answers() == version
    fetched: Object = revision["status"]["fetched"]
    return fetched


def test_a_model_without_a_conversion(release: Release, kinds: Mapping[str, str]) -> None:
    fetched = released(release, kinds[UNCONVERTIBLE])
    assert (fetched["flavor"], fetched["compiled"]) == ("sklearn", False)
    assert "its proof would not know where to look: HistGradientBoostingClassifier" in fetched["message"]


def test_a_wrong_conversion_is_caught_by_the_proof(release: Release, kinds: Mapping[str, str]) -> None:
    fetched = released(release, kinds[WRONGLY_CONVERTED])
    assert fetched["compiled"] is False
    assert "labels differ" in fetched["message"]


def test_the_demonstrations_model_is_compiled_after_them(release: Release, kinds: Mapping[str, str]) -> None:
    fetched = released(release, kinds["good"])
    assert fetched["compiled"] is True
    assert "proved equal to the original" in fetched["message"]
