"""Trees are read back from the converted graph and compared with the model's own, bit by bit.

No row need find a threshold that moved by one float: whatever is not the model's own, or the one float32 that means the
same, is refused. What is around the trees (scalers, sums, links, labels) is left to rows.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from slipway_server.fetch.trees import splits as trees
from slipway_server.fetch.trees.ensembles import LEAF, Ensemble, Unreadable, own

_TREES = "TreeEnsemble"


class ReadBack(NamedTuple):
    """What was `found` amiss, "" for nothing; how many nodes were compared; are missing values sent the same way?"""

    found: str = ""
    nodes: int = 0
    missing: bool = True


def read_back(estimator: Any, content: bytes) -> ReadBack:
    """Compare the trees of a serialised conversion with its model's; `nodes` is 0 where the model has none to read."""
    import onnx

    try:
        expected = own(estimator)
    except Unreadable as error:
        return ReadBack(str(error))
    model = onnx.ModelProto.FromString(content)
    nodes = [node for node in model.graph.node if node.op_type.startswith(_TREES)]
    if expected is None:
        return ReadBack(f"{len(nodes)} of its nodes are trees that can't be read back from the model" * bool(nodes))
    if len(nodes) != 1:
        return ReadBack(f"the graph has {len(nodes)} nodes of trees where one was expected")
    if not trees.is_lightgbm(estimator) and not _single(model, nodes[0]):
        return ReadBack("its trees compare in double precision what the model compares in single")
    try:
        return compare(expected, written(nodes[0]))
    except Unreadable as error:
        return ReadBack(str(error))


def compare(expected: Ensemble, got: Ensemble) -> ReadBack:
    """Walk both from their roots, side by side, one level of all trees at a time: numbering doesn't matter."""
    if len(expected.roots) != len(got.roots):
        return ReadBack(f"it has {len(got.roots)} trees instead of {len(expected.roots)}")
    if got.mode not in ("", expected.mode) or expected.leaves.shape[1] != got.leaves.shape[1]:
        return ReadBack(f"its trees decide by {got.mode} for {got.leaves.shape[1]} outputs, the model's do not")
    ours, theirs = expected.roots, got.roots
    nodes, missing = 0, True
    while len(ours):
        nodes += len(ours)
        leaf = expected.left[ours] == LEAF
        if bool((leaf != (got.left[theirs] == LEAF)).any()):
            return ReadBack("a tree ends where the model's goes on, or the other way round")
        if not _same(expected.leaves[ours[leaf]], got.leaves[theirs[leaf]]):
            return ReadBack("a leaf's values are not the model's")
        ours, theirs = ours[~leaf], theirs[~leaf]
        if not _same(expected.feature[ours], got.feature[theirs]):
            return ReadBack("a tree splits by another column than the model's")
        if not _same(expected.threshold[ours], got.threshold[theirs]):
            return ReadBack("a threshold is not the model's")
        missing = missing and _same(expected.missing[ours], got.missing[theirs])
        ours = np.concatenate([expected.left[ours], expected.right[ours]])
        theirs = np.concatenate([got.left[theirs], got.right[theirs]])
    return ReadBack("", nodes, missing)


def _same(expected: NDArray[Any], got: NDArray[Any]) -> bool:
    return bool((expected == got).all())


def written(node: Any) -> Ensemble:
    """The trees of one node of a graph. Raises `Unreadable` for what no converter should have written."""
    values = _attributes(node)
    kind = "class" if node.op_type == "TreeEnsembleClassifier" else "target"
    if values.get("aggregate_function", b"SUM") != b"SUM":
        raise Unreadable("the graph's trees are not summed up")
    tree, number = values["nodes_treeids"], values["nodes_nodeids"]
    size = int(number.max(initial=0)) + 1
    table = np.full(size * (int(tree.max(initial=0)) + 1), LEAF, dtype=np.int64)
    table[tree * size + number] = np.arange(len(tree))
    modes = np.array(values["nodes_modes"])
    leaf = modes == b"LEAF"
    inner = set(modes[~leaf].tolist())
    if len(inner) > 1 or len(set((tree * size + number).tolist())) != len(tree):
        raise Unreadable("the graph's trees decide in several ways, or a node stands twice")
    children = [_places(table, tree * size, values[f"nodes_{side}nodeids"], leaf) for side in ("true", "false")]
    return Ensemble(
        roots=np.unique(tree, return_index=True)[1].astype(np.int64),
        left=children[0],
        right=children[1],
        feature=values["nodes_featureids"],
        threshold=values["nodes_values"].astype(np.float64),
        missing=_flags(values, len(tree)),
        leaves=_written_leaves(values, kind, table, size),
        mode=inner.pop().decode() if inner else "",
    )


def _flags(values: dict[str, Any], count: int) -> NDArray[np.bool_]:
    found: NDArray[np.int64] = values.get("nodes_missing_value_tracks_true", np.zeros(count, np.int64))
    return found.astype(bool)


def _places(
    table: NDArray[np.int64], start: NDArray[np.int64], child: NDArray[np.int64], leaf: NDArray[np.bool_]
) -> NDArray[np.int64]:
    found = np.full(len(child), LEAF, dtype=np.int64)
    found[~leaf] = table[(start + child)[~leaf]]
    if bool((found[~leaf] == LEAF).any()):
        raise Unreadable("a branch of the graph leads nowhere")
    return found


def _written_leaves(values: dict[str, Any], kind: str, table: NDArray[np.int64], size: int) -> NDArray[np.float64]:
    nodes = table[values[f"{kind}_treeids"] * size + values[f"{kind}_nodeids"]]
    outputs = values[f"{kind}_ids"]
    columns = int(outputs.max(initial=0)) + 1
    if len(set((nodes * columns + outputs).tolist())) != len(nodes):
        raise Unreadable("a leaf of the graph has two values for one output")
    found = np.zeros((len(values["nodes_treeids"]), columns))
    found[nodes, outputs] = values[f"{kind}_weights"]
    return found


def _attributes(node: Any) -> dict[str, Any]:
    """By name, as arrays; what is written as a tensor, in double precision, goes by the name of the other."""
    from onnx import helper, numpy_helper

    found: dict[str, Any] = {}
    for attribute in node.attribute:
        value = helper.get_attribute_value(attribute)
        if attribute.name.endswith("_as_tensor"):
            found[attribute.name.removesuffix("_as_tensor")] = numpy_helper.to_array(value)
        elif attribute.name.startswith(("nodes_", "class_", "target_")) and attribute.name != "nodes_modes":
            found[attribute.name] = np.array(value)
        else:
            found[attribute.name] = value
    return found


def _single(model: Any, node: Any) -> bool:
    """Whether what reaches the trees is float32."""
    from onnx import TensorProto, helper, shape_inference

    before = []
    for each in model.graph.node:
        if each.output[0] == node.output[0]:
            break
        before.append(each)
    graph = helper.make_graph(before, "before", model.graph.input, [], model.graph.initializer)
    short = shape_inference.infer_shapes(helper.make_model(graph, opset_imports=model.opset_import))
    values = [*short.graph.input, *short.graph.value_info]
    types = {value.name: value.type.tensor_type.elem_type for value in values}
    return bool(types.get(node.input[0]) == TensorProto.FLOAT)
