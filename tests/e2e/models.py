"""MLflow in the cluster, and the model versions that the tests release."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

from slipway.cli.registry import reachable

MODEL = "slipway_e2e"
NAMESPACE, DEPLOYMENT = "mlflow", "mlflow"
ROOT = Path(__file__).parents[2]
TRAIN = ROOT / "examples" / "cancer" / "train.py"
AGAIN = "good again"
"""One more version as good as `good`: something to promote after `good` was taken back."""
_API = "/api/2.0/mlflow"
_RECIPE_TAG = "slipway.demo.recipe"
_TIMEOUT_SECONDS = 20.0


@dataclass(frozen=True)
class Models:
    """The registered model; every call has a port-forward of its own, for MLflow's pod comes and goes."""

    url: str
    """Of the MLflow server that the operator is configured with."""
    name: str = MODEL

    @classmethod
    def of(cls, config: Mapping[str, Any]) -> Models:
        """In the registry that an operator with `config` is configured with."""
        return cls(config["registries"]["default"]["url"])

    def move(self, alias: str, version: str) -> None:
        """Point `alias` at `version`."""
        self._call("POST", "registered-models/alias", {"name": self.name, "alias": alias, "version": version})

    def aliases(self) -> Mapping[str, str]:
        """Every alias and the version that it points at."""
        model = self._call("GET", "registered-models/get", {"name": self.name})["registered_model"]
        return {entry["alias"]: entry["version"] for entry in model.get("aliases", [])}

    def tags(self, version: str) -> Mapping[str, str]:
        """The tags of a version."""
        found = self._call("GET", "model-versions/get", {"name": self.name, "version": version})["model_version"]
        return {tag["key"]: tag["value"] for tag in found.get("tags", [])}

    def drop(self, alias: str) -> None:
        """Let `alias` point at nothing."""
        if alias in self.aliases():
            self._call("DELETE", "registered-models/alias", {"name": self.name, "alias": alias})

    def stage(self, version: str) -> str:
        """The older lifecycle stage of `version`."""
        found = self._call("GET", "model-versions/get", {"name": self.name, "version": version})
        return str(found["model_version"]["current_stage"])

    def tag(self, version: str, key: str, value: str) -> None:
        """Set a tag of `version`."""
        fields = {"name": self.name, "version": version, "key": key, "value": value}
        self._call("POST", "model-versions/set-tag", fields)

    def train(self) -> Mapping[str, str]:
        """Kind to version. Trains what the registry does not have yet."""
        versions = dict(self._train())
        return {**versions, AGAIN: self._another(versions["good"]) or self._train("--register", "good")["good"]}

    def train_one(self, kind: str) -> str:
        """The version of one kind, trained where the registry does not have it yet."""
        return self._train("--only", kind)[kind]

    def _train(self, *arguments: str) -> Mapping[str, str]:
        with reachable(self.url) as url:
            command = [sys.executable, str(TRAIN), "--name", self.name, "--tracking-uri", url, *arguments]
            done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
        assert done.returncode == 0, f"train.py: {done.stderr[-2000:]}"
        versions: Mapping[str, str] = json.loads(done.stdout)
        return versions

    def _another(self, version: str) -> str | None:
        """Another version that the same code and data made; None where there is only `version`."""
        asked = {"filter": f"name = '{self.name}'", "max_results": 200}
        found = self._call("GET", "model-versions/search", asked).get("model_versions", [])
        tags = {str(v["version"]): {t["key"]: t["value"] for t in v.get("tags", [])} for v in found}
        made = tags[version][_RECIPE_TAG]
        return next((n for n, tag in tags.items() if n != version and tag.get(_RECIPE_TAG) == made), None)

    def _call(self, method: str, what: str, fields: Mapping[str, Any]) -> Any:
        query, body = (f"?{urlencode(fields)}", None) if method == "GET" else ("", json.dumps(fields).encode())
        with reachable(self.url) as url:
            request = Request(f"{url}{_API}/{what}{query}", body, {"Content-Type": "application/json"}, method=method)
            try:
                with urlopen(request, timeout=_TIMEOUT_SECONDS) as answer:
                    return json.load(answer)
            except HTTPError as error:
                with error:
                    raise AssertionError(f"MLflow: {method} {what}: {error.read().decode()}") from None


def example() -> dict[str, Any]:
    """The body of a prediction request: one row of the data that the models were trained on."""
    from sklearn.datasets import load_breast_cancer

    frame = load_breast_cancer(as_frame=True).data.head(1)
    return {"dataframe_split": {"columns": list(frame.columns), "data": frame.to_numpy().tolist()}}
