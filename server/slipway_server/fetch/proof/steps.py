"""Where a model's function jumps, per input column: what rows must hold that prove a conversion of it.

Two functions that are continuous and agree on many rows agree between them. Where one jumps, rows must stand on both
sides of the jump. So every class of a model is in one of the tables below, or the model is not compiled.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from slipway_server.fetch.proof.classes import HOLDERS, MIXERS, SCALERS, SELECTORS, SMOOTH, WITHIN
from slipway_server.fetch.proof.features import FEW, MIXED, Encoded, Feature, Followed, Matrix, UnknownJumps, places
from slipway_server.fetch.trees import splits as trees
from slipway_server.fetch.trees.ensembles import WEIGHTS
from slipway_server.fetch.trees.splits import around
from slipway_server.flavors.sklearn import parts_of
from slipway_server.foreign import ForeignError, foreign
from slipway_server.model.bundle import Signature


def follow(estimator: Any, signature: Signature) -> Followed:
    """Follow the columns through a model's steps. Raises `UnknownJumps`."""
    columns = signature.matrix_columns
    walk = _Walk([column.name for column in columns])
    features = [Feature(index) for index in range(len(columns))]
    if trees.by_category(estimator):
        raise UnknownJumps("LightGBM's splits by category have no thresholds")
    if trees.is_xgboost(estimator) or trees.is_lightgbm(estimator):
        walk.splits(estimator, features)
        return walk.found
    try:
        foreign(walk.through, estimator, features)
    except ForeignError as error:
        cause = error.__cause__
        raise cause if isinstance(cause, UnknownJumps) else UnknownJumps(str(error)[:200]) from error
    return walk.found


class _Walk:
    """The steps of one model, in order, and what was found of interest on the way."""

    def __init__(self, names: Sequence[str]) -> None:
        self.names = list(names)
        self.found = Followed()

    def through(self, step: Any, features: list[Feature]) -> list[Feature]:
        """What the step makes of the features, noting its jumps."""
        name = type(step).__name__
        if isinstance(step, str) or step is None:
            return [] if step == "drop" else features
        if not type(step).__module__.startswith("sklearn."):
            raise UnknownJumps(name)
        if name == "Pipeline":
            for _, inner in step.steps:
                features = self.through(inner, features)
            return features
        self.found.words.update(word for word in getattr(step, "vocabulary_", ()) if isinstance(word, str))
        if name in _JUMPS:
            _JUMPS[name](self, step, features)
            return [FEW] * _width(step)
        return self._smooth(name, step, features)

    def _smooth(self, name: str, step: Any, features: list[Feature]) -> list[Feature]:
        if name in _PLAIN:
            return _PLAIN[name](self, step, features)
        if name in SCALERS:
            return [_scaled(step, feature, place) for place, feature in enumerate(features)]
        if name in SELECTORS:
            return [features[place] for place in step.get_support(indices=True).tolist()]
        if name in MIXERS:
            return [MIXED] * (_width(step) if hasattr(step, "transform") else 0)
        if name in WEIGHTS:
            self.splits(step, features)
        elif name in HOLDERS:
            _within(step)
        elif name not in SMOOTH or getattr(step, "loss", "") == "modified_huber":
            raise UnknownJumps(name)
        return []

    def note(self, step: Any, feature: Feature, values: Iterable[Any]) -> None:
        """A step's own values are of interest in a column that reaches it as it is."""
        if feature.few:
            return
        if feature.column < 0 or feature.back:
            raise UnknownJumps(f"{type(step).__name__} behind a step that changes its columns' values")
        self.found.interests.jumps.setdefault(feature.column, []).extend(values)

    def splits(self, model: Any, features: list[Feature]) -> None:
        """Trees are read back bit by bit: what rows must show is that they are given the same float32."""
        places, thresholds = trees.splits(model)
        if int(places.max(initial=-1)) >= len(features):
            raise UnknownJumps(f"{type(model).__name__} behind steps of unknown width")
        for place in np.unique(places).tolist():
            feature = features[place]
            values = around(thresholds[places == place]).ravel()
            if feature.column < 0 and not feature.few:
                raise UnknownJumps(f"{type(model).__name__} behind a step that mixes columns")
            for back in reversed(feature.back):
                values = back(values)
            if feature.column >= 0:
                self.found.interests.jumps.setdefault(feature.column, []).extend(values.tolist())


def _beside(values: Iterable[Any]) -> list[float]:
    found: list[float] = around(np.array(list(values), dtype=np.float64)).ravel().tolist()
    return found


def _width(step: Any) -> int:
    return len(step.get_feature_names_out())


def _scaled(step: Any, feature: Feature, place: int) -> Feature:
    def back(values: Matrix) -> Matrix:
        rows = np.repeat(values[:, None], step.n_features_in_, axis=1)
        found: Matrix = step.inverse_transform(rows)[:, place]
        return found

    return feature if feature.column < 0 else feature._replace(back=(*feature.back, back))


def _within(holder: Any) -> None:
    """A model of models is followed no further: all that it holds must be without a jump."""
    for part in parts_of(holder):
        if type(part).__name__ not in WITHIN or not type(part).__module__.startswith("sklearn."):
            raise UnknownJumps(f"{type(part).__name__} within {type(holder).__name__}")


def _encoder(walk: _Walk, step: Any, features: list[Feature]) -> None:
    """Every category; of numbers, what stands beside and between them, and beyond both ends."""
    walk.found.encoders.append(Encoded(step, features))
    for feature, known in zip(features, step.categories_, strict=True):
        values = [value for value in known.tolist() if value is not None and value == value]
        real = np.sort([float(v) for v in values if isinstance(v, int | float) and not isinstance(v, bool)])
        between = ((real[1:] + real[:-1]) / 2).tolist()
        ends = [real[0] - 1.0, real[0] - 0.4, real[-1] + 0.4, real[-1] + 1.0] if len(real) else []
        walk.note(step, feature, [*values, *_beside(real), *between, *ends])


def _binarizer(walk: _Walk, step: Any, features: list[Feature]) -> None:
    for feature in features:
        walk.note(step, feature, _beside([step.threshold]))


def _bins(walk: _Walk, step: Any, features: list[Feature]) -> None:
    for feature, edges in zip(features, step.bin_edges_, strict=True):
        walk.note(step, feature, _beside(edges[np.isfinite(edges)]))


def _texts(walk: _Walk, step: Any, features: list[Feature]) -> None:
    for feature in features:
        walk.note(step, feature, [])


_JUMPS: dict[str, Callable[[_Walk, Any, list[Feature]], None]] = {
    **dict.fromkeys(("OneHotEncoder", "OrdinalEncoder", "TargetEncoder"), _encoder),
    "Binarizer": _binarizer,
    "KBinsDiscretizer": _bins,
    "CountVectorizer": _texts,
}


def _imputer(walk: _Walk, step: Any, features: list[Feature]) -> list[Feature]:
    """A number that means "missing" is a jump like any other; columns that were empty are dropped."""
    sentinel = step.missing_values
    if isinstance(sentinel, str | int | float | np.number) and sentinel == sentinel:
        for feature in features:
            walk.note(step, feature, [])
            special = [sentinel] if isinstance(sentinel, str) else _beside([sentinel])
            walk.found.interests.sentinels.setdefault(feature.column, []).extend(special)
        filled: Any = np.asarray(sentinel).item()
    else:
        filled = None
    features = [feature._replace(filled=(*feature.filled, filled)) for feature in features]
    kept = [f for f, value in zip(features, step.statistics_.tolist(), strict=True) if value == value]
    found = features if getattr(step, "keep_empty_features", False) else kept
    return [*found, *[FEW] * (_width(step) - len(found))]


def _normalizer(walk: _Walk, step: Any, features: list[Feature]) -> list[Feature]:
    """It jumps where all its columns are 0 at once, which `extreme` rows have."""
    for feature in features:
        walk.note(step, feature, [0.0])
    return [MIXED] * len(features)


def _function(_: _Walk, step: Any, features: list[Feature]) -> list[Feature]:
    if step.func is not None:
        raise UnknownJumps("FunctionTransformer")
    return features


def _columns(walk: _Walk, step: Any, features: list[Feature]) -> list[Feature]:
    raw = len(features) == len(walk.names) and all(f._replace(filled=()) == Feature(i) for i, f in enumerate(features))
    names = walk.names if raw else list(map(str, range(len(features))))
    found: list[Feature] = []
    for _, transformer, picked in step.transformers_:
        found += walk.through(transformer, [features[place] for place in places(picked, names)])
    return found


def _union(walk: _Walk, step: Any, features: list[Feature]) -> list[Feature]:
    return [made for _, each in step.transformer_list for made in walk.through(each, features)]


def _bernoulli(walk: _Walk, step: Any, features: list[Feature]) -> list[Feature]:
    for feature in features if step.binarize is not None else ():
        walk.note(step, feature, _beside([step.binarize]))
    return []


_PLAIN: dict[str, Callable[[_Walk, Any, list[Feature]], list[Feature]]] = {
    "SimpleImputer": _imputer,
    "Normalizer": _normalizer,
    "FunctionTransformer": _function,
    "ColumnTransformer": _columns,
    "FeatureUnion": _union,
    "BernoulliNB": _bernoulli,
}
