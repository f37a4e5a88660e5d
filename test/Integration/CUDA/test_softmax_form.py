"""Softmax of a program behind the graph phase, by a warp for each row.

Of imported models the graph decomposes softmax over another dimension than the last.
"""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import fovea
import numpy as np
import pytest
from build_tree import PROGRAM, require

require(PROGRAM, "./dev build")

PROGRAM_TEXT = """
module attributes {fovea.phase = "graph"} {
  func.func @main(%x: tensor<?x?xT> {fovea.name = "x", fovea.shape = ["R", "C"]})
      -> (tensor<?x?xT> {fovea.name = "y", fovea.shape = ["R", "C"]}) attributes {fovea.entry} {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %r = tensor.dim %x, %c0 : tensor<?x?xT>
    %c = tensor.dim %x, %c1 : tensor<?x?xT>
    %e = tensor.empty(%r, %c) : tensor<?x?xT>
    %y = linalg.softmax dimension(D) ins(%x : tensor<?x?xT>) outs(%e : tensor<?x?xT>)
        -> tensor<?x?xT>
    return %y : tensor<?x?xT>
  }
}
"""


def program(element: str, dim: int) -> str:
    return PROGRAM_TEXT.replace("xT>", f"x{element}>").replace("(D)", f"({dim})")


# Less than a warp, more than one, no elements, no rows.
SIZES = ((3, 7), (5, 97), (1, 1), (2, 0), (0, 4))


@pytest.mark.parametrize("dim", (0, 1))
@pytest.mark.parametrize("element, dtype, rounding", [("f32", np.float32, 1e-6),
                                                      ("f64", np.float64, 1e-14)])  # fmt: skip
def test_agrees_with_float64(dim: int, element: str, dtype: type, rounding: float) -> None:
    module = fovea.compile(program(element, dim))
    assert [record["form"] for record in module.ledger["kernels"]] == ["row_softmax"]
    for sizes in SIZES:
        x = np.random.default_rng(sizes).standard_normal(sizes).astype(dtype) * 8
        weights = np.exp(x.astype(np.float64) - x.max(dim, keepdims=True, initial=-np.inf))
        expected = weights / weights.sum(dim, keepdims=True)
        np.testing.assert_allclose(module(x=x)["y"], expected, rtol=8 * rounding, atol=rounding)
