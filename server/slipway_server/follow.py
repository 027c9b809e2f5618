"""Following an alias without the operator: when it moves, the new model is loaded beside the old and takes over."""

from __future__ import annotations

import asyncio
import base64
import logging
import os
import shutil
import sys
import tempfile
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from pathlib import Path

import msgspec

_logger = logging.getLogger("slipway.follow")


class _Version(msgspec.Struct):
    version: str


class _Answer(msgspec.Struct):
    model_version: _Version


def alias_of(uri: str) -> tuple[str, str] | None:
    """(name, alias) of `models:/name@alias`; None for anything else."""
    name, found, alias = uri.removeprefix("models:/").partition("@")
    return (name, alias) if uri.startswith("models:/") and found else None


def version_now(name: str, alias: str, environ: Mapping[str, str]) -> str:
    """Ask the registry which version the alias means. Raises OSError, `msgspec.DecodeError`."""
    query = urllib.parse.urlencode({"name": name, "alias": alias})
    url = f"{environ['MLFLOW_TRACKING_URI'].rstrip('/')}/api/2.0/mlflow/registered-models/alias?{query}"
    if not url.startswith(("http://", "https://")):
        raise OSError(f"{url} is no address of a registry that can be followed; use http or https")
    request = urllib.request.Request(url, headers=_authorization(environ))
    with urllib.request.urlopen(request, timeout=10) as answer:
        return msgspec.json.decode(answer.read(), type=_Answer).model_version.version


def _authorization(environ: Mapping[str, str]) -> dict[str, str]:
    if token := environ.get("MLFLOW_TRACKING_TOKEN"):
        return {"Authorization": f"Bearer {token}"}
    if user := environ.get("MLFLOW_TRACKING_USERNAME"):
        pair = f"{user}:{environ.get('MLFLOW_TRACKING_PASSWORD', '')}"
        return {"Authorization": "Basic " + base64.b64encode(pair.encode()).decode()}
    return {}


async def moved(uri: str, serving: str) -> str | None:
    """The version that the alias means now, when that isn't the one serving. An outage means: stay."""
    found = alias_of(uri)
    if found is None:
        return None
    try:
        version = await asyncio.to_thread(version_now, *found, os.environ)
    except (OSError, msgspec.DecodeError, KeyError) as error:
        _logger.warning("the registry can't be asked for %s: %s; serving version %s on", uri, error, serving)
        return None
    return version if version != serving else None


async def fetched(uri: str, version: str) -> Path | None:
    """Fetch a version into a directory of its own, in a process of its own; None when that fails (it says why)."""
    folder = Path(tempfile.mkdtemp(prefix="slipway-"))
    model = f"{uri.partition('@')[0]}/{version}"
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "slipway_server", "fetch", "--model", model, "--out", str(folder)
    )
    if await process.wait() == 0:
        return folder
    shutil.rmtree(folder, ignore_errors=True)
    return None
