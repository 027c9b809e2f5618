"""What must run before the first test: the cluster, MLflow and the operator."""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import yaml

from tests.e2e.cluster import Cluster
from tests.e2e.kubectl import kubectl
from tests.e2e.models import ROOT, Models
from tests.e2e.operator_pod import DEPLOYMENT, NAMESPACE, Operator

TARGETS = ("cluster-up", "images", "mlflow", "gateway", "install")
LOCK = ROOT / ".tools" / "e2e.lock"
SKIP = "E2E_SKIP_SETUP"
VALUES = ROOT / "tests" / "e2e" / "operator-values.yaml"
"""How the operator is configured here."""
LABEL = {"slipway.dev/e2e": "true"}
"""On the namespaces of these tests."""
_VERSIONS = "E2E_VERSIONS"
"""Kind to model version, for the workers of this run."""
POLL = "2s"
"""How often aliases are read in these tests: what is waited for is the release, not the next poll."""
_PATIENCE_SECONDS = 3600


def tools() -> None:
    """Put the repository's kubectl and helm on the path."""
    os.environ["PATH"] = f"{ROOT / '.tools' / 'bin'}{os.pathsep}{os.environ['PATH']}"


@contextmanager
def alone() -> Iterator[None]:
    """One run of these tests at a time: they take MLflow and the operator away. A second one waits here."""
    LOCK.parent.mkdir(exist_ok=True)
    with LOCK.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def prepare() -> None:
    """Make the cluster ready for tests: everything runs, nothing of an earlier run is left, the models are there."""
    tools()
    bring_up()
    cluster = Cluster()
    for left in cluster.list("Namespace", None, LABEL):
        cluster.delete("Namespace", None, left["metadata"]["name"])
    operator = Operator(cluster)
    _configure_all(operator)
    os.environ[_VERSIONS] = json.dumps(Models.of(operator.config()).train())
    cluster.close()


def prepared() -> bool:
    """Whether `prepare` ran, in this process or in the one that started it."""
    return _VERSIONS in os.environ


def versions() -> Mapping[str, str]:
    """Kind to model version."""
    found: Mapping[str, str] = json.loads(os.environ[_VERSIONS])
    return found


def bring_up() -> None:
    """Make everything that is missing; seconds when nothing is. E2E_SKIP_SETUP=1 takes the cluster as it is."""
    if os.environ.get(SKIP) == "1":
        return
    for target in TARGETS:
        subprocess.run(["make", "-C", str(ROOT), target], check=True, timeout=_PATIENCE_SECONDS)


def _configure_all(operator: Operator) -> None:
    wanted, have = yaml.safe_load(VALUES.read_text())["registries"], operator.config()["registries"]
    if any(have.get(name, {}).get(key) != value for name, each in wanted.items() for key, value in each.items()):
        _upgrade("--values", str(VALUES))
    operator.until_ready()


def hasten(operator: Operator) -> None:
    """Let the operator read aliases often, and load the slow example, which brings code of its own."""
    default = operator.config()["registries"]["default"]
    if (default["pollInterval"], default.get("allowCode")) != (POLL, True):
        configure(f"registries.default.pollInterval={POLL},registries.default.allowCode=true")
    kubectl("-n", NAMESPACE, "rollout", "status", f"deployment/{DEPLOYMENT}", "--timeout=180s")
    operator.until_ready()


def configure(values: str) -> None:
    """`helm upgrade --set VALUES`, keeping all others; returns when the operator that has them is ready."""
    _upgrade("--set", values)


def _upgrade(*values: str) -> None:
    chart = str(ROOT / "charts" / "slipway")
    command = ["helm", "upgrade", DEPLOYMENT, chart, "--namespace", NAMESPACE, "--reuse-values", *values]
    subprocess.run(command, check=True, timeout=180, stdout=subprocess.DEVNULL)
    kubectl("-n", NAMESPACE, "rollout", "status", f"deployment/{DEPLOYMENT}", "--timeout=180s")
