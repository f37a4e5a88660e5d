"""Products, normalizations and softmax on AArch64 against numpy's float64.

A sum of n products is off by at most (n + 2) u of the sum of their sizes, for the unit u = 2^-24 of
f32 in which all types are summed; rounding to the type of the result adds half a unit of that.
"""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import itertools

import emulator
import numpy as np
import pytest
from case_inputs import NUMPY
from oracle import ROUNDING, UNIT

Array = np.ndarray
# Around the tiles' rows (6, 8, 12, 16) and columns (4, 8, 12, 16), and the depths of a turn.
SHAPES = ((1, 4, 1), (1, 100, 70), (5, 7, 9), (6, 16, 64), (8, 12, 130), (12, 8, 33), (16, 4, 34),
          (23, 29, 37), (50, 48, 2100))  # fmt: skip
TYPES = ("f32", "f16", "bf16")
COLUMNS = ("kn", "nk")
ROWS = ("mk", "km")
PRODUCTS = list(itertools.product(SHAPES, TYPES))

emulator.shared()


def type_of(sizes: tuple[int, ...], element: str) -> str:
    return f"tensor<{''.join(f'{size}x' for size in sizes)}{element}>"


def product(name: str, shape: tuple[int, int, int], element: str, rows: str, columns: str) -> str:
    """The entry out = relu(a b), with operands in the order that `rows` and `columns` say."""
    sizes = dict(zip("mnk", shape, strict=True))
    a, b = (type_of(tuple(sizes[dim] for dim in dims), element) for dims in (rows, columns))
    c = type_of(shape[:2], element)
    maps = ", ".join(f"affine_map<(m, n, k) -> ({', '.join(x)})>" for x in (rows, columns, "mn"))
    last = "%most" if element == "f32" else "%short"
    rounded = "" if element == "f32" else f"%short = arith.truncf %most : f32 to {element}"
    return f"""
func.func @{name}(%a: {a} {{fovea.name = "a"}}, %b: {b} {{fovea.name = "b"}})
    -> ({c} {{fovea.name = "out"}}) attributes {{fovea.entry}} {{
  %e = tensor.empty() : {c}
  %r = fovea.contract ins(%a, %b : {a}, {b}) outs(%e : {c}) {{indexing_maps = [{maps}]}} epilogue {{
  ^bb0(%sum: f32):
    %zero = arith.constant 0.0 : f32
    %most = arith.maximumf %sum, %zero : f32
    {rounded}
    fovea.yield {last} : {element}
  }} -> {c}
  return %r : {c}
}}
"""


def disagreement(got: Array, want: Array, bound: Array, element: str) -> float:
    """The largest part of the bound, with rounding to the type, that an error is."""
    unit, least = ROUNDING[element]
    errors = np.abs(got.astype(np.float64) - want)
    return float(np.max(errors / (bound + unit * (np.abs(want) + bound) + least)))


@pytest.mark.parametrize(("shape", "element"), PRODUCTS, ids=str)
def test_product(shape: tuple[int, int, int], element: str) -> None:
    orders = list(itertools.product(ROWS, COLUMNS))
    text = "".join(product("_".join(order), shape, element, *order) for order in orders)
    m, n, k = shape
    rng = np.random.default_rng(shape)
    a = rng.standard_normal((m, k)).astype(NUMPY[element])
    b = rng.standard_normal((k, n)).astype(NUMPY[element])
    x, y = a.astype(np.float64), b.astype(np.float64)
    want, bound = np.maximum(x @ y, 0), (k + 2) * UNIT["f32"] * (np.abs(x) @ np.abs(y))
    with emulator.loaded(text) as (entries,):
        for rows, columns in orders:
            given = {"a": a if rows == "mk" else a.T, "b": b if columns == "kn" else b.T}
            got = entries[f"{rows}_{columns}"](**given)["out"]
            assert got.shape == want.shape
            assert disagreement(got, want, bound, element) <= 1, (rows, columns)


def test_bounds_find_a_product_that_lacks_a_term() -> None:
    rng = np.random.default_rng(1)
    a, b = rng.standard_normal((8, 130)), rng.standard_normal((130, 12))
    bound = 132 * UNIT["f32"] * (np.abs(a) @ np.abs(b))
    assert disagreement(a @ b, a @ b, bound, "f16") == 0
    assert disagreement(a[:, 1:] @ b[1:], a @ b, bound, "f16") > 1


@pytest.mark.parametrize("element", TYPES)
@pytest.mark.parametrize("columns", (1, 3, 4, 17, 64))
def test_softmax(element: str, columns: int) -> None:
    t = f"tensor<?x{columns}x{element}>"
    text = f"""
func.func @main(%x: {t} {{fovea.name = "x", fovea.shape = ["n", ""]}})
    -> ({t} {{fovea.name = "out", fovea.shape = ["n", ""]}}) attributes {{fovea.entry}} {{
  %zero = arith.constant 0 : index
  %n = tensor.dim %x, %zero : {t}
  %e = tensor.empty(%n) : {t}
  %r = linalg.softmax dimension(1) ins(%x : {t}) outs(%e : {t}) -> {t}
  return %r : {t}
}}
"""
    x = (np.random.default_rng(columns).standard_normal((9, columns)) * 5).astype(NUMPY[element])
    wide = x.astype(np.float64)
    size = wide.max(-1, keepdims=True) - wide
    want = np.exp(-size)
    want /= want.sum(-1, keepdims=True)
    # The exponent is off by half a unit of what is subtracted, in the type of the computation.
    unit = ROUNDING[element][0]
    bound = want * (2 * unit * (size + size.max(-1, keepdims=True)) + (columns + 8) * unit)
    with emulator.loaded(text) as (entries,):
        got = entries["main"](x=x)["out"]
    assert disagreement(got, want, bound, element) <= 1
