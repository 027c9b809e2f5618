"""`slipway`, also installed as `kubectl slipway`. Each command is a file of its own, imported when it is called."""

from __future__ import annotations

import importlib

import click

COMMANDS = {
    "audit": ("audit.command", "Read the audit log and verify that it is complete and unmodified."),
    "deploy": (
        "release.deploy",
        "Release a model version: move the candidate alias to it and wait for the result.",
    ),
    "explain": ("release.explain", "Show every step of the operator's plan, and what it says about a release now."),
    "get": ("release.get", "List releases."),
    "lint": ("lint.command", "Check a governance policy, and the tags of a model version against it."),
    "report": (
        "report.command",
        "Write lineage, metrics, audit log and model card as files, with an HTML page that shows them.",
    ),
    "resume": ("release.resume", "Resume a paused canary step."),
    "rollback": ("release.rollback", "Roll production back to a revision that served before."),
    "status": ("release.status", "Show the state of a release: what serves, what is in progress, what was decided."),
    "timeline": ("release.timeline", "Show how long each phase of each revision took."),
    "wait": ("release.wait", "Wait for the release in progress to finish."),
}
"""Each command: its module below `slipway.cli`, which has it as `command`, and what it does."""


class Commands(click.Group):
    """A group that imports a command only when it is called: `--help` answers at once."""

    def list_commands(self, _: click.Context) -> list[str]:
        """Names of all commands."""
        return list(COMMANDS)

    def get_command(self, _: click.Context, cmd_name: str) -> click.Command | None:
        """The command called `cmd_name`; None where there is none."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(f"slipway.cli.{COMMANDS[cmd_name][0]}").command
        return command

    def format_commands(self, _: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands without importing any."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, what) for name, (_, what) in COMMANDS.items()])


@click.command(cls=Commands)
@click.version_option(package_name="slipway", prog_name="slipway")
def main() -> None:
    """Release machine-learning models on Kubernetes, watch them, and roll them back.

    Exit codes: 0 done or promoted, 1 the model was not promoted, 2 error or timeout.
    """
