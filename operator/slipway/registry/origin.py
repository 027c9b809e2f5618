"""Which logged model a registered version is, whatever became of the names on its way."""

from __future__ import annotations

import re
from dataclasses import dataclass

from mlflow import MlflowClient
from mlflow.entities import LoggedModel
from mlflow.entities.model_registry import ModelVersion
from mlflow.exceptions import MlflowException

from slipway.registry.protocol import GONE

_ID = "m-[0-9a-f]{32}"
_SOURCE = re.compile(rf"models:/({_ID})")
_PLACE = re.compile(rf"/models/({_ID})/artifacts(?=/|$)")
_OF_A_RUN = re.compile(r"runs:/[^/]+/(.+)")
_PAGE = 100


@dataclass(frozen=True, slots=True)
class Origin:
    """A version's logged model. Without an id and a problem it has none: a model from before MLflow 3."""

    model_id: str | None = None
    model: LoggedModel | None = None
    """None: there is none, or it could not be read."""
    problem: str | None = None
    """Why its figures are not known, as the rest of a sentence that begins with a metric's name."""


def origin(client: MlflowClient, version: ModelVersion) -> Origin:
    """The logged model behind `version`. Raises MlflowException where the registry does not answer.

    MLflow keeps the id in the source of a version that was registered. The source of a copy names the version that was
    copied, and names move: that one may be renamed or deleted, and its name taken by another model. Where its artifacts
    lie was settled when the copy was made, however many copies lie between; the logged model has to agree.
    """
    source = _SOURCE.fullmatch(version.source or "")
    if version.model_id or source:
        return _read(client, version.model_id or (source[1] if source else ""), None)
    place = str(client.get_model_version_download_uri(version.name, version.version))
    found = _PLACE.search(place)
    return _read(client, found[1], place) if found else _of_a_run(client, version)


def _read(client: MlflowClient, model_id: str, place: str | None) -> Origin:
    try:
        model = client.get_logged_model(model_id)
    except MlflowException as error:
        if error.error_code != GONE:
            raise
        return Origin(model_id, problem=f"is not known: its logged model {model_id} was deleted")
    if place is not None and model.artifact_location != place:
        says = (
            f"is not known: its artifacts lie at {place}, and those of {model_id} do not; register models:/{model_id}"
        )
        return Origin(problem=says)
    return Origin(model_id, model)


def _of_a_run(client: MlflowClient, version: ModelVersion) -> Origin:
    """By the name that the model was logged under, where the source is runs:/RUN/NAME."""
    models = _models_of(client, version.run_id)
    if not models:
        return Origin()
    name = _OF_A_RUN.fullmatch(version.source or "")
    named = [model for model in models if name and model.name == name[1]]
    if len(named) == 1:
        return Origin(named[0].model_id, named[0])
    says = f"is not known: run {version.run_id} logged models, and its source {version.source} is none of them for sure"
    return Origin(problem=f"{says}; register models:/m-…")


def _models_of(client: MlflowClient, run_id: str | None) -> list[LoggedModel]:
    """The models that the run logged; none where it is gone."""
    if not run_id:
        return []
    try:
        experiment = client.get_run(run_id).info.experiment_id
    except MlflowException as error:
        if error.error_code != GONE:
            raise
        return []
    return models_of(client, experiment, run_id)


def models_of(client: MlflowClient, experiment: str, run_id: str) -> list[LoggedModel]:
    """The models that run `run_id` of `experiment` logged. Raises MlflowException."""
    found: list[LoggedModel] = []
    token: str | None = None
    while True:
        of_it = f"source_run_id = '{run_id}'"
        page = client.search_logged_models([experiment], of_it, max_results=_PAGE, page_token=token)
        found += page
        token = page.token
        if not token:
            return found
