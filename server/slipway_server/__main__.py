"""The command `slipway-server`."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from slipway_contract.paths import PORT
from slipway_server import __version__
from slipway_server.serving.cpus import cpus, limit_pools
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
    problem = _contradiction(arguments)
    if problem:
        sys.stderr.write(f"slipway-server: {problem}\n")
        return 2
    return _serve(arguments, settings)


def _contradiction(arguments: argparse.Namespace) -> str:
    if arguments.workers < 1:
        return f"--workers is {arguments.workers}; give at least 1"
    if arguments.follow and (arguments.workers > 1 or "@" not in arguments.model):
        return "--follow needs --model models:/NAME@ALIAS and one worker"
    return ""


def _fetch(arguments: argparse.Namespace, settings: Settings) -> int:
    from slipway_server.fetch.command import Order, fetch

    order = Order(
        model=arguments.model,
        out=arguments.out,
        expect_digest=arguments.expect_digest,
        pin_file=arguments.pin_file,
        report=arguments.report,
        libraries=arguments.libraries,
    )
    return fetch(order, settings)


def _serve(arguments: argparse.Namespace, settings: Settings) -> int:
    limit_pools(os.environ, cpus())
    prepared = Path(arguments.model)
    if (prepared / ".slipway" / "bundle.json").is_file():
        return _serve_prepared(arguments, settings, prepared)
    with tempfile.TemporaryDirectory(prefix="slipway-") as folder:
        # In a process of its own: the serving process never imports what fetching needs.
        command = [sys.executable, "-m", "slipway_server", "fetch", "--model", arguments.model, "--out", folder]
        code = subprocess.run([*command, "--report", settings.termination_log], check=False).returncode
        return code or _serve_prepared(arguments, settings, Path(folder))


def _serve_prepared(arguments: argparse.Namespace, settings: Settings, directory: Path) -> int:
    from slipway_server.serve import Order, serve

    uri = arguments.model if arguments.follow else ""
    return serve(Order(directory, arguments.port, arguments.workers, uri), settings)


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
    fetch.add_argument(
        "--libraries",
        action="store_true",
        help="where the model can't be compiled, put the libraries that it needs beside it, for the small image",
    )
    serve = commands.add_parser("serve", help="answer requests")
    serve.add_argument("--model", required=True, help="a fetched directory, or anything that `fetch` takes")
    serve.add_argument("--port", type=int, default=PORT)
    serve.add_argument("--workers", type=int, default=1, help="processes on this port; 1 per container is the rule")
    serve.add_argument("--follow", action="store_true", help="when the alias moves, serve what it means then")
    return parser


if __name__ == "__main__":
    sys.exit(main())
