"""Arguments and options that several commands take. Those that belong together arrive as one value."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import click

from slipway.api.base import seconds
from slipway.cli.session import ReleaseKey, current_namespace

Command = Callable[..., Any]


class Span(click.ParamType[float]):
    """A span of time such as 90s or 10m; its value is in seconds."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Seconds."""
        try:
            return value if isinstance(value, float) else seconds(str(value))
        except ValueError as error:
            self.fail(str(error), param, ctx)


@dataclass(frozen=True)
class Mlflow:
    """Where to find MLflow: a URL, or the operator that is configured with one."""

    tracking_uri: str | None
    operator_namespace: str


namespace = click.option(
    "-n",
    "--namespace",
    default=current_namespace,
    show_default="of the current context",
    help="Namespace of the release.",
)
timeout = click.option(
    "--timeout",
    type=Span(),
    show_default="from the release's own deadlines",
    help="Timeout, such as 10m. The release itself continues.",
)
operator_namespace = click.option(
    "--operator-namespace", default="slipway-system", show_default=True, help="Namespace of the operator."
)


def key(command: Command) -> Command:
    """RELEASE and --namespace, as `key`."""

    @click.argument("release")
    @namespace
    @functools.wraps(command)
    def with_key(*args: Any, release: str, namespace: str, **others: Any) -> Any:
        return command(*args, key=ReleaseKey(namespace, release), **others)

    return with_key


def mlflow(command: Command) -> Command:
    """--tracking-uri and --operator-namespace, as `mlflow`."""

    @click.option(
        "--tracking-uri",
        envvar="MLFLOW_TRACKING_URI",
        help="MLflow server. Defaults to the operator's, through a forwarded port if it is inside the cluster.",
    )
    @operator_namespace
    @functools.wraps(command)
    def with_mlflow(*args: Any, tracking_uri: str | None, operator_namespace: str, **others: Any) -> Any:
        return command(*args, mlflow=Mlflow(tracking_uri, operator_namespace), **others)

    return with_mlflow
