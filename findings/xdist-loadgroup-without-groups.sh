#!/usr/bin/env bash
# pytest-xdist: `--dist loadgroup` tells tests of one xdist_group to different workers, and says nothing.
#
# Versions: pytest-xdist 3.8.0 with pytest 9.2.0. With pytest 9.1 it groups.
# Behaviour: xdist's workers write the group into Item._nodeid, from which its scheduler reads it. pytest 9.2 keeps the node's
# name elsewhere (Node._id), so nobody reads what was written. Known: github.com/pytest-dev/pytest-xdist/issues/1386.
# Tests that go on where the one before ended break off, or pass one by one beside each other. `--dist loadfile` is not affected.
# Output seen:
#   pytest 9.2.0, pytest-xdist 3.8.0: the 4 tests of one group ran in 2 workers
# Exits with 1 if the behaviour has changed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/python -m pip install --quiet --disable-pip-version-check pytest==9.2.0 pytest-xdist==3.8.0
cat >test_group.py <<'PY'
import os, pathlib, time

import pytest


@pytest.mark.xdist_group("one")
@pytest.mark.parametrize("number", range(4))
def test_of_one_group(number):
    time.sleep(0.2)
    pathlib.Path(os.environ["PYTEST_XDIST_WORKER"]).touch()
PY
venv/bin/python -m pytest -q -n 2 --dist loadgroup >log || { cat log; exit 2; }
workers=$(find . -maxdepth 1 -name 'gw*' | wc -l)
echo "pytest 9.2.0, pytest-xdist 3.8.0: the 4 tests of one group ran in $workers workers"
[ "$workers" -gt 1 ]
