"""The operator's process in a lane of harness.py: `python -m slipway`, told where and by which way."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import yaml
from kubernetes.aio.config import kube_config

from slipway import __main__ as program
from slipway.audit import export
from slipway.process import health
from slipway.settings import DEFAULT_PATH, Settings


def operator(namespace: str, port: int) -> None:
    """Operate one namespace through the proxy at `port`, until killed."""
    here = f"http://127.0.0.1:{port}"
    place = _kubeconfig(here, port)
    os.environ.update({"KUBECONFIG": place, "http_proxy": here, "no_proxy": "127.0.0.1"})
    kube_config.KUBE_CONFIG_DEFAULT_LOCATION = place  # it looked at the variable when it was imported
    health.HEALTH_PORT = health.METRICS_PORT = export.PORT = 0  # any port that is free
    settings = Settings.model_validate(_config(namespace, port))
    Settings.load = classmethod(lambda *_: settings)  # type: ignore[method-assign, assignment]
    program.main()


def _config(namespace: str, port: int) -> dict[str, Any]:
    """The operator's own, without what there can only be one of in a cluster."""
    config: dict[str, Any] = yaml.safe_load(DEFAULT_PATH.read_text())
    config["watchNamespaces"] = [namespace]
    config.pop("webhook", None)
    config["registries"] = {"default": config["registries"]["default"]}
    if "audit" in config:
        config["audit"] = {"url": f"sqlite:////tmp/audit-{port}.db"}
    return config


def _kubeconfig(server: str, port: int) -> str:
    place = Path(f"/tmp/kubeconfig-{port}")
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "lane",
        "clusters": [{"name": "lane", "cluster": {"server": server}}],
        "contexts": [{"name": "lane", "context": {"cluster": "lane", "user": "lane"}}],
        "users": [{"name": "lane", "user": {}}],
    }
    place.write_text(yaml.safe_dump(config))
    return str(place)
