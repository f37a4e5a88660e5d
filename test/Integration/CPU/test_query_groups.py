"""Decoding with heads that share keys: one query a head, computed as queries of one head."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import fovea
import numpy as np
import pytest

BATCH, HEADS, SHARED, DEPTH = 2, 12, 3, 24
GROUP = HEADS // SHARED
DIMS = "(b, h, i, j, d, e)"
LAYOUTS = {"bhsd": "b, h, i, {}", "bshd": "b, i, h, {}"}

REGIONS = """score {
    ^bb0(%s: f32, %b: index, %h: index, %i: index, %j: index, %slope: f32, %add: f32, %count: i64):
      %behind = arith.subi %j, %i : index
      %whole = arith.index_cast %behind : index to i32
      %distance = arith.sitofp %whole : i32 to f32
      %bias = arith.mulf %distance, %slope : f32
      %t = arith.addf %s, %bias : f32
      %u = arith.addf %t, %add : f32
      fovea.yield %u : f32
    } mask {
    ^bb0(%b: index, %h: index, %i: index, %j: index, %slope: f32, %add: f32, %count: i64):
      %length = arith.index_cast %count : i64 to index
      %bound = arith.subi %length, %h : index
      %last = arith.addi %bound, %i : index
      %keep = arith.cmpi slt, %j, %last : index
      fovea.yield %keep : i1
    }"""


def module(layout: str) -> str:
    """ALiBi, a bias by head and a length by batch row that shrinks by the head's number."""
    rows, out = (LAYOUTS[layout].format(dim) for dim in "de")
    maps = [rows, f"b, h floordiv {GROUP}, j, d", f"b, h floordiv {GROUP}, j, e", "h",
            "b, h, i, j", "b", out, "b, h, i"]  # fmt: skip
    listed = ", ".join(f"affine_map<{DIMS} -> ({results})>" for results in maps)
    sizes = [BATCH, HEADS, 1] if layout == "bhsd" else [BATCH, 1, HEADS]
    q = "tensor<" + "x".join(map(str, [*sizes, DEPTH])) + "xf32>"
    k = f"tensor<{BATCH}x{SHARED}x?x{DEPTH}xf32>"
    captures = f"tensor<{HEADS}xf32>, tensor<{BATCH}x{HEADS}x1x?xf32>, tensor<{BATCH}xi64>"
    lse = f"tensor<{BATCH}x{HEADS}x1xf32>"
    return f"""
func.func @main(%q: {q} {{fovea.name = "q"}},
    %k: {k} {{fovea.name = "k", fovea.shape = ["", "", "T", ""]}},
    %v: {k} {{fovea.name = "v", fovea.shape = ["", "", "T", ""]}},
    %m: tensor<{HEADS}xf32> {{fovea.name = "m"}},
    %a: tensor<{BATCH}x{HEADS}x1x?xf32> {{fovea.name = "a", fovea.shape = ["", "", "", "T"]}},
    %n: tensor<{BATCH}xi64> {{fovea.name = "n"}})
    -> ({q} {{fovea.name = "y"}}, {lse} {{fovea.name = "lse"}}) {{
  %o = tensor.empty() : {q}
  %l = tensor.empty() : {lse}
  %y:2 = fovea.attention ins(%q, %k, %v : {q}, {k}, {k}) captures(%m, %a, %n : {captures})
      outs(%o, %l : {q}, {lse}) {{scale = 0.2 : f64, indexing_maps = [{listed}]}}
      {REGIONS} -> {q}, {lse}
  return %y#0, %y#1 : {q}, {lse}
}}
"""


def expected(feed: dict[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """By the formula, in float64; q as [batch, heads, depth]."""
    q, k, v, m, a, n = (feed[name].astype(np.float64) for name in "qkvman")
    k, v = (np.repeat(x, GROUP, axis=1) for x in (k, v))
    keys = np.arange(k.shape[2])
    scores = 0.2 * np.einsum("bhd,bhjd->bhj", q, k) + m[:, None] * keys + a[:, :, 0]
    last = n[:, None] - np.arange(HEADS)
    scores = np.where(keys < last[:, :, None], scores, -np.inf)
    most = np.maximum(scores.max(-1, keepdims=True), -1e300)
    weights = np.exp(scores - most)
    total = weights.sum(-1, keepdims=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        lse = (most + np.log(total))[..., 0]
        y = np.where(total > 0, np.einsum("bhj,bhje->bhe", weights, v) / total, 0)
    return y, np.where(total[..., 0] > 0, lse, -np.inf)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_one_query_a_head(layout: str) -> None:
    compiled = fovea.compile(module(layout))
    rng = np.random.default_rng(3)
    for keys in (1, 5, 97, 300):
        feed = {
            "q": rng.standard_normal((BATCH, HEADS, DEPTH)),
            "k": rng.standard_normal((BATCH, SHARED, keys, DEPTH)),
            "v": rng.standard_normal((BATCH, SHARED, keys, DEPTH)),
            "m": 2.0 ** -rng.integers(1, 8, HEADS),
            "a": rng.standard_normal((BATCH, HEADS, 1, keys)),
        }
        feed = {name: array.astype(np.float32) for name, array in feed.items()}
        feed["n"] = np.array([keys, keys // 2], np.int64)
        y, lse = expected(feed)
        given = feed["q"]
        feed["q"] = given[:, :, None] if layout == "bhsd" else given[:, None]
        outputs = compiled(**feed)
        np.testing.assert_allclose(outputs["y"].reshape(y.shape), y, rtol=1e-5, atol=1e-5)
        np.testing.assert_allclose(outputs["lse"][..., 0], lse, rtol=1e-5, atol=1e-5)
