"""Products with constant weights of every type, rows and columns around the sizes of tiles."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

from pathlib import Path

import fovea
import ml_dtypes
import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

Array = np.ndarray
TYPES = {
    "f32": (TensorProto.FLOAT, np.dtype(np.float32), 2.0**-24),
    "f16": (TensorProto.FLOAT16, np.dtype(np.float16), 2.0**-11),
    "bf16": (TensorProto.BFLOAT16, np.dtype(ml_dtypes.bfloat16), 2.0**-8),
}
# One row and few, for which the tile has as many, with one of each number of vectors; more rows
# than a strip, and so many that a task widens short floats once.
ROWS = (1, 2, 6, 7, 8, 9, 12, 13, 16, 17, 40, 100)
# One vector and a part, pairs of vectors with one left over, and a last panel that is cut.
COLUMNS = (5, 16, 48, 70, 128)
# Less than a vector, no whole number of turns, and more than a block of the depth.
DEPTHS = (3, 37, 1030)


def model(rows: int | str, weights: Array, kind: int) -> bytes:
    """y = x w + b, with w and b as constants."""
    depth, columns = weights.shape
    bias = np.arange(columns).astype(weights.dtype)
    constants = [
        helper.make_tensor(name, kind, array.shape, array.tobytes(), raw=True)
        for name, array in (("w", weights), ("b", bias))
    ]
    nodes = [helper.make_node("MatMul", ["x", "w"], ["s"]),
             helper.make_node("Add", ["s", "b"], ["y"])]  # fmt: skip
    infos = [helper.make_tensor_value_info(name, kind, [rows, size])
             for name, size in (("x", depth), ("y", columns))]  # fmt: skip
    graph = helper.make_graph(nodes, "g", infos[:1], infos[1:], constants)
    opset = [helper.make_opsetid("", 21)]
    made: onnx.ModelProto = helper.make_model(graph, opset_imports=opset, ir_version=10)
    return bytes(made.SerializeToString())


def check(module: fovea.Module, x: Array, weights: Array, unit: float) -> None:
    """Sums are in f32; their rounding to the type is the largest error of short ones."""
    wide, by = x.astype(np.float64), weights.astype(np.float64)
    sums = wide @ by
    want = sums + np.arange(weights.shape[1])
    got = np.asarray(module(x=x)["y"]).astype(np.float64)
    terms = np.abs(wide) @ np.abs(by)
    bound = 2.0**-24 * np.sqrt(len(by)) * terms * 2 + 3 * unit * (np.abs(sums) + np.abs(want))
    assert (np.abs(got - want) <= bound).all()


@pytest.mark.parametrize("target", ["host", "x86-64-v3"])
@pytest.mark.parametrize("dtype", TYPES)
def test_products_agree_with_float64(dtype: str, target: str) -> None:
    kind, numpy_type, unit = TYPES[dtype]
    rng = np.random.default_rng(5)
    for place, (columns, depth) in enumerate((c, d) for c in COLUMNS for d in DEPTHS):
        weights = rng.standard_normal((depth, columns)).astype(numpy_type)
        # Every number of rows meets every width and every depth over the places.
        for rows in (*ROWS[place % 4 :: 4], "m"):
            module = fovea.compile(model(rows, weights, kind), target=target)
            for count in (rows,) if isinstance(rows, int) else (1, 23, 90):
                x = rng.standard_normal((count, depth)).astype(numpy_type)
                check(module, x, weights, unit)


@pytest.mark.parametrize("dtype", ["f16", "bf16"])
def test_short_weights_are_packed_as_they_are(dtype: str, tmp_path: Path) -> None:
    kind, numpy_type, _ = TYPES[dtype]
    weights = np.eye(512, 1024).astype(numpy_type)
    module = fovea.compile(model(8, weights, kind), target="x86-64-v3")
    assert [kernel["form"] for kernel in module.ledger["kernels"]] == ["panel_product"]
    module.save(tmp_path / "m.fvm")
    assert weights.nbytes < (tmp_path / "m.fvm").stat().st_size < 1.1 * weights.nbytes
