"""What is compared: four ways to take production back, each as its users do it, with the same pods behind it."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from tests.e2e.cluster import Object
from tests.e2e.kubectl import kubectl
from tests.e2e.releases import RELEASE, REVISION
from tests.e2e.waiting import until

from benchmarks.delivery.stage import NAME, NAMESPACE, PATIENCE_SECONDS, REPLICAS, Stage
from benchmarks.page import ROOT

SIDES = (0, 1)
INSTALL = str(ROOT / "benchmarks" / "argo" / "install.sh")


class Contestant(Protocol):
    """Moves production between two sides; side 1 is where it begins."""

    name: str
    service: str

    def prepare(self) -> None:
        """Make both sides; production is on side 1."""
        ...

    def command(self, side: int) -> list[str]:
        """What a user types to move production to `side`."""
        ...

    def settled(self, side: int) -> bool:
        """Whether all that `command` started is over."""
        ...


def move(contestant: Contestant, side: int) -> tuple[float, float]:
    """Move production; when the command was started and when it returned, in seconds since the epoch."""
    command = ["kubectl", "-n", NAMESPACE, *contestant.command(side)]
    began = time.time()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    returned = time.time()
    until(f"{contestant.name} is settled", lambda: contestant.settled(side), PATIENCE_SECONDS)
    return began, returned


@dataclass
class Slipway:
    """`kubectl patch modelrelease`, spec.rollback."""

    stage: Stage
    name: str = "Slipway, spec.rollback"
    service: str = NAME

    def prepare(self) -> None:
        """See Contestant: the stage has both."""

    def command(self, side: int) -> list[str]:
        """See Contestant."""
        return _patch("modelrelease", NAME, {"spec": {"rollback": {"version": self.stage.versions[side]}}})

    def settled(self, side: int) -> bool:
        """See Contestant."""
        status = self.stage.release.status()
        live, rollback = status["live"], status.get("rollback") or {}
        done = rollback.get("to") == live["revision"] and "completedAt" in rollback
        return bool(done and live["version"] == self.stage.versions[side])


@dataclass
class Bare:
    """`kubectl patch service`, its selector: the floor, for nothing decides, records or restores anything."""

    stage: Stage
    name: str = "bare selector patch"
    service: str = "bare"

    def prepare(self) -> None:
        """See Contestant."""
        self.stage.cluster.create(_service(self.service, self._selector(1)))

    def _selector(self, side: int) -> dict[str, str]:
        return {RELEASE: NAME, REVISION: self.stage.revisions[side]}

    def command(self, side: int) -> list[str]:
        """See Contestant."""
        return _patch("service", self.service, {"spec": {"selector": self._selector(side)}})

    def settled(self, side: int) -> bool:
        """See Contestant."""
        return True


@dataclass
class Argo:
    """Argo Rollouts, blue-green with both sides at full scale: an undo is the earlier template, patched in."""

    stage: Stage
    name: str = "Argo Rollouts, blue-green"
    service: str = "argo"

    def prepare(self) -> None:
        """See Contestant."""
        subprocess.run([INSTALL], check=True)
        self.stage.after.callback(subprocess.run, [INSTALL, "remove"], check=True)
        for name in (self.service, f"{self.service}-preview"):
            self.stage.cluster.create(_service(name, {"app": self.service}))
        blue_green = {
            "activeService": self.service,
            "previewService": f"{self.service}-preview",
            "scaleDownDelaySeconds": 12 * 3600,
        }
        rollout = _workload(self.service, _template(self.stage, 0, self.service), "argoproj.io/v1alpha1", "Rollout")
        rollout["spec"]["strategy"] = {"blueGreen": blue_green}
        kubectl("apply", "-f", "-", manifest=rollout)
        until("the first side serves", lambda: self.settled(0), PATIENCE_SECONDS)
        move(self, 1)

    def command(self, side: int) -> list[str]:
        """See Contestant."""
        change = {"op": "replace", "path": "/spec/template", "value": _template(self.stage, side, self.service)}
        return ["patch", "rollout", self.service, "--type", "json", "--patch", json.dumps([change])]

    def settled(self, side: int) -> bool:
        """See Contestant: healthy with this side's template, which production selects."""
        rollout = json.loads(kubectl("-n", NAMESPACE, "get", "rollout", self.service, "-o", "json"))
        status, meta = rollout.get("status", {}), rollout["metadata"]
        seen = status.get("observedGeneration") == str(meta["generation"])
        return bool(
            seen and status.get("phase") == "Healthy" and status.get("stableRS") == status.get("currentPodHash")
        )


@dataclass
class Undo:
    """`kubectl rollout undo` of a Deployment."""

    stage: Stage
    name: str = "kubectl rollout undo"
    service: str = "undone"

    def prepare(self) -> None:
        """See Contestant."""
        self.stage.cluster.create(_service(self.service, {"app": self.service}))
        for side in SIDES:
            deployment = _workload(self.service, _template(self.stage, side, self.service), "apps/v1", "Deployment")
            deployment["spec"]["strategy"] = {"rollingUpdate": {"maxUnavailable": 0, "maxSurge": 1}}
            kubectl("apply", "-f", "-", manifest=deployment)
            until(f"side {side} serves", partial(self.settled, side), PATIENCE_SECONDS)

    def command(self, side: int) -> list[str]:
        """See Contestant: there are two templates, so undoing moves to the other one."""
        return ["rollout", "undo", f"deployment/{self.service}"]

    def settled(self, side: int) -> bool:
        """See Contestant: all pods are this side's, and the others are gone."""
        pods = self.stage.cluster.list("Pod", NAMESPACE, {"app": self.service})
        ready = [
            any(c["type"] == "Ready" and c["status"] == "True" for c in p["status"].get("conditions", [])) for p in pods
        ]
        sides = {_side_of(pod) for pod in pods}
        return len(pods) == REPLICAS and all(ready) and sides == {self.stage.revisions[side]}


def _side_of(pod: Object) -> str:
    env = pod["spec"]["containers"][0]["env"]
    return str(next(entry["value"] for entry in env if entry["name"] == "SLIPWAY_REVISION"))


def _template(stage: Stage, side: int, app: str) -> Object:
    """The pods of one side under a label of the contestant's own, so that nobody else counts them."""
    spec = {key: value for key, value in stage.templates[side]["spec"].items() if key != "topologySpreadConstraints"}
    return {"metadata": {"labels": {"app": app}}, "spec": spec}


def _workload(name: str, template: Object, api: str, kind: str) -> Object:
    spec = {"replicas": REPLICAS, "selector": {"matchLabels": {"app": name}}, "template": template}
    return {"apiVersion": api, "kind": kind, "metadata": {"name": name, "namespace": NAMESPACE}, "spec": spec}


def _service(name: str, selector: Mapping[str, str]) -> Object:
    ports = [{"name": "http", "port": 80, "targetPort": "http"}]
    metadata = {"name": name, "namespace": NAMESPACE}
    return {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": {"selector": selector, "ports": ports}}


def _patch(kind: str, name: str, change: Mapping[str, object]) -> list[str]:
    return ["patch", kind, name, "--type", "merge", "--patch", json.dumps(change)]
