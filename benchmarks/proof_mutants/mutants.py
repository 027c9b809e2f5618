"""Wrong conversions, made from a right one: what a converter could do, one thing at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from onnx import ModelProto, numpy_helper

Mutate = Callable[[ModelProto, np.random.Generator, int], str]


def _trees(model: ModelProto) -> Any:
    return next(node for node in model.graph.node if node.op_type.startswith("TreeEnsemble"))


def _attribute(node: Any, *names: str) -> Any:
    return next((each for name in names for each in node.attribute if each.name == name), None)


def _inner(node: Any, rng: np.random.Generator) -> int:
    modes = _attribute(node, "nodes_modes").strings
    return int(rng.choice([index for index, mode in enumerate(modes) if mode != b"LEAF"]))


def threshold(model: ModelProto, rng: np.random.Generator, _: int) -> str:
    """One threshold, one float up or down, in the precision that it is written in."""
    node = _trees(model)
    place, way = _inner(node, rng), float(rng.choice([-np.inf, np.inf]))
    single = _attribute(node, "nodes_values")
    if single is not None:
        moved = np.nextafter(np.float32(single.floats[place]), np.float32(way))
        single.floats[place] = float(moved)
    else:
        double = _attribute(node, "nodes_values_as_tensor")
        values = numpy_helper.to_array(double.t).copy()
        values[place] = np.nextafter(values[place], way)
        double.t.CopyFrom(numpy_helper.from_array(values, double.t.name))
    return f"node {place} towards {way}"


def branch(model: ModelProto, rng: np.random.Generator, _: int) -> str:
    """One node sends missing values to its other side."""
    node = _trees(model)
    place = _inner(node, rng)
    flags = _attribute(node, "nodes_missing_value_tracks_true").ints
    flags[place] = 1 - flags[place]
    return f"node {place}"


def classes(model: ModelProto, rng: np.random.Generator, _: int) -> str:
    """Two classes change places: their names, or what one tree's leaves say of them."""
    node = next((each for each in model.graph.node if _attribute(each, *_LABELS) is not None), None)
    if node is not None and node.op_type.startswith("TreeEnsemble") and rng.random() < 0.5:
        ids, tree_ids = _attribute(node, "class_ids").ints, _attribute(node, "class_treeids").ints
        if len(set(ids)) > 1:
            tree = int(rng.choice(tree_ids))
            first, second = rng.choice(sorted({c for c, t in zip(ids, tree_ids, strict=True)}), 2, replace=False)
            swap = {int(first): int(second), int(second): int(first)}
            ids[:] = [swap.get(c, c) if t == tree else c for c, t in zip(ids, tree_ids, strict=True)]
            return f"classes {first} and {second} of tree {tree}"
    labels = _label_list(model, node)
    first, second = rng.choice(len(labels), 2, replace=False)
    labels[first], labels[second] = labels[second], labels[first]
    return f"labels {first} and {second}"


_LABELS = ("classlabels_int64s", "classlabels_ints", "keys_int64s")


def _label_list(model: ModelProto, node: Any) -> Any:
    """A plain graph keeps its labels in an initializer."""
    if node is not None:
        return _attribute(node, *_LABELS).ints
    constant = next(each for each in model.graph.initializer if "class" in each.name)
    values = numpy_helper.to_array(constant)
    del constant.int32_data[:], constant.int64_data[:]
    constant.raw_data = b""
    field = constant.int32_data if constant.data_type == 6 else constant.int64_data
    constant.ClearField("raw_data")
    field.extend(values.ravel().tolist())
    return field


def category(model: ModelProto, rng: np.random.Generator, _: int) -> str:
    """An encoder doesn't know one of its categories."""
    nodes = [node for node in model.graph.node if _attribute(node, "cats_strings", "keys_strings") is not None]
    words = _attribute(nodes[int(rng.integers(len(nodes)))], "cats_strings", "keys_strings").strings
    place = int(rng.integers(len(words)))
    dropped = words[place].decode()
    words[place] = f"dropped {rng.integers(1000)}".encode()
    return f"category {dropped!r}"


def scaler(model: ModelProto, rng: np.random.Generator, _: int) -> str:
    """A scaler is left out: all of it, its shift or its scale, for all columns or for one."""
    node = next((each for each in model.graph.node if each.op_type == "Scaler"), None)
    if node is not None:
        name = str(rng.choice(["offset", "scale"]))
        floats = _attribute(node, name).floats
        place = int(rng.integers(len(floats)))
        floats[place] = 0.0 if name == "offset" else 1.0
        return f"{name} of column {place}"
    found = [each for each in model.graph.node if each.op_type in ("Sub", "Div")]
    node = found[int(rng.integers(min(2, len(found))))]
    constant = next(each for each in model.graph.initializer if each.name == node.input[1])
    values = numpy_helper.to_array(constant).copy()
    places = np.arange(values.size) if rng.random() < 0.2 else rng.integers(values.size, size=1)
    values.reshape(-1)[places] = 0.0 if node.op_type == "Sub" else 1.0
    constant.CopyFrom(numpy_helper.from_array(values, constant.name))
    return f"{node.op_type} of columns {places.tolist()}"


def imputer(model: ModelProto, rng: np.random.Generator, index: int) -> str:
    """The value that stands for a missing one is another: by a hundredth of itself or more, or 0."""
    by = [0.0, 0.99, 1.01, 1.1, 2.0][index % 5]
    node = next((each for each in model.graph.node if _attribute(each, "imputed_value_floats") is not None), None)
    if node is not None:
        floats = _attribute(node, "imputed_value_floats").floats
        place = int(rng.integers(len(floats)))
        floats[place] = floats[place] * by
        return f"column {place} times {by}"
    constant = next(each for each in model.graph.initializer if each.name.startswith("imputed_"))
    values = numpy_helper.to_array(constant).copy()
    place = int(rng.integers(values.size))
    values.reshape(-1)[place] *= by
    constant.CopyFrom(numpy_helper.from_array(values, constant.name))
    return f"column {place} times {by}"


_ALL_TREES = ("decision tree", "random forest", "random forest, holes", "extra trees, regression", "gradient boosting")
_SCALED = (
    "scaled logistic",
    "scaled ridge",
    "scaled forest",
    "mixed logistic",
    "mixed forest",
    "mixed forest, ordinal",
)
_MIXED = _SCALED[3:]
KINDS: dict[str, tuple[Mutate, tuple[str, ...]]] = {
    "threshold moved by one float": (threshold, (*_ALL_TREES, "XGBoost", "LightGBM", "scaled forest", "mixed forest")),
    "classes swapped": (
        classes,
        ("decision tree", "random forest", "gradient boosting", "XGBoost", "scaled logistic", "mixed forest"),
    ),
    "category dropped": (category, _MIXED),
    "missing branch flipped": (branch, ("decision tree", "random forest, holes", "XGBoost", "LightGBM")),
    "scaler left out": (scaler, _SCALED),
    "imputer's value changed": (imputer, _SCALED),
}


def mutants(content: bytes, kind: str, seed: int) -> Iterator[tuple[str, bytes]]:
    """Yield what was changed and the changed model, without end; a mutant that changes nothing is left out."""
    mutate, _ = KINDS[kind]
    rng = np.random.default_rng(seed)
    index = 0
    while True:
        model = ModelProto.FromString(content)
        told = mutate(model, rng, index)
        index += 1
        if (changed := model.SerializeToString()) != content:
            yield told, changed
