"""Bounded load on production, with what Prometheus makes of it.

    make smoke_prod                          requests as they should be, for a minute and a half
    make smoke_prod SLOW=20%                 one in five takes longer than the objective, until an alert fires
    make smoke_prod ERRORS=5% SLOW=10%

Slow and failing requests need a model that can be asked for them (cancer_models/drill_model.py). A release whose live
version cannot be asked is left alone: the release w7d1-drill takes the load instead, and is made where it is missing.
Then good requests follow until the alerts are resolved. Exit code 1: they were not.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
from cancer_models import data
from cancer_models.drill_values import ASKED_IN, FAIL, LATE
from cancer_models.kinds import Kind
from cancer_models.tags import KIND_TAG
from mlflow import MlflowClient
from rich.live import Live
from smoke_watch import RESOLVED, Monitoring, monitoring, screen

from slipway.api.release import ModelRelease
from slipway.cli.kubectl import forwarded
from slipway.cli.options import Mlflow
from slipway.cli.release.deploy import deploy
from slipway.cli.session import Failure, ReleaseKey, on_cluster, read_release
from slipway.cli.view import CONSOLE

HERE = Path(__file__).parent
SCRIPT = HERE / "smoke_load.py"
DRILL = ReleaseKey("demo", "w7d1-drill")
POD = "smoke-prod"
LOOK_SECONDS = 2.0
RECOVERY_SECONDS = 420.0
"""Good requests for at most so long; the alerts of the demonstration's windows are resolved well before."""
Shares = tuple[float, float]


def share(text: str) -> float:
    """A share such as 5% or 0.05. Raises ValueError."""
    value = float(text.rstrip("%")) / (100 if text.endswith("%") else 1)
    if not 0 <= value <= 1:
        raise ValueError(f"{text} is not a share of requests")
    return value


def kubectl(*arguments: str, stdin: str | None = None) -> str:
    """What kubectl prints. Raises Failure."""
    done = subprocess.run(["kubectl", *arguments], input=stdin, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Failure(f"kubectl {' '.join(arguments)}: {done.stderr.strip()}")
    return done.stdout


def can_be_asked(key: ReleaseKey, url: str) -> bool:
    """Whether the release serves the version that can be asked to be slow or to fail."""
    found = on_cluster(lambda cluster: cluster.get("ModelRelease", key.namespace, key.name))
    release = ModelRelease.parse(found) if found else None
    if release is None or release.status.live is None:
        return False
    version = MlflowClient(url).get_model_version(release.spec.model.name, release.status.live.version)
    return bool(version.tags.get(KIND_TAG) == Kind.DRILL)


def drill(url: str) -> ReleaseKey:
    """The release for drills, serving. Raises Failure."""
    CONSOLE.print(f"that production cannot be asked to be slow or to fail: [bold]{DRILL}[/] takes the load")
    command = [sys.executable, str(HERE / "train.py"), "--only", Kind.DRILL, "--tracking-uri", url]
    trained = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    if trained.returncode != 0:
        raise Failure("the model could not be trained; what is above says why")
    version = str(json.loads(trained.stdout)[Kind.DRILL])
    namespace = kubectl("create", "namespace", DRILL.namespace, "--dry-run=client", "--output=yaml")
    kubectl("apply", "--filename=-", stdin=namespace)
    kubectl("apply", f"--filename={HERE / 'drill.yaml'}")
    live = on_cluster(lambda cluster: read_release(cluster, DRILL)).status.live
    if (live is None or live.version != version) and deploy(DRILL, version, True, None, Mlflow(url, "slipway-system")):
        raise Failure(f"{DRILL} was not promoted; see: slipway status {DRILL.name} -n {DRILL.namespace}")
    return DRILL


def bodies() -> dict[str, str]:
    """The requests: a patient, and two that no patient is."""
    row = data.load().holdout_x.head(1)
    asked = {"GOOD": None, "SLOW": LATE, "FAIL": FAIL}
    rows = {name: row if value is None else row.assign(**{ASKED_IN: value}) for name, value in asked.items()}
    return {name: json.dumps({"dataframe_split": r.to_dict(orient="split", index=False)}) for name, r in rows.items()}


@contextmanager
def load(key: ReleaseKey, rate: float, seconds: float, shares: Shares) -> Iterator[None]:
    """Load on the production Service for at most `seconds`."""
    where = ("--namespace", key.namespace)
    serving = f"slipway.dev/release={key.name},app.kubernetes.io/component=server"
    image = kubectl("get", "pods", *where, "-l", serving, "-o", "jsonpath={.items[0].spec.containers[0].image}")
    name = f"{POD}-{key.name}"
    meta = {"name": name, "namespace": key.namespace}
    kubectl("delete", "pod,configmap", name, *where, "--ignore-not-found", "--grace-period=0", "--force")
    script = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta, "data": {SCRIPT.name: SCRIPT.read_text()}}
    arguments = [key.name, str(rate), str(seconds), *map(str, shares)]
    kubectl("create", "--filename=-", stdin=json.dumps(script))
    kubectl("create", "--filename=-", stdin=json.dumps(pod(meta, image, arguments)))
    try:
        yield
    finally:
        kubectl("delete", "pod,configmap", name, *where, "--ignore-not-found", "--grace-period=0", "--force")


def pod(meta: dict[str, str], image: str, arguments: list[str]) -> dict[str, Any]:
    """The pod that sends the load: the server's image has Python."""
    container = {
        "name": "load",
        "image": image,
        "command": ["python", f"/load/{SCRIPT.name}", *arguments],
        "env": [{"name": name, "value": body} for name, body in bodies().items()],
        "resources": {"requests": {"cpu": "20m", "memory": "32Mi"}, "limits": {"memory": "256Mi"}},
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
        "volumeMounts": [{"name": "script", "mountPath": "/load"}],
    }
    spec = {
        "restartPolicy": "Never",
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "securityContext": {"runAsNonRoot": True, "runAsUser": 65532, "seccompProfile": {"type": "RuntimeDefault"}},
        "containers": [container],
        "volumes": [{"name": "script", "configMap": {"name": meta["name"]}}],
    }
    return {"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": spec}


def watch(seen: Monitoring, title: str, started: float, seconds: float, until_quiet: bool) -> bool:
    """Show what happens for `seconds`, or until no alert is left. Whether none is."""
    end = time.monotonic() + seconds
    with Live(console=CONSOLE, refresh_per_second=2, transient=True) as live:
        while True:
            told = len(seen.changes)
            alerts = seen.alerts(time.monotonic() - started)
            figures = seen.figures()
            for at, name, state in seen.changes[told:]:
                what = "  ".join(f"{label} {figure}" for label, figure in figures.items())
                live.console.print(f"{at:6.0f} s  {name}: [bold]{state}[/]   [dim]{what}[/]", soft_wrap=True)
            live.update(screen(title, figures, alerts, seen.delivered()))
            if (until_quiet and not alerts) or time.monotonic() > end:
                live.update("")
                return not alerts
            time.sleep(LOOK_SECONDS)


def story(key: ReleaseKey, shares: Shares, rate: float, seconds: float) -> bool:
    """The load, and the recovery after it. Whether all is well in the end."""
    bad = " and ".join(f"{part:.0%} {what}" for part, what in zip(shares, ("slow", "failing"), strict=True) if part)
    CONSOLE.print(f"load on [bold]{key}[/]: {rate:g} requests/s for {seconds:g} s, {bad or 'all good'}")
    started = time.monotonic()
    with monitoring(key) as seen:
        with load(key, rate, seconds, shares):
            quiet = watch(seen, "LOAD", started, seconds, until_quiet=False)
        if not quiet:
            CONSOLE.print("good requests now, until the alerts are resolved")
            with load(key, rate, RECOVERY_SECONDS, (0.0, 0.0)):
                quiet = watch(seen, "RECOVERY", started, RECOVERY_SECONDS, until_quiet=True)
        states = {state for _, _, state in seen.changes}
        CONSOLE.print(f"alerts were {', '.join(sorted(states)) or 'never pending'}")
    return quiet and (not states or RESOLVED in states)


def main() -> int:
    """Exit code 0 when the alerts that fired were resolved, 1 when not, 2 when it could not be tried."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--release", default="w7d1-cancer-classifier")
    parser.add_argument("--namespace", default="demo")
    parser.add_argument("--slow", type=share, default=0.0, help="share of slow requests, such as 20%%")
    parser.add_argument("--errors", type=share, default=0.0, help="share of failing requests")
    parser.add_argument("--rate", type=float, default=10.0, help="requests a second, 100 at most")
    parser.add_argument("--seconds", type=float, default=90.0, help="how long, 900 at most")
    asked = parser.parse_args()
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # takes the load away on the way out
    key, shares = ReleaseKey(asked.namespace, asked.release), (asked.slow, asked.errors)
    try:
        with forwarded("mlflow", "service/mlflow", 5000) as url:
            key = key if not any(shares) or can_be_asked(key, url) else drill(url)
        return 0 if story(key, shares, min(asked.rate, 100.0), min(asked.seconds, 900.0)) else 1
    except click.ClickException as error:
        CONSOLE.print(f"[red]✗ {error.format_message()}[/]", soft_wrap=True)
        return 2


if __name__ == "__main__":
    sys.exit(main())
