"""The forms of products of a GPU against float64, under the emulator: sizes around their tiles.

Products of 16-bit elements are exact in f32, so that the sums alone round: an error of half a unit
of f32 for each term, in the size of the sum of magnitudes, and one of the result's type.
"""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import fovea
import numpy as np
import pytest
from build_tree import PROGRAM, require

require(PROGRAM, "./dev build")

# Form, dtype, columns as rows of memory, rows, columns, depth.
CASES = [
    ("tile_product", "f16", True, 64, 64, 64),
    ("tile_product", "f16", True, 17, 100, 192),
    ("tile_product", "f16", False, 130, 128, 64),
    ("tile_product", "f16", False, 65, 192, 128),
    ("fma_product", "f16", False, 65, 70, 128),
    ("fma_product", "f16", True, 20, 70, 100),
    ("fma_product", "f32", True, 65, 63, 33),
    ("fma_product", "f32", False, 130, 70, 64),
    ("warp_product", "f32", True, 1, 70, 100),
    ("warp_product", "f16", True, 7, 33, 64),
    ("loop_product", "f32", False, 3, 70, 20),
]
BATCHES = (0, 3)


def program(dtype: str, as_rows: bool, sizes: tuple[int, int, int], batches: int) -> str:
    """y = x w + c, with one more dimension outside when there are batches."""
    rows, columns, depth = sizes
    outer = f"{batches}x" if batches else ""
    dim = "b, " if batches else ""
    right = f"{columns}x{depth}" if as_rows else f"{depth}x{columns}"
    x, w = f"tensor<{outer}{rows}x{depth}x{dtype}>", f"tensor<{outer}{right}x{dtype}>"
    y, c = f"tensor<{outer}{rows}x{columns}xf32>", f"tensor<{columns}xf32>"
    results = (f"{dim}m, k", f"{dim}n, k" if as_rows else f"{dim}k, n", "n", f"{dim}m, n")
    maps = ", ".join(f"affine_map<({dim}m, n, k) -> ({result})>" for result in results)
    return f"""
func.func @main(%x: {x} {{fovea.name = "x"}}, %w: {w} {{fovea.name = "w"}},
    %c: {c} {{fovea.name = "c"}}) -> ({y} {{fovea.name = "y"}}) {{
  %e = tensor.empty() : {y}
  %y = fovea.contract ins(%x, %w : {x}, {w}) captures(%c : {c}) outs(%e : {y})
      {{indexing_maps = [{maps}]}} epilogue {{
  ^bb0(%s: f32, %t: f32):
    %r = arith.addf %s, %t : f32
    fovea.yield %r : f32
  }} -> {y}
  return %y : {y}
}}
"""


@pytest.mark.parametrize("batches", BATCHES)
@pytest.mark.parametrize("case", CASES, ids=lambda case: "-".join(map(str, case)))
def test_product(case: tuple[str, str, bool, int, int, int], batches: int) -> None:
    form, dtype, as_rows, *sizes = case
    rows, columns, depth = sizes
    module = fovea.compile(program(dtype, as_rows, (rows, columns, depth), batches),
                           target="cuda-emulated")  # fmt: skip
    assert form in {record["form"] for record in module.ledger["kernels"]}
    rng = np.random.default_rng(rows * 1000 + columns)
    outer = (batches,) if batches else ()
    kind = np.float16 if dtype == "f16" else np.float32
    x = rng.standard_normal((*outer, rows, depth)).astype(kind)
    w = rng.standard_normal((*outer, *((columns, depth) if as_rows else (depth, columns))))
    w, c = w.astype(kind), rng.standard_normal(columns).astype(np.float32)
    got = module(x=x, w=w, c=c)["y"]
    right = np.swapaxes(w, -1, -2) if as_rows else w
    wide = [np.asarray(each, np.float64) for each in (x, right)]
    expected = wide[0] @ wide[1] + c
    magnitude = np.abs(wide[0]) @ np.abs(wide[1]) + np.abs(c)
    bound = (depth + 2) * np.finfo(np.float32).eps / 2 * magnitude
    assert (np.abs(got - expected) <= bound).all()


ROWS, COLUMNS, DEPTH = 70, 64, 64
AT = np.ogrid[:ROWS, :COLUMNS, :DEPTH]
# Maps whose summed dimension or columns are no plain index: of an operand the shape, the map's
# results, and its elements as an array that broadcasts over (m, n, k).
PLAIN = ((COLUMNS, DEPTH), "n, k", lambda x: x[AT[1], AT[2]])
ODD = {
    "overlap": ((ROWS + DEPTH - 1,), "m + k", lambda x: x[AT[0] + AT[2]]),
    "one": ((ROWS,), "m", lambda x: x[AT[0]]),
    "diagonal": ((ROWS, DEPTH, DEPTH), "m, k, k", lambda x: x[AT[0], AT[2], AT[2]]),
    "apart": ((2 * ROWS, DEPTH), "m * 2, k", lambda x: x[AT[0] * 2, AT[2]]),
}
ODD_COLUMNS = {
    "overlap": ((DEPTH, COLUMNS + DEPTH - 1), "k, n + k", lambda w: w[AT[2], AT[1] + AT[2]]),
    "one": ((COLUMNS,), "n", lambda w: w[AT[1]]),
    "diagonal": ((COLUMNS, DEPTH, DEPTH), "n, k, k", lambda w: w[AT[1], AT[2], AT[2]]),
}
PAIRS = [(rows, PLAIN) for rows in ODD.values()]
PAIRS += [(((ROWS, DEPTH), "m, k", lambda x: x[AT[0], AT[2]]), each) for each in
          ODD_COLUMNS.values()]  # fmt: skip
IDS = [f"rows-{name}" for name in ODD] + [f"columns-{name}" for name in ODD_COLUMNS]


@pytest.mark.parametrize("target", ["cuda-emulated", "host"])
@pytest.mark.parametrize("dtype", ["f16", "f32"])
@pytest.mark.parametrize("pair", PAIRS, ids=IDS)
def test_product_of_odd_maps(pair: tuple, dtype: str, target: str) -> None:
    (x_shape, x_map, x_at), (w_shape, w_map, w_at) = pair
    x_type, w_type = (
        f"tensor<{'x'.join(map(str, shape))}x{dtype}>" for shape in (x_shape, w_shape)
    )
    y = f"tensor<{ROWS}x{COLUMNS}xf32>"
    maps = ", ".join(f"affine_map<(m, n, k) -> ({results})>" for results in (x_map, w_map, "m, n"))
    module = fovea.compile(
        f"""
func.func @main(%x: {x_type} {{fovea.name = "x"}}, %w: {w_type} {{fovea.name = "w"}})
    -> ({y} {{fovea.name = "y"}}) {{
  %e = tensor.empty() : {y}
  %y = fovea.contract ins(%x, %w : {x_type}, {w_type}) outs(%e : {y})
      {{indexing_maps = [{maps}]}} epilogue {{
  ^bb0(%s: f32):
    fovea.yield %s : f32
  }} -> {y}
  return %y : {y}
}}
""",
        target=target,
    )
    rng = np.random.default_rng(len(x_map) * 100 + len(w_map))
    kind = np.float16 if dtype == "f16" else np.float32
    x, w = (rng.standard_normal(shape).astype(kind) for shape in (x_shape, w_shape))
    terms = x_at(x.astype(np.float64)) * w_at(w.astype(np.float64))
    terms = np.broadcast_to(terms, (ROWS, COLUMNS, DEPTH))
    bound = (DEPTH + 2) * np.finfo(np.float32).eps / 2 * np.abs(terms).sum(axis=2)
    assert (np.abs(module(x=x, w=w)["y"] - terms.sum(axis=2)) <= bound).all()
