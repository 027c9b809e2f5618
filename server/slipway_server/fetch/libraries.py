"""Libraries for the native path, copied beside the model, so that the image that serves need not hold them.

A Deployment's template names one serving image and never changes, but whether a model compiles is known only once it
has been fetched. So the small image serves, and where a model isn't compiled, fetching (in the full image, built from
the same lock file) leaves the libraries that this model needs, and no others.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import shutil
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from slipway_server.model.bundle import FOLDER, LIBRARIES, Bundle

_SKLEARN, _FILES, _FRAMES = ("scikit-learn",), ("skops", "pyyaml"), ("pandas",)
_MORE = {"xgboost": ("xgboost-cpu",), "lightgbm": ("lightgbm",)}
_ANY = ("mlflow-skinny", "pandas", "scikit-learn", "skops", "pyarrow", "pyyaml")
_SERVING = "server"


def copy(directory: Path, bundle: Bundle) -> int:
    """Copy what a model needs and the serving image lacks; return the bytes copied. Raises OSError."""
    wanted = closure(roots(bundle)) - closure(serving())
    return copy_all(wanted, directory / FOLDER / LIBRARIES)


def roots(bundle: Bundle) -> tuple[str, ...]:
    """The distributions that serving this model natively asks for by name."""
    if bundle.flavor != "sklearn":
        return (*_ANY, *_MORE.get(bundle.flavor, ()))
    return (*_SKLEARN, *(() if bundle.frozen else _FILES), *(_FRAMES if bundle.frames else ()))


def copy_all(names: Iterable[str], target: Path) -> int:
    """Copy distributions into the folder `target`; return the bytes copied. Raises OSError."""
    return sum(_copied(name, target) for name in sorted(names))


def serving() -> list[str]:
    """The distributions that the serving image is made of: the extra `server` of this one."""
    return list(_required("slipway", _SERVING))


def closure(roots: Iterable[str]) -> set[str]:
    """The roots and all that they require, as far as it's installed."""
    found: set[str] = set()
    waiting = list(roots)
    while waiting:
        name = canonicalize_name(waiting.pop())
        if name not in found and _installed(name):
            found.add(name)
            waiting += _required(name, "")
    return found


def _installed(name: str) -> bool:
    try:
        importlib.metadata.distribution(name)
    except importlib.metadata.PackageNotFoundError:
        return False
    return True


def _required(name: str, extra: str) -> Iterator[str]:
    for text in importlib.metadata.requires(name) or ():
        requirement = Requirement(text)
        if requirement.marker is None or requirement.marker.evaluate({"extra": extra}):
            yield requirement.name


def _copied(name: str, target: Path) -> int:
    """With the bytecode that there is, and times of change, by which Python knows it: no start need compile again."""
    size = 0
    for file in importlib.metadata.distribution(name).files or ():
        if ".." in file.parts or file.suffix == ".pyc" or "tests" in file.parts:
            continue
        source, place = Path(str(file.locate())), target / file
        size += _copied_file(source, place)
        if source.suffix == ".py":
            size += _copied_file(_bytecode(source), _bytecode(place))
    return size


def _copied_file(source: Path, place: Path) -> int:
    if not source.is_file():
        return 0
    place.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy2(source, place)
    return place.stat().st_size


def _bytecode(module: Path) -> Path:
    return Path(importlib.util.cache_from_source(str(module)))


def interpreter() -> str:
    """What the libraries were built for."""
    return f"{sys.implementation.cache_tag}-{sys.platform}"
