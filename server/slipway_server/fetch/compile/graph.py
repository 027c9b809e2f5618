"""Corrections to converted graphs, where converter and runtime do not agree with scikit-learn or with each other."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def narrow(model: Any) -> bool:
    """Cast what reaches the trees of an ONNX model to float32 first, as scikit-learn's own trees do; was there any?"""
    from onnx import TensorProto, helper

    nodes = []
    found = False
    for node in list(model.graph.node):
        if node.op_type.startswith("TreeEnsemble"):
            found = True
            name = f"{node.input[0]}_narrow"
            nodes.append(helper.make_node("Cast", [node.input[0]], [name], to=TensorProto.FLOAT))
            node.input[0] = name
        nodes.append(node)
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    # The converter declares double scores for double inputs; the runtime's trees score in float32 all the same.
    for output in model.graph.output if found else ():
        if output.type.tensor_type.elem_type == TensorProto.DOUBLE:
            output.type.tensor_type.elem_type = TensorProto.FLOAT
    return found


def impute(model: Any) -> None:
    """Write imputers of double precision as plain operators: the runtime has them in single precision only."""
    from onnx import helper, numpy_helper

    nodes = []
    for index, node in enumerate(model.graph.node):
        values = next((list(each.floats) for each in node.attribute if each.name == "imputed_value_floats"), None)
        if node.op_type != "Imputer" or values is None:
            nodes.append(node)
            continue
        sentinel = next((each.f for each in node.attribute if each.name == "replaced_value_float"), np.nan)
        constant, mask = f"imputed_{index}", f"missing_{index}"
        model.graph.initializer.append(numpy_helper.from_array(np.array([values], dtype=np.float64), constant))
        if np.isnan(sentinel):
            nodes.append(helper.make_node("IsNaN", [node.input[0]], [mask]))
        else:
            number = f"sentinel_{index}"
            model.graph.initializer.append(numpy_helper.from_array(np.array(sentinel, dtype=np.float64), number))
            nodes.append(helper.make_node("Equal", [node.input[0], number], [mask]))
        nodes.append(helper.make_node("Where", [mask, constant, node.input[0]], [node.output[0]]))
    del model.graph.node[:]
    model.graph.node.extend(nodes)


def branches(model: Any, to_left: NDArray[np.bool_]) -> None:
    """Send missing values through scikit-learn's trees as the model does: the converter sends all to the right.

    `to_left` says it of every node, in the converter's own order, which is the model's.
    """
    nodes = [node for node in model.graph.node if node.op_type.startswith("TreeEnsemble")]
    found = [each for node in nodes for each in node.attribute if each.name == "nodes_missing_value_tracks_true"]
    if len(found) == 1 and len(found[0].ints) == len(to_left):
        found[0].ints[:] = to_left.astype(int).tolist()


def widen(model: Any, name: str, splits: tuple[NDArray[np.int64], NDArray[np.float64]]) -> bool:
    """Let trees that were written in single precision compare in double precision, as their model does.

    `name` is the input's, `splits` are the model's own (features, thresholds). False when a threshold of the graph is
    none of those, or may be two of them; the graph is of no use then.
    """
    from onnx import TensorProto, helper, numpy_helper

    own: dict[tuple[int, float], float] = {}
    for feature, threshold in zip(*(part.tolist() for part in splits), strict=True):
        if own.setdefault((feature, float(np.float32(threshold))), threshold) != threshold:
            return False
    for node in model.graph.node:
        if not node.op_type.startswith("TreeEnsemble"):
            continue
        found = {each.name: each for each in node.attribute}
        features, modes = found["nodes_featureids"].ints, found["nodes_modes"].strings
        doubles = [
            value if mode == b"LEAF" else own.get((feature, value), np.nan)
            for feature, mode, value in zip(features, modes, found["nodes_values"].floats, strict=True)
        ]
        if bool(np.isnan(doubles).any()):
            return False
        for each in (found[key] for key in found if key in _FLOATS):
            values = doubles if each.name == "nodes_values" else list(each.floats)
            tensor = numpy_helper.from_array(np.array(values, dtype=np.float64), each.name)
            node.attribute.remove(each)
            node.attribute.append(helper.make_attribute(f"{each.name}_as_tensor", tensor))
    for each in model.graph.input:
        if each.name == name:
            each.type.tensor_type.elem_type = TensorProto.DOUBLE
    for opset in model.opset_import:
        opset.version = 3 if opset.domain == "ai.onnx.ml" else opset.version
    return True


_FLOATS = frozenset({"nodes_values", "nodes_hitrates", "base_values", "class_weights", "target_weights"})


def positive(model: Any, name: str) -> str:
    """Add an output that holds one number per row, the last of each row of `name`; return its name."""
    from onnx import TensorProto, helper, numpy_helper

    added = f"{name}_positive"
    last = f"{added}_index"
    model.graph.initializer.append(numpy_helper.from_array(np.array(-1, dtype=np.int64), last))
    model.graph.node.append(helper.make_node("Gather", [name, last], [added], axis=1))
    model.graph.output.append(helper.make_tensor_value_info(added, TensorProto.FLOAT, [None]))
    if not any(opset.domain == "" for opset in model.opset_import):
        model.opset_import.append(helper.make_opsetid("", 15))
    return added
