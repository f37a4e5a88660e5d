"""Decoding from pages: against float64, without a copy of the pool, whatever lies in pages and rows
that hold no key; lengths and tables that leave what there is stop the run.
"""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

from dataclasses import dataclass

import fovea
import ml_dtypes
import numpy as np
import pytest
from attention_limits import limit_of

Array = np.ndarray
DIMS = "b, h, i, j, d, e"
BATCH, HEADS, SHARED, DEPTH = 3, 8, 2, 64
ELEMENTS = {"f32": np.float32, "bf16": ml_dtypes.bfloat16}


@dataclass(frozen=True)
class Case:
    """One attention over any number of pages."""

    page: int
    queries: int = 1
    element: str = "f32"
    parts: int = 1
    lengths: bool = True
    form: str = "streamed_attention"

    def text(self) -> str:
        e = self.element
        q = f"tensor<{BATCH}x{HEADS}x{self.queries}x{DEPTH}x{e}>"
        k = f"tensor<?x{self.page}x{SHARED}x{DEPTH}x{e}>"
        row = f"j floordiv {self.page}, j mod {self.page}, h floordiv {HEADS // SHARED}"
        maps = ("b, h, i, d", f"{row}, d", f"{row}, e", "b, h, i, e")
        listed = ", ".join(f"affine_map<({DIMS}) -> ({results})>" for results in maps)
        lengths = f"lengths(%n : tensor<{BATCH}xi32>)" * self.lengths
        schedule = f"kv_split = {self.parts}"
        if self.form == "row_attention":
            schedule = f'form = "{self.form}", ' + schedule
        return f"""
func.func @main(%q: {q} {{fovea.name = "q"}},
    %k: {k} {{fovea.name = "k", fovea.shape = ["P", "", "", ""]}},
    %v: {k} {{fovea.name = "v", fovea.shape = ["P", "", "", ""]}},
    %n: tensor<{BATCH}xi32> {{fovea.name = "n"}},
    %p: tensor<{BATCH}x?xi32> {{fovea.name = "p", fovea.shape = ["", "M"]}}) -> {q} {{
  %o = tensor.empty() : {q}
  %r = fovea.attention ins(%q, %k, %v : {q}, {k}, {k}) {lengths}
      pages(%p : tensor<{BATCH}x?xi32>) outs(%o : {q}) {{scale = 0.125 : f64,
      indexing_maps = [{listed}], schedule = #fovea.schedule<{schedule}>}} -> {q}
  return %r : {q}
}}"""


def feed_of(case: Case, blocks: int, lengths: tuple[int, ...]) -> dict[str, Array]:
    rng = np.random.default_rng(blocks)
    element = ELEMENTS[case.element]
    pages = BATCH * blocks + 2
    shape = (pages, case.page, SHARED, DEPTH)
    table = rng.permutation(pages)[: BATCH * blocks].reshape(BATCH, blocks)
    feed = {
        "q": rng.standard_normal((BATCH, HEADS, case.queries, DEPTH)).astype(element),
        "k": rng.standard_normal(shape).astype(element),
        "v": rng.standard_normal(shape).astype(element),
        "n": np.array(lengths, np.int32),
        "p": table.astype(np.int32),
    }
    if not case.lengths:
        return feed
    held = np.zeros(shape[:2], bool)
    for b, length in enumerate(lengths):
        used = -(-length // case.page)
        held[table[b, :used]] = True
        if length % case.page:
            held[table[b, used - 1], length % case.page :] = False
        feed["p"][b, used:] = (-1, pages, 2**31 - 1)[b]
    feed["k"][~held], feed["v"][~held] = np.nan, np.inf
    return feed


def expected(case: Case, feed: dict[str, Array]) -> Array:
    y = np.zeros((BATCH, HEADS, case.queries, DEPTH))
    for b in range(BATCH):
        length = int(feed["n"][b]) if case.lengths else feed["p"].shape[1] * case.page
        used = feed["p"][b, : -(-length // case.page)]
        k, v = (
            np.repeat(feed[name][used].astype(np.float64).reshape(-1, SHARED, DEPTH)[:length], 4, 1)
            for name in "kv"
        )
        scores = 0.125 * np.einsum("hid,jhd->hij", feed["q"][b].astype(np.float64), k)
        weights = np.exp(scores - scores.max(-1, keepdims=True, initial=-1e300))
        total = np.maximum(weights.sum(-1, keepdims=True), 1e-300)
        y[b] = np.einsum("hij,jhe->hie", weights / total, v)
    return y


def check(module: fovea.Module, case: Case, rounds_weights: bool = False) -> None:
    """`rounds_weights` to bf16: by half of the last of 8 bits of each."""
    for blocks in (1, 2, 13):
        most = blocks * case.page
        for lengths in ((most, 1, 0), (most - 1, most // 2, min(most, 17))):
            feed = feed_of(case, blocks, lengths)
            y, got = expected(case, feed), module(**feed)["result0"].astype(np.float64)
            limit = limit_of(y, DEPTH, case.element)
            if rounds_weights:
                limit += expected(case, feed | {"v": np.abs(feed["v"])}) * 2.0**-8
            assert np.all(np.abs(got - y) <= limit)


CASES = (
    Case(16),
    Case(128, queries=4),
    Case(64, element="bf16", parts=4),
    Case(16, queries=2, element="bf16"),
    Case(32, parts=3),
    Case(48, lengths=False, parts=8),
    Case(24, form="transposed_attention"),
    Case(7, queries=3, element="bf16", form="transposed_attention"),
    Case(16, queries=200, form="transposed_attention"),
    Case(2, form="transposed_attention"),
    Case(32, queries=2, form="row_attention"),
)


@pytest.mark.parametrize("case", CASES, ids=str)
@pytest.mark.parametrize("target", ["host", "x86-64-v3"])
def test_pages_agree_with_float64(case: Case, target: str) -> None:
    module = fovea.compile(case.text(), target=target)
    records = [r for r in module.ledger["kernels"] if r["op"] == "fovea.attention"]
    assert [r["form"] for r in records] == [case.form]
    check(module, case)


def test_the_pool_is_not_copied() -> None:
    for case in (Case(16), Case(32, element="bf16", parts=4), Case(16, queries=200)):
        module = fovea.compile(case.text())
        assert module.peak_bytes(P=5, M=1) == module.peak_bytes(P=100_000, M=30_000)


@pytest.mark.parametrize(
    ("name", "at", "value", "what"),
    [("n", 1, 33, r"length 33 is out of range \[0, 32\]"),
     ("n", 0, -1, "length -1 is out of range"),
     ("p", (0, 1), 8, "index 8 is out of range for 8 elements"),
     ("p", (2, 0), -1, "index -1 is out of range for 8 elements")],
)  # fmt: skip
def test_what_is_not_there_stops_the_run(
    name: str, at: tuple[int, ...], value: int, what: str
) -> None:
    case = Case(16)
    feed = feed_of(case, 2, (32, 3, 1))
    module = fovea.compile(case.text())
    module(**feed)
    feed[name][at] = value
    with pytest.raises(fovea.FoveaError, match=f"node 'fovea.attention in line [0-9]+': {what}"):
        module(**feed)
