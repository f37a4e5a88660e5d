"""Programs whose sizes, offsets and places data decides, by kernels of a GPU under the emulator:
sizes by what the host reads, offsets and places by what kernels read."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import build_tree
import fovea
import numpy as np
import pytest
from emulated_device import OPTIONS
from onnx import NodeProto, TensorProto, helper

INFO = helper.make_tensor_value_info
X = np.arange(24, dtype=np.float32).reshape(4, 6)


def onnx_model(nodes: Sequence[NodeProto], inputs: dict[str, tuple[int, list]]) -> bytes:
    """A model that takes these inputs, types and sizes, and gives y."""
    given = [INFO(name, dtype, sizes) for name, (dtype, sizes) in inputs.items()]
    graph = helper.make_graph(list(nodes), "g", given, [INFO("y", TensorProto.FLOAT, None)])
    opset = [helper.make_opsetid("", 21)]
    return bytes(helper.make_model(graph, opset_imports=opset, ir_version=10).SerializeToString())


def test_a_size_is_computed_from_lists_and_extents() -> None:
    """y has the rows that `shape` says; the other size is computed from both."""
    nodes = [
        helper.make_node("Shape", ["x"], ["sizes"]),
        helper.make_node("ReduceProd", ["sizes"], ["all"], keepdims=1),
        helper.make_node("Div", ["all", "rows"], ["columns"]),
        helper.make_node("Concat", ["rows", "columns"], ["shape"], axis=0),
        helper.make_node("Reshape", ["x", "shape"], ["y"], name="form"),
    ]
    inputs = {"x": (TensorProto.FLOAT, ["m", "n"]), "rows": (TensorProto.INT64, [1])}
    module = fovea.compile(onnx_model(nodes, inputs))
    for rows in (1, 3, 24):
        got = module(x=X, rows=np.array([rows]))["y"]
        np.testing.assert_array_equal(got, X.reshape(rows, -1))
    with pytest.raises(fovea.FoveaError, match="form"):
        module(x=X, rows=np.array([7]))


def test_a_list_is_read_by_kernels_too() -> None:
    """y = x expanded to `shape`, times its first element."""
    nodes = [
        helper.make_node("Expand", ["x", "shape"], ["wide"]),
        helper.make_node("Cast", ["shape"], ["floats"], to=TensorProto.FLOAT),
        helper.make_node("ReduceMax", ["floats"], ["most"], keepdims=0),
        helper.make_node("Mul", ["wide", "most"], ["y"]),
    ]
    inputs = {"x": (TensorProto.FLOAT, [1, 6]), "shape": (TensorProto.INT64, [2])}
    module = fovea.compile(onnx_model(nodes, inputs))
    for rows in (5, 9):
        got = module(x=X[:1], shape=np.array([rows, 6]))["y"]
        np.testing.assert_array_equal(got, np.tile(X[:1], (rows, 1)) * max(rows, 6))


ROWS = """
func.func @main(%x: tensor<8x5xf32> {fovea.name = "x"}, %key: tensor<8xf32> {fovea.name = "key"},
    %new: tensor<2x5xf32> {fovea.name = "new"})
    -> (tensor<3x5xf32> {fovea.name = "cut"}, tensor<8x5xf32> {fovea.name = "put"}) {
  %c0 = arith.constant 0 : index
  %first = arith.constant dense<0> : tensor<i64>
  %e = tensor.empty() : tensor<i64>
  %none = linalg.copy ins(%first : tensor<i64>) outs(%e : tensor<i64>) -> tensor<i64>
  %count = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> ()>],
      iterator_types = ["reduction"]} ins(%key : tensor<8xf32>) outs(%none : tensor<i64>) {
  ^bb0(%k: f32, %n: i64):
    %zero = arith.constant 0.0 : f32
    %is = arith.cmpf ogt, %k, %zero : f32
    %one = arith.extui %is : i1 to i64
    %next = arith.addi %n, %one : i64
    linalg.yield %next : i64
  } -> tensor<i64>
  %word = tensor.extract %count[] : tensor<i64>
  %at = arith.index_cast %word : i64 to index
  %part = tensor.extract_slice %x[%at, 0] [3, 5] [1, 1] : tensor<8x5xf32> to tensor<3x5xf32>
  %space = tensor.empty() : tensor<3x5xf32>
  %cut = linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>,
      affine_map<(i, j) -> (i, j)>], iterator_types = ["parallel", "parallel"]}
      ins(%part : tensor<3x5xf32>) outs(%space : tensor<3x5xf32>) {
  ^bb0(%v: f32, %o: f32):
    %twice = arith.addf %v, %v : f32
    linalg.yield %twice : f32
  } -> tensor<3x5xf32>
  %put = tensor.insert_slice %new into %x[%at, 0] [2, 5] [1, 1]
      : tensor<2x5xf32> into tensor<8x5xf32>
  return %cut, %put : tensor<3x5xf32>, tensor<8x5xf32>
}
"""


def test_views_start_where_a_kernel_says() -> None:
    """The offset is a number that a kernel has counted; no host reads it."""
    module = fovea.compile(ROWS)
    x = np.arange(40, dtype=np.float32).reshape(8, 5)
    new = -np.ones((2, 5), np.float32)
    for count in (0, 2, 5):
        key = np.where(np.arange(8) < count, 1, -1).astype(np.float32)
        got = module(x=x, key=key, new=new)
        np.testing.assert_array_equal(got["cut"], 2 * x[count : count + 3])
        want = x.copy()
        want[count : count + 2] = new
        np.testing.assert_array_equal(got["put"], want)
    with pytest.raises(fovea.FoveaError, match="out of range"):
        module(x=x, key=np.ones(8, np.float32), new=new)


def test_elements_are_put_where_indices_say() -> None:
    node = helper.make_node("ScatterElements", ["x", "at", "new"], ["y"], axis=1, name="put")
    inputs = {"x": (TensorProto.FLOAT, ["m", 6]), "at": (TensorProto.INT64, ["m", 2]),
              "new": (TensorProto.FLOAT, ["m", 2])}  # fmt: skip
    module = fovea.compile(onnx_model([node], inputs))
    at = np.array([[0, 5], [-1, 2], [3, 3], [1, -6]])
    new = np.array([[1, 2], [3, 4], [5, 6], [7, 8]], np.float32)
    want = X.copy()
    for row in range(4):
        want[row, at[row]] = new[row]
    np.testing.assert_array_equal(module(x=X, at=at, new=new)["y"], want)
    at[2, 1] = 6
    with pytest.raises(fovea.FoveaError, match="node 'put': index 6 is out of range"):
        module(x=X, at=at, new=new)


def test_sizes_that_kernels_compute_are_refused(tmp_path: Path) -> None:
    text = ROWS.replace("[%at, 0] [3, 5]", "[0, 0] [%at, 5]").replace("3x5xf32", "?x5xf32")
    text = text.replace("tensor.empty() : tensor<?x5", "tensor.empty(%at) : tensor<?x5")
    # More than the host reads.
    text = text.replace("tensor<8xf32>", "tensor<80xf32>")
    (tmp_path / "model.mlir").write_text(text)
    done = build_tree.fovea(tmp_path, "compile", "model.mlir", "-o", "model.fvm", *OPTIONS)
    assert done.returncode == 3
    assert "error[FV0404]: a size, a place or a number of steps depends on elements of" in (
        done.stderr
    )
    assert "an input of at most 64 elements" in done.stderr
