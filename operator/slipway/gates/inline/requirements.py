"""A model's requirements.txt against the packages of the server's image."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Set

from packaging.markers import InvalidMarker, Marker
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

_COMMENT = re.compile(r"(^|\s)#.*$")
_OPTION = re.compile(r"^(-|git\+|https?:|file:|\.{0,2}/)")
_PINNED = re.compile(
    r"(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*)(\[[^\]]*\])?==(?P<version>[^\s;\\]+)(\s*;(?P<marker>[^\\]*))?"
)
_NOT_FOR_SERVING = frozenset({"mlflow", "mlflow-skinny"})
"""Packages that MLflow lists for its own server: Slipway's serves without them."""

_BUILDS = {"xgboost": "xgboost-cpu", "tensorflow": "tensorflow-cpu"}
"""Package → another distribution of the very same code and version, which an image may have in its place."""


def problems(text: str, environment: Mapping[str, str], ignored: Iterable[str] = ()) -> tuple[str, ...]:
    """What `text`, a requirements.txt, asks for and `environment` (package → version) does not have; a sentence each.

    `ignored` names packages that the model does not need, whatever its file says: MLflow writes down what the training
    process had imported.

    Markers are evaluated for the running interpreter. Lines that pip reads as options or places are problems: the
    image is not changed at run time.
    """
    present = {str(canonicalize_name(name)): version for name, version in environment.items()}
    lines = (_COMMENT.sub("", line).strip() for line in text.replace("\\\n", " ").splitlines())
    not_needed = {*_NOT_FOR_SERVING, *(str(canonicalize_name(name)) for name in ignored)}
    return tuple(problem for line in lines if line for problem in _of_line(line, present, not_needed))


def environment(lock: str) -> dict[str, str]:
    """Package → version in `lock`, a requirements.txt in which every package is pinned with `==`.

    Lines that pin nothing (hashes, options, comments) are skipped, and those whose marker is for another interpreter
    than the running one: a lock for several has a package several times. This is how the packages of an image that was
    built from a lock file are known without starting it.
    """
    pinned = (_PINNED.match(line) for line in lock.splitlines())
    return {str(canonicalize_name(found["name"])): found["version"] for found in pinned if found and _here(found)}


def _here(found: re.Match[str]) -> bool:
    """Whether the line is meant for the running interpreter; one that cannot be read is."""
    marker = (found["marker"] or "").split("--hash")[0].strip()
    try:
        return not marker or Marker(marker).evaluate()
    except InvalidMarker:
        return True


def _of_line(line: str, present: Mapping[str, str], not_needed: Set[str]) -> Iterator[str]:
    if _OPTION.match(line):
        if not line.startswith(("--hash", "--index-url", "--extra-index-url")):
            yield f"{line} is not installed in the server image; build an image that includes it"
        return
    try:
        wanted = Requirement(re.split(r"\s--hash", line)[0])
    except InvalidRequirement as error:
        yield f"{line} is no requirement ({error})"
        return
    name = str(canonicalize_name(wanted.name))
    if name in not_needed or (wanted.marker and not wanted.marker.evaluate()):
        return
    found = present.get(name) or present.get(_BUILDS.get(name, ""))
    if found is None:
        yield (
            f"{line} is required, but {name} is not installed in the server image (if it is not needed for "
            "serving, list it in ignoredRequirements)"
        )
    elif not _satisfied(wanted, found):
        yield f"{line} is required, but the server image has {found}"


def _satisfied(wanted: Requirement, version: str) -> bool:
    if wanted.url:
        return False
    try:
        return wanted.specifier.contains(Version(version), prereleases=True)
    except InvalidVersion:
        return False
