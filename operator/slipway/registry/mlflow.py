"""MLflow behind the Registry protocol: its own client, in threads, with hard timeouts."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import tempfile
import warnings
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TypeVar

from mlflow import MlflowClient
from mlflow.exceptions import MlflowException, RestException
from mlflow.store.artifact.artifact_repo import ArtifactRepository
from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

from slipway.plan.situation.observed import Version
from slipway.registry.figures import logged
from slipway.registry.model_file import unlisted_types
from slipway.registry.origin import origin
from slipway.registry.protocol import GONE, Promotion, RegistryError, RegistryRefusal

LOG = logging.getLogger(__name__)

T = TypeVar("T")

PAGE = 100
MAX_TEXT = 2**20
READY = "READY"
_THREADS = 4
_RETRIED = frozenset({408, 425, 429})
"""Statuses below 500 that pass by themselves."""


class MlflowRegistry:
    """One MLflow server. Its answers are untrusted input: what is not as it should be is an error, not a guess."""

    def __init__(self, url: str, timeout_seconds: float) -> None:
        self._url = url
        self._client = MlflowClient(tracking_uri=url, registry_uri=url)
        self._timeout = timeout_seconds
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="mlflow")
        self._download = ThreadPoolExecutor(1, thread_name_prefix="mlflow-file")
        self._types: dict[str, tuple[str, ...] | None] = {}

    async def aliases(self) -> Mapping[str, Mapping[str, str]]:
        """See Registry."""
        return await self._run(self._aliases)

    async def version(self, model: str, version: str, metrics: frozenset[str]) -> Version:
        """See Registry."""
        described, place = await self._run(lambda: self._version(model, version, metrics))
        return replace(described, unlisted_types=await self._unlisted(model, described, place))

    async def announce(self, promotion: Promotion) -> None:
        """See Registry."""
        await self._run(lambda: self._announce(promotion))

    async def tag(self, model: str, version: str, tag: tuple[str, str]) -> None:
        """See Registry."""
        await self._run(lambda: self._tag(model, version, tag))

    async def _run(self, call: Callable[[], T], threads: ThreadPoolExecutor | None = None) -> T:
        """`call` in a thread, given up after the timeout: the thread ends with its own HTTP timeout."""
        loop = asyncio.get_running_loop()
        try:
            return await asyncio.wait_for(loop.run_in_executor(threads or self._threads, call), self._timeout)
        except TimeoutError as error:
            raise RegistryError(f"MLflow did not answer within {self._timeout:g} s") from error
        except (MlflowException, OSError, ValueError, KeyError) as error:
            raise _told(error)(_short(error)) from error

    async def _unlisted(self, model: str, described: Version, place: str) -> tuple[str, ...] | None:
        """See Version.unlisted_types. Asked once per logged model, one download at a time; slowness is no error."""
        key = described.model_id or f"{model}/{described.version}"
        if key not in self._types and described.mlmodel is not None:
            self._types[key] = None
            with contextlib.suppress(RegistryError):
                self._types[key] = await self._run(partial(self._read_types, described, place), self._download)
        return self._types.get(key)

    def _read_types(self, described: Version, place: str) -> tuple[str, ...] | None:
        return unlisted_types(self._repository(place), described.mlmodel or "")

    def _aliases(self) -> dict[str, dict[str, str]]:
        found: dict[str, dict[str, str]] = {}
        token: str | None = None
        while True:
            page = self._client.search_registered_models(max_results=PAGE, page_token=token)
            for model in page:
                found[model.name] = {str(k): str(v) for k, v in (model.aliases or {}).items()}
            token = page.token
            if not token:
                return found

    def _version(self, model: str, version: str, metrics: frozenset[str]) -> tuple[Version, str]:
        """The version, and where its artifacts lie."""
        found = self._client.get_model_version(model, version)
        behind = origin(self._client, found)
        place = (
            behind.model.artifact_location
            if behind.model
            else self._client.get_model_version_download_uri(model, version)
        )
        mlmodel, requirements = self._files(place)
        described = Version(
            version=str(found.version),
            model_id=behind.model_id,
            run_id=found.run_id or None,
            ready=found.status == READY,
            stage=found.current_stage,
            tags={str(k): str(v) for k, v in (found.tags or {}).items()},
            metrics=logged(self._client, behind, found.run_id, metrics),
            mlmodel=mlmodel,
            requirements=requirements,
        )
        return described, place

    def _files(self, place: str) -> tuple[str | None, str | None]:
        """The two small files that say what the model is; None for what cannot be read from here."""
        repository = self._repository(place)
        with tempfile.TemporaryDirectory(prefix="slipway-") as directory:
            mlmodel = _downloaded(repository, "MLmodel", Path(directory))
            return mlmodel, _downloaded(repository, "requirements.txt", Path(directory)) if mlmodel else None

    def _repository(self, place: str) -> ArtifactRepository:
        """The store of a version's artifacts."""
        return get_artifact_repository(place, tracking_uri=self._url, registry_uri=self._url)

    def _tag(self, model: str, version: str, tag: tuple[str, str]) -> None:
        try:
            self._client.set_model_version_tag(model, version, *tag)
        except MlflowException as error:
            if error.error_code != GONE:
                raise
            LOG.info("version %s of %s no longer exists and was not tagged with %s", version, model, tag[0])

    def _announce(self, promotion: Promotion) -> None:
        """The alias comes last: seeing it there means that everything before it was done too."""
        if promotion.sync_stages:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", FutureWarning)  # stages are deprecated, and asked for by the release
                self._client.transition_model_version_stage(
                    promotion.model, promotion.version, "Production", archive_existing_versions=True
                )
        self._client.set_registered_model_alias(promotion.model, promotion.alias, promotion.version)


def _told(error: Exception) -> type[RegistryError]:
    """A refusal where MLflow itself answered so. A proxy's 404 and a server's 5xx are outages: they pass."""
    status = error.get_http_status_code() if isinstance(error, RestException) else 500
    return RegistryRefusal if status < 500 and status not in _RETRIED else RegistryError


def _downloaded(repository: ArtifactRepository, name: str, directory: Path) -> str | None:
    """Text of one file. A store that cannot be reached from here, or a file that is not there, is None: not known."""
    try:
        repository.download_artifacts(name, str(directory))
        return (directory / name).read_text(errors="replace")[:MAX_TEXT]
    except (MlflowException, OSError, ImportError) as error:
        LOG.info("%s could not be read: %s", name, _short(error))
        return None


def _short(error: Exception) -> str:
    return str(error).strip().splitlines()[0][:300] if str(error).strip() else type(error).__name__
