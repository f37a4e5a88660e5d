"""MatMulInteger of every mix of types and zero points, exactly, by dots, tiles and plain loops."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import itertools

import fovea
import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper
from product_cases import usable

Array = np.ndarray
TYPES = {"u8": (TensorProto.UINT8, np.uint8), "i8": (TensorProto.INT8, np.int8)}
# None, one for all, and one per column.
ZEROS = ("none", "rows", "both", "columns")
# What computes 1, 3, 40 and any number of rows on each target.
FORMS = {
    "x86-64-v3": ["loop_product"] * 4,
    "x86-64-v4+avx512vnni": ["dot_product"] * 4,
    "x86-64-v4+amx-int8": ["tile_product"] * 4,
    "x86-64-v4+amx-int8+avx512vnni": [*["dot_product"] * 2, *["tile_product"] * 2],
}


def model(rows: int | str, weights: Array, x_type: str, y_type: str, zeros: str) -> bytes:
    depth, columns = weights.shape
    constants = [helper.make_tensor("w", TYPES[y_type][0], weights.shape, weights.tobytes(),
                                    raw=True)]  # fmt: skip
    names = ["x", "w"]
    inputs = [helper.make_tensor_value_info("x", TYPES[x_type][0], [rows, depth])]
    if zeros != "none":
        names.append("zx")
        inputs.append(helper.make_tensor_value_info("zx", TYPES[x_type][0], []))
    if zeros in ("both", "columns"):
        names.append("zy")
        shape = [] if zeros == "both" else [columns]
        inputs.append(helper.make_tensor_value_info("zy", TYPES[y_type][0], shape))
    result = helper.make_tensor_value_info("y", TensorProto.INT32, [rows, columns])
    graph = helper.make_graph(
        [helper.make_node("MatMulInteger", names, ["y"])], "g", inputs, [result], constants
    )
    opset = [helper.make_opsetid("", 21)]
    made: onnx.ModelProto = helper.make_model(graph, opset_imports=opset, ir_version=10)
    return bytes(made.SerializeToString())


def draw(rng: np.random.Generator, kind: str, *shape: int) -> Array:
    bounds = np.iinfo(TYPES[kind][1])
    values = rng.integers(bounds.min, bounds.max + 1, shape)
    return np.asarray(values).astype(TYPES[kind][1])


@pytest.mark.parametrize("target", FORMS)
@pytest.mark.parametrize("zeros", ZEROS)
def test_products_are_exact(zeros: str, target: str) -> None:
    for row in target.split("+")[1:]:
        usable(row)
    rng = np.random.default_rng(3)
    sizes = ((1, 64, 16), (3, 37, 21), (40, 130, 70), ("m", 70, 40))
    for x_type, y_type in itertools.product(TYPES, TYPES):
        for (rows, depth, columns), form in zip(sizes, FORMS[target], strict=True):
            w = draw(rng, y_type, depth, columns)
            module = fovea.compile(model(rows, w, x_type, y_type, zeros), target=target)
            kernels = module.ledger["kernels"]
            forms = [kernel["form"] for kernel in kernels if kernel["op"] == "fovea.contract"]
            assert forms == [form], (x_type, y_type, rows)
            for count in (rows,) if isinstance(rows, int) else (2, 19, 50):
                x = draw(rng, x_type, count, depth)
                given, zx, zy = {"x": x}, np.int64(0), np.int64(0)
                if zeros != "none":
                    given["zx"] = draw(rng, x_type)
                    zx = given["zx"].astype(np.int64)
                if zeros in ("both", "columns"):
                    given["zy"] = draw(rng, y_type, *([columns] if zeros == "columns" else []))
                    zy = given["zy"].astype(np.int64)
                want = (x.astype(np.int64) - zx) @ (w.astype(np.int64) - zy)
                assert np.array_equal(module(**given)["y"], want), (x_type, y_type, count)


def test_zero_points_of_rows_are_refused() -> None:
    """One for each row is not computed, and said so."""
    x = helper.make_tensor_value_info("x", TensorProto.UINT8, [4, 8])
    y = helper.make_tensor_value_info("y", TensorProto.INT8, [8, 5])
    zero = helper.make_tensor_value_info("z", TensorProto.UINT8, [4])
    result = helper.make_tensor_value_info("r", TensorProto.INT32, [4, 5])
    node = helper.make_node("MatMulInteger", ["x", "y", "z"], ["r"])
    graph = helper.make_graph([node], "g", [x, y, zero], [result])
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)
    with pytest.raises(fovea.FoveaError, match="zero points of input 0"):
        fovea.compile(made.SerializeToString())
