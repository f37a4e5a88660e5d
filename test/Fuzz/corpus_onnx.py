"""Small ONNX models that between them use most importers: the seeds of the damage campaign."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

RNG_SEED = 11


class _Graph:
    """Builds one model; node outputs are named t0, t1, ..."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.tensors: list[onnx.TensorProto] = []
        self.inputs: list[onnx.ValueInfoProto] = []
        self._rng = np.random.default_rng(RNG_SEED)

    def input(self, name: str, shape: Sequence[int | str], dtype: int = TensorProto.FLOAT) -> str:
        self.inputs.append(helper.make_tensor_value_info(name, dtype, shape))
        return name

    def weight(self, *shape: int) -> str:
        values = self._rng.standard_normal(shape).astype(np.float32) / 4
        return self._add(numpy_helper.from_array(values, f"w{len(self.tensors)}"))

    def integers(self, *values: int, shape: Sequence[int] | None = None) -> str:
        array = np.array(values, np.int64).reshape(shape if shape is not None else (len(values),))
        return self._add(numpy_helper.from_array(array, f"w{len(self.tensors)}"))

    def _add(self, tensor: onnx.TensorProto) -> str:
        self.tensors.append(tensor)
        return tensor.name

    def node(self, kind: str, *inputs: str, outputs: int = 1, **attributes: object) -> str:
        first = f"t{len(self.nodes)}"
        names = [first, *(f"{first}_{i}" for i in range(1, outputs))]
        self.nodes.append(helper.make_node(kind, inputs, names, name=f"n{first}", **attributes))
        return first

    def model(self, *outputs: str, opset: int = 17) -> onnx.ModelProto:
        results = [helper.make_empty_tensor_value_info(name) for name in outputs]
        for result in results:
            result.type.tensor_type.elem_type = TensorProto.FLOAT
        graph = helper.make_graph(self.nodes, "g", self.inputs, results, self.tensors)
        opsets = [helper.make_opsetid("", opset)]
        return helper.make_model(graph, opset_imports=opsets, ir_version=8)


def _transformer() -> onnx.ModelProto:
    g = _Graph()
    ids, mask = g.input("ids", ["b", "s"], TensorProto.INT64), g.input("mask", ["b", 1, 1, "s"])
    x = g.node("Gather", g.weight(20, 8), ids)
    heads = [
        g.node("Transpose", g.node("Reshape", g.node("MatMul", x, g.weight(8, 8)),
                                   g.integers(0, 0, 2, 4)), perm=[0, 2, 1, 3])
        for _ in range(3)
    ]  # fmt: skip
    scores = g.node("MatMul", heads[0], g.node("Transpose", heads[1], perm=[0, 1, 3, 2]))
    scores = g.node("Add", g.node("Div", scores, g.node("Constant", value_float=2.0)), mask)
    mixed = g.node("MatMul", g.node("Softmax", scores, axis=-1), heads[2])
    mixed = g.node("Reshape", g.node("Transpose", mixed, perm=[0, 2, 1, 3]), g.integers(0, 0, 8))
    x = g.node("LayerNormalization", g.node("Add", x, mixed), g.weight(8), g.weight(8))
    x = g.node("Erf", g.node("Gemm", g.node("Reshape", x, g.integers(-1, 8)), g.weight(12, 8),
                             g.weight(12), transB=1))  # fmt: skip
    return g.model(x)


def _recurrent() -> onnx.ModelProto:
    g = _Graph()
    x = g.input("x", [5, 2, 4])
    lengths = g.input("lengths", [2], TensorProto.INT32)
    y = g.node("LSTM", x, g.weight(2, 24, 4), g.weight(2, 24, 6), g.weight(2, 48), lengths,
               outputs=3, hidden_size=6, direction="bidirectional")  # fmt: skip
    y = g.node("Reshape", g.node("Transpose", y, perm=[0, 2, 1, 3]), g.integers(5, 2, 12))
    z = g.node("GRU", y, g.weight(1, 9, 12), g.weight(1, 9, 3), g.weight(1, 18), outputs=2,
               hidden_size=3, linear_before_reset=1)  # fmt: skip
    r = g.node("RNN", y, g.weight(1, 3, 12), g.weight(1, 3, 3), outputs=2, hidden_size=3)
    return g.model(g.node("Add", z, r))


def _shapes() -> onnx.ModelProto:
    g = _Graph()
    x = g.input("x", ["n", "m", 4])
    size = g.node("Shape", x)
    rows = g.node("Gather", size, g.integers(0, shape=[]), axis=0)
    flat = g.node("Concat", g.node("Unsqueeze", rows, g.integers(0)), g.integers(-1), axis=0)
    y = g.node("Reshape", x, flat)
    bound = g.node("Slice", size, g.integers(1), g.integers(2), g.integers(0))
    y = g.node("Slice", y, g.integers(0), g.node("Mul", bound, g.integers(2)), g.integers(1))
    y = g.node("Pad", y, g.integers(0, 1, 0, 2))
    y = g.node("Tile", y, g.integers(1, 2))
    wide = g.node("Expand", g.node("Unsqueeze", y, g.integers(1)), g.integers(1, 3, 1))
    line = g.node("Cast", g.node("Range", g.integers(0, shape=[]), rows, g.integers(1, shape=[])),
                  to=TensorProto.FLOAT)  # fmt: skip
    line = g.node("Reshape", line, g.integers(-1, 1, 1))
    ones = g.node("ConstantOfShape", g.integers(3, 1),
                  value=helper.make_tensor("v", TensorProto.FLOAT, [1], [0.5]))  # fmt: skip
    total = g.node("Add", g.node("Add", wide, line), ones)
    parts = g.node("Split", total, g.integers(1, 2), outputs=2, axis=1)
    return g.model(g.node("ReduceSum", parts, g.integers(1)), g.node("CumSum", parts + "_1",
                                                                       g.integers(0)))  # fmt: skip


def _indexing() -> onnx.ModelProto:
    g = _Graph()
    x, at = g.input("x", [4, 6]), g.input("at", [4, 3], TensorProto.INT64)
    picked = g.node("GatherElements", x, at, axis=1)
    placed = g.node("ScatterElements", x, at, picked, axis=1)
    pairs = g.node("Slice", at, g.integers(0), g.integers(2), g.integers(1))
    chosen = g.node("GatherND", x, pairs)
    spread = g.node("ScatterND", placed, pairs, chosen)
    best = g.node("Cast", g.node("ArgMax", spread, axis=1), to=TensorProto.FLOAT)
    kept = g.node("Where", g.node("Greater", spread, x), spread, g.node("Trilu", x))
    return g.model(g.node("Einsum", kept, x, equation="ij,kj->ik"), best)


def _slicing() -> onnx.ModelProto:
    g = _Graph()
    x = g.input("x", [4, 6])
    bounds = [g.input(name, [1], TensorProto.INT64) for name in ("start", "end")]
    return g.model(g.node("Slice", x, *bounds, g.integers(0)))


def _convolution() -> onnx.ModelProto:
    g = _Graph()
    x, flag = g.input("x", ["b", 3, 16]), g.input("flag", [], TensorProto.BOOL)
    y = g.node("Conv", x, g.weight(4, 3, 3), g.weight(4), pads=[1, 1], strides=[2])
    y = g.node("BatchNormalization", y, *(g.weight(4) for _ in range(3)),
               g.node("Exp", g.weight(4)))  # fmt: skip
    y = g.node("MaxPool", g.node("Relu", y), kernel_shape=[2], strides=[2])
    branches = [
        helper.make_graph([helper.make_node(kind, [y], [f"{kind}_out"])], kind, [],
                          [helper.make_empty_tensor_value_info(f"{kind}_out")])
        for kind in ("Tanh", "Sigmoid")
    ]  # fmt: skip
    y = g.node("If", flag, then_branch=branches[0], else_branch=branches[1])
    y = g.node("InstanceNormalization", y, g.weight(4), g.weight(4))
    return g.model(g.node("ReduceMean", y, axes=[-1]), opset=13)


def _external(folder: Path) -> onnx.ModelProto:
    g = _Graph()
    y = g.node("MatMul", g.input("x", ["n", 16]), g.weight(16, 16))
    model = g.model(g.node("Softmax", y, axis=-1))
    onnx.external_data_helper.convert_model_to_external_data(
        model, location="external.data", size_threshold=64
    )
    onnx.save(model, folder / "external.onnx")
    return model


def empty() -> onnx.ModelProto:
    """A model that gives what it takes."""
    g = _Graph()
    return g.model(g.node("Identity", g.input("x", [1])))


MODELS = {"transformer": _transformer, "recurrent": _recurrent, "shapes": _shapes,
          "indexing": _indexing, "slicing": _slicing, "convolution": _convolution}  # fmt: skip


def write(folder: Path) -> list[Path]:
    """Writes every model into `folder`, with the data beside that one of them needs."""
    for name, make in MODELS.items():
        onnx.save(make(), folder / f"{name}.onnx")
    _external(folder)
    return [folder / f"{name}.onnx" for name in (*MODELS, "external")]
