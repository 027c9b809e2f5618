"""Figures as a registry has them: a number that can be compared, or the reason why there is none."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Figure:
    """The latest figure of one metric on one dataset: either its value or the reason why it does not count.

    Raises ValueError for a value that is not finite, for both and for neither.
    """

    value: float | None = None
    reason: str | None = None
    """Why it compares with nothing, as the rest of a sentence that begins with the metric's name."""
    dataset: str | None = None
    """Name of the dataset that it was measured on; None: MLflow was not told."""
    digest: str | None = None
    """Digest of that dataset."""

    def __post_init__(self) -> None:
        """Hold the invariant: no magic number ever stands for "no figure"."""
        if (self.value is None) == (self.reason is None) or not math.isfinite(self.value or 0.0):
            raise ValueError(f"a figure is either finite or has a reason: {self.value}, {self.reason}")

    @property
    def rows(self) -> str | None:
        """Which rows it was measured on, as evidence has it: the dataset's name and digest."""
        return f"{self.dataset[:160]} {self.digest or ''}".strip()[:200] if self.dataset else None

    @property
    def address(self) -> str | None:
        """The dataset as a gate's loggedOn names it for sure: NAME@DIGEST."""
        return f"{self.dataset}@{self.digest}" if self.dataset and self.digest else self.dataset


@dataclass(frozen=True, slots=True)
class Logged:
    """What was logged to the registry on one version."""

    figures: Mapping[str, tuple[Figure, ...]] = field(default_factory=dict)
    """Metric → its latest figure on each dataset."""
    problem: str | None = None
    """Why no figure of the version is known, as the rest of a sentence that begins with the metric's name."""

    def figure(self, name: str, dataset: str | None) -> Figure:
        """The figure of metric `name` on `dataset`, NAME or NAME@DIGEST; without it, the only one that there is."""
        known = self.figures.get(name, ())
        if self.problem:
            return Figure(reason=self.problem)
        if not known:
            return Figure(reason="is not logged; log it to MLflow on that version")
        asked = [figure for figure in known if dataset in (None, figure.dataset, figure.address)]
        if not asked:
            return Figure(reason=f"is not logged on dataset {dataset}, but {_on(known)}")
        if len(asked) > 1:
            return Figure(reason=f"is logged {_on(asked)}; name one dataset in the gate's loggedOn")
        return asked[0]


def _on(figures: Sequence[Figure]) -> str:
    """On which datasets `figures` are, in words."""
    names = sorted(figure.address for figure in figures if figure.address)
    told = [f"on dataset{'s' if len(names) > 1 else ''} {', '.join(names)}"] if names else []
    return " and ".join(told + ["without a dataset"] * (len(names) < len(figures)))
