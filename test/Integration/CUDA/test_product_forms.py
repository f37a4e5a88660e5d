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
    ("tile_product", "f16", False, 65, 70, 128),
    ("tile_product", "f16", True, 20, 70, 100),
    ("tile_product", "f16", True, 33, 40, 72),
    ("tile_product", "f16", False, 16, 72, 5),
    ("tile_product", "f16", True, 40, 72, 1),
    ("tile_product", "f16", False, 40, 1, 64),
    ("fma_product", "f32", True, 65, 63, 33),
    ("fma_product", "f32", False, 130, 70, 64),
    ("warp_product", "f32", True, 1, 70, 100),
    ("warp_product", "f16", True, 7, 33, 64),
    ("loop_product", "f32", False, 3, 70, 20),
]
# 130 of them are tiles enough for large ones.
BATCHED = [(case, batches) for case in CASES for batches in (0, 3, 130)
           if batches < 130 or (case[0] == "tile_product" and case[3] <= 64)]  # fmt: skip
# Batch and rows of one module that knows neither: small tiles, large ones, none.
RUNS = ((3, 70), (130, 17), (1, 0), (2, 130))


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


def check(module: fovea.Module, shape: tuple[int, ...], as_rows: bool, dtype: str) -> None:
    """One run; `shape` is of outer dimensions, rows, columns and depth."""
    *outer, rows, columns, depth = shape
    rng = np.random.default_rng(rows * 1000 + columns)
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


@pytest.mark.parametrize("case, batches", BATCHED)
def test_product(case: tuple[str, str, bool, int, int, int], batches: int) -> None:
    form, dtype, as_rows, *sizes = case
    rows, columns, depth = sizes
    module = fovea.compile(program(dtype, as_rows, (rows, columns, depth), batches),
                           target="cuda-emulated")  # fmt: skip
    assert form in {record["form"] for record in module.ledger["kernels"]}
    check(module, (*((batches,) if batches else ()), rows, columns, depth), as_rows, dtype)


@pytest.mark.parametrize("as_rows", [True, False])
def test_tiles_of_any_number(as_rows: bool) -> None:
    """The same kernel has large tiles when there are many, and small ones."""
    columns, depth = 72, 40
    right = f"{columns}x{depth}" if as_rows else f"{depth}x{columns}"
    text = program("f16", as_rows, (7, columns, depth), 5)
    text = text.replace("5x7x", "?x?x").replace(f"5x{right}", f"?x{right}")
    text = text.replace('"x"}', '"x", fovea.shape = ["B", "M", ""]}')
    text = text.replace('"w"}', '"w", fovea.shape = ["B", "", ""]}')
    text = text.replace('"y"}', '"y", fovea.shape = ["B", "M", ""]}')
    x = f"tensor<?x?x{depth}xf16>"
    sizes = f"""
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %b = tensor.dim %x, %c0 : {x}
  %m = tensor.dim %x, %c1 : {x}
  %e = tensor.empty(%b, %m)"""
    module = fovea.compile(text.replace("\n  %e = tensor.empty()", sizes), target="cuda-emulated")
    assert "tile_product" in {record["form"] for record in module.ledger["kernels"]}
    for batch, rows in RUNS:
        check(module, (batch, rows, columns, depth), as_rows, "f16")


def test_taps_of_channels() -> None:
    """A convolution of rows of channels: two summed dimensions, windows that overlap."""
    steps, taps, depth, columns = 70, 3, 40, 33
    of_x = f"tensor<{steps + taps - 1}x{depth}xf16>"
    of_w = f"tensor<{columns}x{taps}x{depth}xf16>"
    y = f"tensor<{steps}x{columns}xf32>"
    results = ("m + t, k", "n, t, k", "m, n")
    maps = ", ".join(f"affine_map<(m, n, t, k) -> ({result})>" for result in results)
    module = fovea.compile(f"""
func.func @main(%x: {of_x} {{fovea.name = "x"}}, %w: {of_w} {{fovea.name = "w"}})
    -> ({y} {{fovea.name = "y"}}) {{
  %e = tensor.empty() : {y}
  %y = fovea.contract ins(%x, %w : {of_x}, {of_w}) outs(%e : {y})
      {{indexing_maps = [{maps}]}} epilogue {{
  ^bb0(%s: f32):
    fovea.yield %s : f32
  }} -> {y}
  return %y : {y}
}}
""", target="cuda-emulated")  # fmt: skip
    assert "tile_product" in {record["form"] for record in module.ledger["kernels"]}
    rng = np.random.default_rng(1)
    x = rng.standard_normal((steps + taps - 1, depth)).astype(np.float16)
    w = rng.standard_normal((columns, taps, depth)).astype(np.float16)
    windows = np.lib.stride_tricks.sliding_window_view(x, taps, axis=0).astype(np.float64)
    expected = np.einsum("mkt,ntk->mn", windows, w.astype(np.float64))
    magnitude = np.einsum("mkt,ntk->mn", np.abs(windows), np.abs(w.astype(np.float64)))
    bound = (taps * depth + 2) * np.finfo(np.float32).eps / 2 * magnitude
    assert (np.abs(module(x=x, w=w)["y"] - expected) <= bound).all()
