"""`slipway`, also installed as `kubectl slipway`. Each command is a file of its own, imported when it is called."""

from __future__ import annotations

import importlib

import click

COMMANDS = {
    "audit": ("audit.command", "Read the audit log, and prove that nothing was taken out of it or changed."),
    "deploy": (
        "release.deploy",
        "Release a model version: move the candidate alias to it, and follow the release to its end.",
    ),
    "explain": ("release.explain", "Show every step of the operator's plan, and what it says about a release now."),
    "get": ("release.get", "List releases."),
    "lint": ("lint.command", "Check a governance policy, and a model version's tags against it."),
    "report": ("report.command", "Write lineage, figures, audit log, model card and a page that shows them."),
    "resume": ("release.resume", "Lift the pause of a canary step."),
    "rollback": ("release.rollback", "Take production back to a revision that served before."),
    "status": ("release.status", "Say where a release stands: what serves, what is on its way, what was decided."),
    "timeline": ("release.timeline", "Show how long each phase of each revision took."),
    "wait": ("release.wait", "Follow the release that is on its way to its end."),
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
    """Release machine-learning models on Kubernetes, watch them, and take them back.

    Exit codes: 0 done or promoted, 1 the model was not promoted, 2 error or timeout.
    """
