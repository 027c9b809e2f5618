"""The tags of a model version in MLflow, for `slipway lint --model`."""

from __future__ import annotations

import os
import re

from slipway.words.text import plain
from slipway_contract import registry_client

_URI = re.compile(r"models:/(?P<name>[^/@]+)(?:/(?P<version>[1-9][0-9]*)|@(?P<alias>[\w\-]+))")


class TagsUnreadable(Exception):
    """The tags could not be read. Its text is a sentence."""


def tags_of(uri: str, tracking_uri: str | None) -> dict[str, str]:
    """The tags of the version at `uri`, models:/NAME/VERSION or models:/NAME@ALIAS. Raises TagsUnreadable."""
    found = _URI.fullmatch(uri)
    if found is None:
        raise TagsUnreadable(f"{uri} is no model version; write models:/NAME/VERSION or models:/NAME@ALIAS")
    if not tracking_uri:
        raise TagsUnreadable("no MLflow server is named; set MLFLOW_TRACKING_URI or pass --tracking-uri")
    registry_client.configure(os.environ, retries=2)
    try:
        from mlflow import MlflowClient
        from mlflow.exceptions import MlflowException
    except ImportError as error:
        raise TagsUnreadable(f"--model needs MLflow's client ({error}); pip install 'slipway[operator]'") from error
    try:
        client = MlflowClient(tracking_uri=tracking_uri, registry_uri=tracking_uri)
        if found["alias"]:
            version = client.get_model_version_by_alias(found["name"], found["alias"])
        else:
            version = client.get_model_version(found["name"], found["version"])
    except (MlflowException, ImportError) as error:
        raise TagsUnreadable(f"{uri} cannot be read from {tracking_uri}: {plain(str(error), 300)}") from error
    return {str(name): str(value) for name, value in version.tags.items()}
