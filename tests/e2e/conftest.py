"""What every end-to-end test gets: the real cluster with MLflow and the operator, model versions, a namespace."""

from __future__ import annotations

import os
import secrets
import subprocess
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.e2e import diagnosis, figures, stack
from tests.e2e.cluster import Cluster
from tests.e2e.models import ROOT, Models
from tests.e2e.operator_pod import Operator
from tests.e2e.prometheus import Prometheus, prometheus
from tests.e2e.releases import Release

POLICY = ROOT / "examples" / "cancer" / "governance.tags.yaml"
_CHAPTERS = pytest.StashKey[dict[Path, str]]()
_NAMESPACES = pytest.StashKey[list[str]]()
_STARTED = pytest.StashKey[float]()

Stage = Callable[..., Release]


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """The cluster."""
    connected = Cluster()
    yield connected
    connected.close()


@pytest.fixture(scope="session")
def operator(cluster: Cluster) -> Operator:
    """The operator, reading aliases often."""
    return Operator(cluster)


@pytest.fixture(scope="session")
def models(operator: Operator) -> Models:
    """The registered model of these tests, in the registry that the operator is configured with."""
    return Models.of(operator.config())


@pytest.fixture(scope="session")
def versions() -> Mapping[str, str]:
    """Kind to model version, trained once for as long as MLflow's volume lives."""
    return stack.versions()


@contextmanager
def _namespace(session: pytest.Session, cluster: Cluster, what: str) -> Iterator[str]:
    name = f"e2e-{what}-{secrets.token_hex(2)}"
    cluster.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": stack.LABEL}})
    policy = {"name": "governance-tags", "namespace": name}
    data = {"governance.tags.yaml": POLICY.read_text()}
    cluster.create({"apiVersion": "v1", "kind": "ConfigMap", "metadata": policy, "data": data})
    session.stash.setdefault(_NAMESPACES, []).append(name)
    yield name
    session.stash[_NAMESPACES].remove(name)
    if os.environ.get("E2E_KEEP") != "1":
        cluster.delete("Namespace", None, name)


@pytest.fixture(scope="module")
def namespace(request: pytest.FixtureRequest, cluster: Cluster) -> Iterator[str]:
    """A namespace of the module's own, with the governance policy. E2E_KEEP=1 leaves it for a look around."""
    module = request.path.stem.removeprefix("test_").strip("0123456789_").replace("_", "-")
    with _namespace(request.session, cluster, module) as made:
        yield made


@contextmanager
def _stage(cluster: Cluster, models: Models, namespace: str) -> Iterator[Stage]:
    aliases: set[str] = set()

    def make(name: str, alias: str | None = None, production_alias: str | None = None) -> Release:
        follows, announces = alias or f"{name}-staging", production_alias or f"{name}-production"
        for each in {follows, announces} - aliases:
            models.drop(each)
            aliases.add(each)
        return Release(cluster, models, namespace, name, follows, announces)

    yield make
    for each in aliases:
        models.drop(each)


@pytest.fixture(scope="module")
def stage(
    cluster: Cluster, operator: Operator, models: Models, versions: Mapping[str, str], namespace: str
) -> Iterator[Stage]:
    """Makes the handle of a release with aliases of its own; the aliases go when the module is done."""
    with _stage(cluster, models, namespace) as make:
        yield make


@pytest.fixture(scope="session")
def lasting(
    request: pytest.FixtureRequest, cluster: Cluster, models: Models, versions: Mapping[str, str]
) -> Iterator[Release]:
    """The release that tests share which run alone, in whatever state the last one left it: see `served`."""
    with _namespace(request.session, cluster, "served") as namespace, _stage(cluster, models, namespace) as make:
        release = make("served")
        release.stage(versions["modest"])
        release.apply()
        release.until_promoted(versions["modest"])
        yield release


@pytest.fixture
def served(lasting: Release, versions: Mapping[str, str]) -> Release:
    """A release that serves one of two good versions, with the other one warm behind it, and of which nothing is asked.

    Tests that run alone share it: to make one each would be most of their time.
    """
    return settled(lasting, versions)


def settled(release: Release, versions: Mapping[str, str]) -> Release:
    """The release, when nothing is asked of it any more and it has a way back."""
    unasked(release)
    if release.condition("RollbackReady")["status"] != "True":
        release.release(not_served(release, versions))
    return release


def unasked(release: Release) -> Release:
    """The release, when nothing is asked of it any more: no other version, no rollback, no pause."""
    release.stage(str(release.live()))
    release.patch('{"spec": {"rollback": null, "paused": null}}')
    release.apply()
    release.until_condition("Held", "False")
    return release


def not_served(release: Release, versions: Mapping[str, str]) -> str:
    """The one of the two good versions that `release` does not serve."""
    return versions["modest" if release.live() == versions["good"] else "good"]


@pytest.fixture(scope="session")
def server_image(operator: Operator) -> str:
    """The server image, which also has all that the load generator needs."""
    return str(operator.config()["images"]["server"])


@pytest.fixture(scope="session")
def monitoring(operator: Operator) -> Iterator[Prometheus]:
    """Prometheus and Alertmanager in the cluster, and an operator that makes rules for them: `make monitor_up`."""
    command = ["make", "-C", str(ROOT), "monitor_up"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=590, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    stack.hasten(operator)
    with prometheus() as reached:
        yield reached


def pytest_configure(config: pytest.Config) -> None:
    """Markers; and when it began."""
    config.addinivalue_line("markers", "story: tests of this module go on where the one before ended")
    config.addinivalue_line("markers", "alone: takes the operator or a node away, or looks at them at rest")
    config.addinivalue_line("markers", "lengthy: takes longest of those that share the cluster, and so begins first")
    config.addinivalue_line("markers", "long: takes many minutes; `make test_long` runs it and `make test` does not")
    config.stash[_STARTED] = time.time()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest files first, so that nobody waits for them at the end."""
    items.sort(key=lambda item: item.get_closest_marker("lengthy") is None)


@pytest.hookimpl(tryfirst=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    """With `-n`, bring everything up before the workers start: the lock is held and the models are trained once."""
    if session.config.getoption("dist", "no") != "no" and not hasattr(session.config, "workerinput"):
        _prepare(session)


def pytest_collection_finish(session: pytest.Session) -> None:
    """Without, before the first test, whose timeout knows nothing of it."""
    wanted = any(item.get_closest_marker("e2e") for item in session.items)
    if wanted and not session.config.option.collectonly and not stack.prepared():
        if hasattr(session.config, "workerinput"):
            raise pytest.UsageError("several at a time: name the folder, pytest -n 3 --dist loadfile tests/e2e")
        _prepare(session)


def _prepare(session: pytest.Session) -> None:
    lock = ExitStack()
    lock.enter_context(stack.alone())
    session.config.add_cleanup(lock.close)
    stack.prepare()


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Fail a chapter at once whose story broke off earlier."""
    broken = item.session.stash.get(_CHAPTERS, {}).get(item.path)
    if broken and item.get_closest_marker("story"):
        pytest.fail(f"the story broke off at {broken}", pytrace=False)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Generator[None, Any, Any]:
    """Add the state of the cluster to the report of a test that failed."""
    report = yield
    if report.failed:
        item.session.stash.setdefault(_CHAPTERS, {}).setdefault(item.path, item.name)
        for namespace in item.session.stash.get(_NAMESPACES, []):
            report.sections.append((f"namespace {namespace}", diagnosis.describe(namespace)))
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Print what was measured."""
    measured = figures.measured(since=config.stash[_STARTED])
    if measured:
        terminalreporter.section(f"figures, also in {figures.PLACE.relative_to(ROOT)}")
        for name, value in sorted(measured.items()):
            terminalreporter.write_line(f"{name}: {value}")
