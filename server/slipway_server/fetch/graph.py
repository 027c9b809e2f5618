"""Corrections to converted graphs, where converter and runtime do not agree with scikit-learn or with each other."""

from __future__ import annotations

from typing import Any

import numpy as np


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
        constant, mask = f"imputed_{index}", f"missing_{index}"
        model.graph.initializer.append(numpy_helper.from_array(np.array([values], dtype=np.float64), constant))
        nodes.append(helper.make_node("IsNaN", [node.input[0]], [mask]))
        nodes.append(helper.make_node("Where", [mask, constant, node.input[0]], [node.output[0]]))
    del model.graph.node[:]
    model.graph.node.extend(nodes)
