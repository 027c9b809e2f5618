"""The command `slipway-server`."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from slipway_server import __version__
from slipway_server.settings import Settings, SettingsError, from_environment


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; return the exit code."""
    arguments = _parser().parse_args(_with_command(list(sys.argv[1:] if argv is None else argv)))
    try:
        settings = from_environment(os.environ)
    except SettingsError as error:
        sys.stderr.write(f"slipway-server: {error}\n")
        return 2
    if arguments.command == "fetch":
        return _fetch(arguments, settings)
    return _serve(arguments, settings)


def _fetch(arguments: argparse.Namespace, settings: Settings) -> int:
    from slipway_server.fetch.command import Order, fetch

    order = Order(
        model=arguments.model,
        out=arguments.out,
        expect_digest=arguments.expect_digest,
        pin_file=arguments.pin_file,
        report=arguments.report,
    )
    return fetch(order, settings)


def _serve(arguments: argparse.Namespace, settings: Settings) -> int:
    from slipway_server.serve import serve

    prepared = Path(arguments.model)
    if (prepared / ".slipway" / "bundle.json").is_file():
        return serve(prepared, arguments.port, settings)
    return _fetch_and_serve(arguments, settings)


def _fetch_and_serve(arguments: argparse.Namespace, settings: Settings) -> int:
    """Fetch in a process of its own: the serving process never imports what fetching needs."""
    import subprocess

    from slipway_server.serve import serve

    with tempfile.TemporaryDirectory(prefix="slipway-") as folder:
        command = [sys.executable, "-m", "slipway_server", "fetch", "--model", arguments.model, "--out", folder]
        code = subprocess.run([*command, "--report", settings.termination_log], check=False).returncode
        return code or serve(Path(folder), arguments.port, settings)


def _with_command(argv: list[str]) -> list[str]:
    return ["serve", *argv] if argv and argv[0].startswith("--model") else argv


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="slipway-server", description="Serve a model from an MLflow registry.")
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(dest="command", required=True)
    fetch = commands.add_parser("fetch", help="download a model, verify its digest, prepare it for serving")
    fetch.add_argument("--model", required=True, help="models:/NAME/VERSION, models:/NAME@ALIAS or a directory")
    fetch.add_argument("--out", required=True, type=Path, help="directory to fill; what it holds is removed first")
    fetch.add_argument("--expect-digest", help="sha256:… that the artifacts must have")
    fetch.add_argument("--pin-file", help="file with the digest that the artifacts must have; may be missing or empty")
    fetch.add_argument("--report", default="", help="file for the report, for instance /dev/termination-log")
    serve = commands.add_parser("serve", help="answer requests")
    serve.add_argument("--model", required=True, help="a fetched directory, or anything that `fetch` takes")
    serve.add_argument("--port", type=int, default=8080)
    return parser


if __name__ == "__main__":
    sys.exit(main())
