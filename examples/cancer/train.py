"""Train the demonstration's model versions and register them in MLflow.

    python examples/cancer/train.py                    the six versions; those that are there already are left alone
    python examples/cancer/train.py --only v1 good     some of them
    python examples/cancer/train.py --register good    one more version of a kind, whatever is there

Standard output gets one line of JSON, kind to version; progress goes to standard error.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from typing import TYPE_CHECKING

from cancer_models.kinds import DEMONSTRATION, Kind

if TYPE_CHECKING:
    from cancer_models.publish import Target

NAME = "w7d1_cancer_classifier"
EXPERIMENT = "w7d1-cancer-classifier"

_MLFLOW_SETTINGS = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_LOGGING_LEVEL": "WARNING",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    # A server that does not answer is reported in seconds; MLflow's own default is minutes.
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "3",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "30",
}


def kind_of(text: str) -> Kind:
    """The kind that `text` names, such as good or, by its number in an empty registry, v2.

    Raises ValueError for any other text.
    """
    numbered = {f"v{number}": kind for number, kind in enumerate(DEMONSTRATION, start=1)}
    return numbered.get(text) or Kind(text)


def arguments(argv: list[str]) -> argparse.Namespace:
    """What the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    kinds = ", ".join(f"v{number} = {kind}" for number, kind in enumerate(DEMONSTRATION, start=1)) + f"; {Kind.DRILL}"
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--only", nargs="+", type=kind_of, metavar="KIND", default=list(DEMONSTRATION), help=kinds)
    which.add_argument("--register", type=kind_of, metavar="KIND", help="register one more version of this kind")
    parser.add_argument("--name", default=NAME, help="registered model (default: %(default)s)")
    parser.add_argument("--git-sha", help="commit to put down (default: the one checked out here)")
    parser.add_argument(
        "--tracking-uri", default=os.environ.get("MLFLOW_TRACKING_URI"), help="default: $MLFLOW_TRACKING_URI"
    )
    return parser.parse_args(argv)


def register(kinds: list[Kind], target: Target, fresh: bool) -> dict[str, str]:
    """Kind to version number: found in the registry unless `fresh`, else trained now."""
    from cancer_models import data, publish

    split = data.load()
    result: dict[str, str] = {}
    for kind in kinds:
        started = time.monotonic()
        found = None if fresh else publish.existing(target.name, kind, split.version)
        if found is not None:
            result[kind] = found
            say(f"{kind:<9}v{found}  is there already")
            continue
        result[kind], figures = publish.publish(kind, split, target)
        say(f"{kind:<9}v{result[kind]}  auc {figures['auc']:.4f}  {time.monotonic() - started:.1f} s")
    return result


def say(line: str) -> None:
    """Progress, for a person."""
    print(line, file=sys.stderr, flush=True)


def main(argv: list[str]) -> None:
    """Run the command; exits with a sentence when it cannot."""
    asked = arguments(argv)
    if not asked.tracking_uri:
        raise SystemExit("train: no MLflow server: set MLFLOW_TRACKING_URI or pass --tracking-uri")
    for name, value in _MLFLOW_SETTINGS.items():
        os.environ.setdefault(name, value)
    # Imported here, because MLflow reads those settings while it is imported, and --help needs none of it.
    import mlflow
    from cancer_models import publish, tags

    git_sha = asked.git_sha or tags.git_commit()
    if not git_sha:
        raise SystemExit("train: no git commit here: pass --git-sha")
    mlflow.set_tracking_uri(asked.tracking_uri)
    kinds = [asked.register] if asked.register else list(asked.only)
    try:
        mlflow.set_experiment(EXPERIMENT)
        result = register(kinds, publish.Target(asked.name, git_sha), fresh=bool(asked.register))
    except mlflow.exceptions.MlflowException as error:
        raise SystemExit(f"train: MLflow at {asked.tracking_uri}: {error}") from error
    print(json.dumps(result))


if __name__ == "__main__":
    main(sys.argv[1:])
