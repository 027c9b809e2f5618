"""`slipway explain`: every step of the operator's plan, with what it says about a release now."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import Any

import click
from rich.table import Table

from slipway.audit.export import PORT
from slipway.cli import options
from slipway.cli.kubectl import forwarded, operator_pod
from slipway.cli.session import Failure, ReleaseKey
from slipway.cli.view import CONSOLE, plain_table

TIMEOUT_SECONDS = 30.0


@click.command()
@options.key
@options.operator_namespace
def command(key: ReleaseKey, operator_namespace: str) -> None:
    """Show every step of the plan, and what it says about the release now. The operator is asked; nothing changes."""
    with forwarded(operator_namespace, operator_pod(operator_namespace), PORT) as url:
        CONSOLE.print(table(asked(f"{url}/explain/{key.namespace}/{key.name}")))


def asked(url: str) -> list[dict[str, Any]]:
    """The operator's answer. Raises Failure."""
    try:
        with urllib.request.urlopen(url, timeout=TIMEOUT_SECONDS) as response:
            found: list[dict[str, Any]] = json.load(response)
            return found
    except urllib.error.HTTPError as error:
        raise Failure(error.read().decode(errors="replace")[:500]) from None
    except (OSError, ValueError) as error:
        raise Failure(f"the operator does not answer: {error}; is its version older than this command's?") from None


def table(words: list[dict[str, Any]]) -> Table:
    """One line for each step; the arrow marks the one that decides this pass."""
    rows = plain_table("", "STEP", "SAYS")
    for word in words:
        silent = f"[dim]{word['what']}[/]"
        says = "[yellow]stopped by the stall[/]" if word["stopped"] else (word["says"] or silent)
        rows.add_row("→" if word["decides"] else "", word["step"], says)
    return rows
