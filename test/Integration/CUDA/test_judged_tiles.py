"""Masks of integers and bits of all widths, which the lanes of a warp read, judge tiles."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import fovea
import numpy as np
import pytest
from build_tree import PROGRAM, require

require(PROGRAM, "./dev build")

HEAD = 16
DTYPES = {"i1": np.bool_, "i8": np.int8, "i16": np.int16, "i32": np.int32, "i64": np.int64}
TEXT = """
func.func @main(%q: Q {fovea.name = "q"}, %k: K {fovea.name = "k"}, %ids: I {fovea.name = "ids"},
    %own: O {fovea.name = "own"}) -> (Q {fovea.name = "y"}) {
  %e = tensor.empty() : Q
  %y = fovea.attention ins(%q, %k, %k : Q, K, K) captures(%own, %ids : O, I) outs(%e : Q)
      {scale = 0.25 : f64, indexing_maps = [affine_map<(b, h, i, j, d, e) -> (b, h, i, d)>,
        affine_map<(b, h, i, j, d, e) -> (b, h, j, d)>,
        affine_map<(b, h, i, j, d, e) -> (b, h, j, e)>, affine_map<(b, h, i, j, d, e) -> (b, i)>,
        affine_map<(b, h, i, j, d, e) -> (b, j)>,
        affine_map<(b, h, i, j, d, e) -> (b, h, i, e)>]} mask {
  ^bb0(%b: index, %h: index, %i: index, %j: index, %mine: T, %its: T):
    %same = arith.cmpi eq, %mine, %its : T
    fovea.yield %same : i1
  } -> Q
  return %y : Q
}
"""


@pytest.mark.parametrize("runs", [(70, 200), (17, 40, 40, 96)], ids=str)
@pytest.mark.parametrize("dtype", DTYPES)
def test_tiles_of_equal_ids(dtype: str, runs: tuple[int, ...]) -> None:
    """Ids in runs, so that tiles are kept whole, not at all, and in part."""
    keys, queries = sum(runs), 70
    types = {
        "Q": f"tensor<1x1x{queries}x{HEAD}xf16>",
        "K": f"tensor<1x1x{keys}x{HEAD}xf16>",
        "I": f"tensor<1x{keys}x{dtype}>",
        "O": f"tensor<1x{queries}x{dtype}>",
        "T": dtype,
    }
    text = TEXT
    for name, written in types.items():
        text = text.replace(f": {name}", f": {written}").replace(f", {name}", f", {written}")
        text = text.replace(f"({name} {{", f"({written} {{").replace(
            f"-> {name}\n", f"-> {written}\n"
        )
    module = fovea.compile(text, target="cuda-emulated", threads=1)
    assert {record["form"] for record in module.ledger["kernels"]} == {"tile_attention"}
    rng = np.random.default_rng(keys)
    q, k = (rng.standard_normal((1, 1, rows, HEAD)).astype(np.float16) for rows in (queries, keys))
    kind = DTYPES[dtype]
    # Negative ones and extremes: reductions are of signed numbers.
    limits = (1, 0, 1) if dtype == "i1" else (np.iinfo(kind).min, -1, np.iinfo(kind).max)
    values = np.array(limits, kind)
    ids = np.repeat(values[np.arange(len(runs)) % 3], runs).astype(kind)
    own = np.repeat(values[:2], (40, 30)).astype(kind)
    scores = q[0, 0].astype(np.float64) @ k[0, 0].T.astype(np.float64) * 0.25
    weights = np.exp(scores) * (own[:, None] == ids)
    expected = weights @ k[0, 0].astype(np.float64) / weights.sum(axis=1, keepdims=True)
    got = module(q=q, k=k, ids=ids[None], own=own[None])["y"]
    # Weights and results in f16: half a unit of 2^-11 each, of values below 5.
    np.testing.assert_allclose(got[0, 0], expected, atol=5 * 2**-10)
