"""The demonstration: models are trained, released, stopped and taken back on the cluster that is there.

    make demo                             brings up what this needs, and runs it
    python examples/cancer/demo.py        when cluster, MLflow and operator are up already

It starts from a clean release every time: what an earlier run left in the namespace `demo` is removed first.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import click
from demo_view import chapter, command_line, production_answer, stopped, stopper, where_to_look
from mlflow import MlflowClient

from slipway.api.revision import ModelRevision
from slipway.cli.kubectl import forwarded
from slipway.cli.options import Mlflow
from slipway.cli.release.deploy import deploy
from slipway.cli.release.rollback import command as rollback
from slipway.cli.release.timeline import command as timeline
from slipway.cli.session import NOT_PROMOTED, Failure, ReleaseKey, on_cluster, read_revisions
from slipway.cli.view import CONSOLE

HERE = Path(__file__).parent
KEY = ReleaseKey("demo", "w7d1-cancer-classifier")
MODEL = "w7d1_cancer_classifier"
ALIASES = ("staging", "production")
OPERATOR_NAMESPACE = "slipway-system"


@dataclass(frozen=True)
class Act:
    """One model version on its way, and how that should end."""

    kind: str
    title: str
    stopped_by: str | None = None
    """The gate or the reason that has to stop it; None: it is promoted."""


ACTS = (
    Act("modest", "A first model"),
    Act("good", "A better model takes over"),
    Act("worse", "A model that predicts worse", "gate metrics/auc"),
    Act("slow", "A model that predicts as well, and answers too late", "gate smoke"),
    Act("broken", "A model that cannot be loaded", "LoadFailed"),
    Act("untagged", "A model that nobody answers for", "gate governance"),
)


class OtherWay(Exception):
    """The demonstration did not go as it should."""


def kubectl(*arguments: str, stdin: str | None = None) -> str:
    """What kubectl prints. Raises OtherWay."""
    done = subprocess.run(["kubectl", *arguments], input=stdin, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise OtherWay(f"kubectl {' '.join(arguments)}: {done.stderr.strip()}")
    return done.stdout


def train(url: str) -> dict[str, str]:
    """Kind to model version; those that MLflow has already are left alone."""
    command_line("python examples/cancer/train.py")
    environment = {**os.environ, "MLFLOW_TRACKING_URI": url}
    done = subprocess.run(
        [sys.executable, str(HERE / "train.py")], env=environment, stdout=subprocess.PIPE, text=True, check=False
    )
    if done.returncode != 0:
        raise OtherWay("the models could not be trained; what is above says why")
    return dict(json.loads(done.stdout))


def clear(url: str) -> None:
    """Remove what an earlier run left: the aliases, and the release with its children."""
    # The aliases first: by the time that the release is made anew, the operator has seen that they are gone.
    client = MlflowClient(tracking_uri=url)
    for alias in client.get_registered_model(MODEL).aliases:
        if alias in ALIASES:
            client.delete_registered_model_alias(MODEL, alias)
    where = ("--namespace", KEY.namespace)
    kubectl("delete", "modelrelease", KEY.name, *where, "--ignore-not-found", "--timeout=60s")
    selector = f"slipway.dev/release={KEY.name}"
    kinds = "modelrevisions,deployments,services,pods"
    kubectl("wait", "--for=delete", kinds, "--selector", selector, *where, "--timeout=120s")


def declare() -> None:
    """The namespace with the governance policy, and the release in it."""
    policy = HERE / "governance.tags.yaml"
    command_line(f"kubectl create configmap governance-tags --from-file={policy.relative_to(HERE.parents[1])}")
    render = ("--dry-run=client", "--output=yaml")
    content = kubectl(
        "create", "configmap", "governance-tags", "--namespace", KEY.namespace, f"--from-file={policy}", *render
    )
    kubectl("apply", "--filename=-", stdin=content)
    command_line("kubectl apply -f examples/cancer/modelrelease.yaml")
    kubectl("apply", f"--filename={HERE / 'modelrelease.yaml'}")


def make_namespace() -> None:
    """The namespace, under Kubernetes' restricted security profile."""
    manifest = kubectl("create", "namespace", KEY.namespace, "--dry-run=client", "--output=yaml")
    kubectl("apply", "--filename=-", stdin=manifest)
    kubectl("label", "namespace", KEY.namespace, "--overwrite", "pod-security.kubernetes.io/enforce=restricted")


def release(act: Act, version: str, url: str) -> None:
    """Release one version the way a user does, and hold the end against what should come of it."""
    chapter(act.title)
    command_line(f"slipway deploy {KEY.name} --version {version}")
    code = deploy(KEY, version, False, None, Mlflow(url, OPERATOR_NAMESPACE))
    if act.stopped_by is None:
        if code != 0:
            raise OtherWay(f"version {version} should have been promoted")
        production_answer(KEY, expected=version)
        return
    newest = history()[-1]
    if code != NOT_PROMOTED or stopper(newest) != act.stopped_by:
        raise OtherWay(f"version {version} should have been stopped by {act.stopped_by}, not by {stopper(newest)}")


def history() -> list[ModelRevision]:
    """The release's revisions, oldest first."""
    return on_cluster(lambda cluster: read_revisions(cluster, KEY))


def take_back(expected: str) -> None:
    """Look at a rollback, then do it."""
    chapter("Back to the version before")
    why = "the demonstration is over"
    arguments = [KEY.name, "--namespace", KEY.namespace, "--reason", why]
    command_line(f"slipway rollback {KEY.name} --dry-run")
    rollback.main([*arguments, "--dry-run"], standalone_mode=False)
    CONSOLE.print()
    patch = json.dumps({"spec": {"rollback": {"to": "previous", "reason": why}}})
    command_line(f'slipway rollback {KEY.name} --reason "{why}"')
    CONSOLE.print(f"[dim]  or: kubectl patch modelrelease {KEY.name} --type merge -p '{patch}'[/]", soft_wrap=True)
    rollback.main(arguments, standalone_mode=False)
    production_answer(KEY, expected=expected)


def story() -> None:
    """Everything, in order. Raises OtherWay and Failure."""
    make_namespace()
    with forwarded("mlflow", "service/mlflow", 5000) as url:
        chapter("Models")
        versions = train(url)
        clear(url)
        chapter("The release")
        declare()
        for act in ACTS:
            release(act, versions[act.kind], url)
        take_back(versions["modest"])
    chapter("What was stopped, and why")
    stopped(history())
    chapter("The seconds of each phase")
    command_line(f"slipway timeline {KEY.name}")
    timeline.main([KEY.name, "--namespace", KEY.namespace], standalone_mode=False)


def main() -> int:
    """Exit code 0 when everything went as it should."""
    started = time.monotonic()
    try:
        story()
    except (OtherWay, click.ClickException) as error:
        text = error.format_message() if isinstance(error, Failure) else str(error)
        CONSOLE.print(f"\n[red]✗ {text}[/]", soft_wrap=True)
        CONSOLE.print(f"  look: slipway status {KEY.name} -n {KEY.namespace}; then run it again: it starts afresh")
        return 1
    where_to_look(KEY, time.monotonic() - started)
    return 0


if __name__ == "__main__":
    sys.exit(main())
