"""Loops as one launch of a GPU, under the emulator: what stays in a block, ends of loops, faults.

The emulator finds blocks that read what another has written without a meeting in between.
"""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import fovea
import numpy as np
import pytest
from build_tree import PROGRAM, require

require(PROGRAM, "./dev build")
TARGET = "cuda-emulated"
Array = np.ndarray


def lstm(hidden: int, rows: str = "?") -> str:
    """LSTM over x [T, B, 3] with weights of the caller."""
    x, y = f"tensor<?x{rows}x3xf32>", f"tensor<?x1x{rows}x{hidden}xf32>"
    w, r = f"tensor<1x{4 * hidden}x3xf32>", f"tensor<1x{4 * hidden}x{hidden}xf32>"
    state = f"tensor<1x{rows}x{hidden}xf32>"
    return f"""
func.func @main(%x: {x} {{fovea.name = "x"}}, %w: {w} {{fovea.name = "w"}},
    %r: {r} {{fovea.name = "r"}}) -> ({y} {{fovea.name = "y"}}) attributes {{fovea.entry}} {{
  %y, %h, %c = fovea.lstm %x, %w, %r {{
      gate_order = [#fovea.gate<i>, #fovea.gate<o>, #fovea.gate<f>, #fovea.gate<c>],
      activations = [#fovea.activation<sigmoid>, #fovea.activation<tanh>,
                     #fovea.activation<tanh>]}}
    : {x}, {w}, {r} -> {y}, {state}, {state}
  return %y : {y}
}}
"""


def expected(x: Array, w: Array, r: Array) -> Array:
    def sigmoid(s: Array) -> Array:
        return 1 / (1 + np.exp(-s))

    x, w, r = (each.astype(np.float64) for each in (x, w[0], r[0]))
    h = c = np.zeros((x.shape[1], r.shape[1]))
    y = np.zeros((x.shape[0], 1, *h.shape))
    for t, xt in enumerate(x):
        i, o, f, g = np.split(xt @ w.T + h @ r.T, 4, axis=1)
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
        y[t, 0] = h = sigmoid(o) * np.tanh(c)
    return y


def forms(module: fovea.Module) -> set[str]:
    return {record["form"] for record in module.ledger["kernels"]}


def check(module: fovea.Module, hidden: int, steps: int, rows: int) -> None:
    rng = np.random.default_rng(hidden + steps)
    x = rng.standard_normal((steps, rows, 3)).astype(np.float32)
    w = rng.standard_normal((1, 4 * hidden, 3)).astype(np.float32)
    r = (rng.standard_normal((1, 4 * hidden, hidden)) / np.sqrt(hidden)).astype(np.float32)
    y = module(x=x, w=w, r=r)["y"]
    np.testing.assert_allclose(y, expected(x, w, r), rtol=0, atol=2e-5)


@pytest.mark.parametrize("hidden", [1, 30, 64])
def test_weights_stay(hidden: int) -> None:
    module = fovea.compile(lstm(hidden), target=TARGET)
    assert {"resident_grid", "resident_gates"} <= forms(module)
    for steps, rows in ((0, 2), (1, 1), (2, 3), (7, 1), (3, 0)):
        check(module, hidden, steps, rows)


def test_weights_are_read_again_by_too_few_blocks() -> None:
    """25 blocks of four units are of use, the emulator runs 16: some take two parts in turn."""
    module = fovea.compile(lstm(100), target=TARGET)
    assert {"resident_grid", "resident_gates"} <= forms(module)
    for steps, rows in ((1, 1), (3, 2)):
        check(module, 100, steps, rows)


STEPS = """
#same = affine_map<(d) -> (d)>
func.func @main(%x: tensor<?x4xf32> {fovea.name = "x"}, %at: tensor<9xi64> {fovea.name = "at"},
    %most: tensor<1xf32> {fovea.name = "most"})
    -> (tensor<4xf32> {fovea.name = "y"}, tensor<1xi64> {fovea.name = "count"})
    attributes {fovea.entry} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c9 = arith.constant 9 : index
  %zero = arith.constant dense<0.0> : tensor<4xf32>
  %rows = tensor.dim %x, %c0 : tensor<?x4xf32>
  %limit = tensor.extract %most[%c0] : tensor<1xf32>
  %r:2 = scf.while (%i = %c0, %v = %zero) : (index, tensor<4xf32>) -> (index, tensor<4xf32>) {
    %few = arith.cmpi slt, %i, %c9 : index
    %first = tensor.extract %v[%c0] : tensor<4xf32>
    %small = arith.cmpf olt, %first, %limit : f32
    %go = arith.andi %few, %small : i1
    scf.condition(%go) %i, %v : index, tensor<4xf32>
  } do {
  ^bb0(%i: index, %v: tensor<4xf32>):
    %empty = tensor.empty() : tensor<4xf32>
    %next = linalg.generic {indexing_maps = [#same, #same], iterator_types = ["parallel"]}
        ins(%v : tensor<4xf32>) outs(%empty : tensor<4xf32>) {
    ^bb0(%old: f32, %out: f32):
      %place = tensor.extract %at[%i] : tensor<9xi64>
      %row = fovea.checked_index %place in %rows node "loop/Gather" : i64
      %column = linalg.index 0 : index
      %e = tensor.extract %x[%row, %column] : tensor<?x4xf32>
      %sum = arith.addf %old, %e : f32
      linalg.yield %sum : f32
    } -> tensor<4xf32>
    %j = arith.addi %i, %c1 : index
    scf.yield %j, %next : index, tensor<4xf32>
  }
  %n = arith.index_cast %r#0 : index to i64
  %count = tensor.from_elements %n : tensor<1xi64>
  return %r#1, %count : tensor<4xf32>, tensor<1xi64>
}
"""


def run(module: fovea.Module, at: list[int], most: float) -> tuple[Array, int]:
    x = np.arange(12, dtype=np.float32).reshape(3, 4) + 1
    got = module(x=x, at=np.array(at, np.int64), most=np.array([most], np.float32))
    return got["y"], int(got["count"][0])


def test_data_ends_the_loop() -> None:
    module = fovea.compile(STEPS, target=TARGET)
    assert "resident_grid" in forms(module)
    at = [0, 2, 1, 0, 0, 2, 2, 1, 0]
    x = np.arange(12, dtype=np.float32).reshape(3, 4) + 1
    for most in (0.0, 1.0, 1.5, 11.0, 1e9):
        want, steps = np.zeros(4, np.float32), 0
        while steps < 9 and want[0] < most:
            want, steps = want + x[at[steps]], steps + 1
        y, count = run(module, at, most)
        assert count == steps
        np.testing.assert_array_equal(y, want)


def test_faults_of_steps_stop_the_run() -> None:
    module = fovea.compile(STEPS, target=TARGET)
    at = [0, 2, 7, 0, 0, 2, 2, -9, 0]
    with pytest.raises(fovea.FoveaError, match="node 'loop/Gather': index 7 is out of range"):
        run(module, at, 1e9)
    y, count = run(module, at, 5.0)
    assert (count, y[0]) == (2, 10.0), "no step behind the end looks at its index"
    run(module, [0] * 9, 1e9)
