"""The story of a switch: a first release, a second one, a rollback, and its end. Under load all the while."""

from __future__ import annotations

from collections.abc import Mapping

from tests.e2e.faults.story import QUICK_ROLLOUT, RATE, Outcome, announced, first_release, outcome, roll_back
from tests.e2e.load import steady_load
from tests.e2e.models import example
from tests.e2e.recorder import recording
from tests.e2e.releases import Release


def switch(release: Release, versions: Mapping[str, str], image: str) -> Outcome:
    """Production behind a Service is moved there and back."""
    first, second = versions["modest"], versions["good"]
    with recording(release.cluster, release.namespace, release.name) as made:
        first_release(release, first, rollout=QUICK_ROLLOUT)
        where = (release.namespace, release.name)
        with steady_load(release.cluster, where, image, example(), RATE) as load:
            release.stage(second)
            announced(release, second)
            changed = roll_back(release, first, staged=second)
    return outcome(release, made, load, changed)
