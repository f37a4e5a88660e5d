"""The largest score of each row beside the logarithm of its sum, by every form: with a probability
region, in parts of keys, of rows that keep nothing, and of rows that keep a NaN or an infinity.
"""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

from dataclasses import dataclass

import fovea
import ml_dtypes
import numpy as np
import pytest

Array = np.ndarray
ELEMENTS = {"f32": np.float32, "bf16": ml_dtypes.bfloat16, "f16": np.float16, "f64": np.float64}
HEADS, DEPTH = 2, 32
PROB = """prob {
  ^bb0(%p: REAL, %b: index, %h: index, %i: index, %j: index, %x: REAL):
    %y = arith.mulf %p, %p : REAL
    fovea.yield %y : REAL
  }"""
SCORE = """score {
  ^bb0(%s: REAL, %b: index, %h: index, %i: index, %j: index, %x: REAL):
    %y = arith.addf %s, %x : REAL
    fovea.yield %y : REAL
  }"""


@dataclass(frozen=True)
class Case:
    """One causal attention, whose bias is by row and key, and the form that it has."""

    form: str
    queries: int
    element: str = "f32"
    schedule: str = ""
    bias: bool = True
    prob: bool = False
    target: str = "host"

    def text(self) -> str:
        real = "f64" if self.element == "f64" else "f32"
        q = f"tensor<1x{HEADS}x{self.queries}x{DEPTH}x{self.element}>"
        k = f"tensor<1x{HEADS}x?x{DEPTH}x{self.element}>"
        rows = f"tensor<{self.queries}x{HEADS}x1x{real}>"
        bias = f"tensor<{self.queries}x?x{real}>"
        maps = ["b, h, i, d", "b, h, j, d", "b, h, j, e", "i, j", "b, h, i, e", *["i, h, b"] * 2]
        listed = ", ".join(f"affine_map<(b, h, i, j, d, e) -> ({results})>" for results in maps)
        regions = (SCORE * self.bias + PROB * self.prob).replace("REAL", real)
        results = f"{q}, {rows}, {rows}"
        return f"""
func.func @main(%q: {q} {{fovea.name = "q"}},
    %k: {k} {{fovea.name = "k", fovea.shape = ["", "", "T", ""]}},
    %add: {bias} {{fovea.name = "x", fovea.shape = ["", "T"]}},
    %a: tensor<i64> {{fovea.name = "at"}})
    -> ({q} {{fovea.name = "out"}}, {rows} {{fovea.name = "lse"}}, {rows} {{fovea.name = "max"}}) {{
  %raw = tensor.extract %a[] : tensor<i64>
  %at = arith.index_cast %raw : i64 to index
  %o = tensor.empty() : {q}
  %l = tensor.empty() : {rows}
  %r:3 = fovea.attention ins(%q, %k, %k : {q}, {k}, {k}) captures(%add : {bias})
      offset(%at) causal outs(%o, %l, %l : {results})
      {{scale = 0.25 : f64, {self.schedule}indexing_maps = [{listed}]}} {regions} -> {results}
  return %r#0, %r#1, %r#2 : {results}
}}"""


PARTS = "schedule = #fovea.schedule<kv_split = 3>, "
CASES = [
    Case("transposed_attention", 70),
    Case("transposed_attention", 33, "bf16", prob=True),
    Case("transposed_attention", 20, "f16", bias=False),
    Case("streamed_attention", 3),
    Case("streamed_attention", 1, "bf16", bias=False),
    Case("streamed_attention", 2, prob=True),
    Case("streamed_attention", 2, schedule=PARTS),
    Case("streamed_attention", 4, bias=False, schedule=PARTS),
    Case("row_attention", 5, "f64"),
    Case("row_attention", 3, "f64", schedule=PARTS),
    Case("tile_attention", 40, "f16", target="cuda-emulated"),
    Case("tile_attention", 20, "bf16", bias=False, prob=True, target="cuda-emulated"),
    Case("warp_attention", 20, target="cuda-emulated"),
    Case("warp_attention", 3, prob=True, target="cuda-emulated"),
    Case("decode_attention", 3, target="cuda-emulated"),
    Case("decode_attention", 2, "f16", schedule=PARTS, target="cuda-emulated"),
]


def expected(case: Case, feed: dict[str, Array]) -> tuple[Array, Array]:
    """[S, H] each, by the formula; NaN where a row keeps a score of NaN or infinity."""
    q, k = (feed[name][0].astype(np.float64) for name in "qk")
    i, j = np.arange(case.queries)[:, None], np.arange(k.shape[1])[None, :]
    scores = 0.25 * q @ k.swapaxes(1, 2) + (feed["x"].astype(np.float64) if case.bias else 0)
    scores = np.where(j <= i + int(feed["at"]), scores, -np.inf)
    odd = np.any(np.isnan(scores) | (scores == np.inf), axis=2)
    scores[odd] = np.nan
    most = scores.max(axis=2, initial=-np.inf)
    with np.errstate(divide="ignore", invalid="ignore"):
        sums = np.exp(scores - np.where(most == -np.inf, 0, most)[..., None]).sum(axis=2)
        lse = np.where(most == -np.inf, -np.inf, most + np.log(sums))
    return lse.T, most.T


@pytest.mark.parametrize("case", CASES, ids=str)
def test_rows_have_their_largest_score(case: Case) -> None:
    """The first rows keep nothing, and some keep a NaN, infinities, or -inf alone."""
    module = fovea.compile(case.text(), target=case.target, threads=1)
    forms = {record["form"] for record in module.ledger["kernels"]
             if record["op"] == "fovea.attention"}  # fmt: skip
    assert forms == {case.form}
    element = ELEMENTS[case.element]
    real = np.float64 if element is np.float64 else np.float32
    for keys, at in ((0, 0), (5, -1), (100, 50), (333, 320), (64, -case.queries)):
        rng = np.random.default_rng(keys)
        x = rng.standard_normal((case.queries, keys)).astype(real)
        for row, value in enumerate((np.nan, np.inf, -np.inf)[: case.queries]):
            x[row, slice(None) if value == -np.inf else slice(1)] = value
        feed = {
            "q": rng.standard_normal((1, HEADS, case.queries, DEPTH)).astype(element),
            "k": rng.standard_normal((1, HEADS, keys, DEPTH)).astype(element),
            "x": x,
            "at": np.array(at),
        }
        got = module(**feed)
        lse, most = expected(case, feed)
        near = 1e-12 if real is np.float64 else 1e-5
        np.testing.assert_allclose(got["lse"][..., 0], lse, rtol=near, atol=near)
        np.testing.assert_allclose(got["max"][..., 0], most, rtol=near, atol=near)
