"""Attention over parts of the keys, merged: against float64, and with one thread as with two.

Keys that no query keeps hold NaN: a kernel that weighs one by 0 instead of leaving it out fails.
"""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import fovea
import ml_dtypes
import numpy as np
import pytest
from attention_limits import limit_of

Array = np.ndarray
BATCH, DEPTH, WIDTH = 2, 32, 48
DIMS = "b, h, i, j, d, e"
KEYS = (0, 1, 3, 7, 100, 1000, 2100)
ELEMENTS = {"f32": np.float32, "bf16": ml_dtypes.bfloat16, "f64": np.float64}


@dataclass(frozen=True)
class Mask:
    """The body of a region and the same in numpy: of head, query, key, there and at."""

    body: str
    keep: Callable[..., Array]


MASKS = {
    "causal": Mask("""
        %n = arith.index_cast %at : i64 to index
        %last = arith.addi %i, %n : index
        %keep = arith.cmpi sle, %j, %last : index""",
        lambda h, i, j, there, at: j <= i + at),
    "window": Mask("""
        %n = arith.index_cast %at : i64 to index
        %last = arith.addi %i, %n : index
        %c = arith.constant 60 : index
        %first = arith.subi %last, %c : index
        %x = arith.cmpi sle, %j, %last : index
        %y = arith.cmpi sge, %j, %first : index
        %keep = arith.andi %x, %y : i1""",
        lambda h, i, j, there, at: (j <= i + at) & (j >= i + at - 60)),
    "there": Mask("""
        %keep = arith.andi %there, %there : i1""",
        lambda h, i, j, there, at: there[:, None, None, :] & (i >= 0) & (h >= 0)),
    "by head": Mask("""
        %c = arith.constant 2 : index
        %x = arith.remui %h, %c : index
        %zero = arith.constant 0 : index
        %keep = arith.cmpi eq, %x, %zero : index""",
        lambda h, i, j, there, at: (h % 2 == 0) & (j >= 0) & (i >= 0)),
}  # fmt: skip


@dataclass(frozen=True)
class Case:
    """One attention over any number of keys, T."""

    parts: int
    mask: str | None = None
    heads: int = 6
    shared: int = 2
    queries: int = 1
    element: str = "f32"
    lse: bool = False
    form: str | None = None
    score: bool = False

    def text(self) -> str:
        e, real = self.element, "f64" if self.element == "f64" else "f32"
        q = f"tensor<{BATCH}x{self.heads}x{self.queries}x{DEPTH}x{e}>"
        k = f"tensor<{BATCH}x?x{self.shared}x{DEPTH}x{e}>"
        v = f"tensor<{BATCH}x{self.shared}x?x{WIDTH}x{e}>"
        y = f"tensor<{BATCH}x{self.queries}x{self.heads}x{WIDTH}x{e}>"
        l = f"tensor<{BATCH}x{self.heads}x{self.queries}x{real}>"  # noqa: E741
        group = self.heads // self.shared
        maps = ["b, h, i, d", f"b, j, h floordiv {group}, d", f"b, h floordiv {group}, j, e",
                "b, j", "", "b, i, h, e", *(["b, h, i"] if self.lse else [])]  # fmt: skip
        listed = ", ".join(f"affine_map<({DIMS}) -> ({results})>" for results in maps)
        captures = f"tensor<{BATCH}x?xi1>, tensor<i64>"
        arguments = "%b: index, %h: index, %i: index, %j: index, %there: i1, %at: i64"
        mask = f"""mask {{
      ^bb0({arguments}):{MASKS[self.mask].body}
        fovea.yield %keep : i1
      }}""" if self.mask else ""  # fmt: skip
        score = f"""score {{
      ^bb0(%s: {real}, {arguments}):
        %whole = arith.muli %h, %j : index
        %short = arith.index_cast %whole : index to i32
        %float = arith.sitofp %short : i32 to {real}
        %c = arith.constant -0.001 : {real}
        %bias = arith.mulf %float, %c : {real}
        %x = arith.addf %s, %bias : {real}
        fovea.yield %x : {real}
      }}""" if self.score else ""  # fmt: skip
        form = f'form = "{self.form}", ' if self.form else ""
        results = f"{y}, {l}" if self.lse else y
        one, many = ("%r:2", "%r#0, %r#1") if self.lse else ("%r", "%r")
        return f"""
func.func @main(%q: {q} {{fovea.name = "q"}},
    %k: {k} {{fovea.name = "k", fovea.shape = ["", "T", "", ""]}},
    %v: {v} {{fovea.name = "v", fovea.shape = ["", "", "T", ""]}},
    %t: tensor<{BATCH}x?xi1> {{fovea.name = "there", fovea.shape = ["", "T"]}},
    %a: tensor<i64> {{fovea.name = "at"}}) -> ({results}) {{
  %o = tensor.empty() : {y}
  %l = tensor.empty() : {l}
  {one} = fovea.attention ins(%q, %k, %v : {q}, {k}, {v}) captures(%t, %a : {captures})
      outs({"%o, %l" if self.lse else "%o"} : {results}) {{scale = 0.25 : f64,
      indexing_maps = [{listed}],
      schedule = #fovea.schedule<{form}kv_split = {self.parts}>}} {score} {mask} -> {results}
  return {many} : {results}
}}"""


def expected(case: Case, feed: dict[str, Array]) -> tuple[Array, Array, Array]:
    """Results and what is kept, by the formula in float64."""
    q, k, v = (feed[name].astype(np.float64) for name in "qkv")
    group = case.heads // case.shared
    k, v = np.repeat(k.transpose(0, 2, 1, 3), group, axis=1), np.repeat(v, group, axis=1)
    h, i, j = (np.arange(n) for n in (case.heads, case.queries, k.shape[2]))
    keep = np.ones((BATCH, case.heads, case.queries, len(j)), bool)
    if case.mask:
        at = int(feed["at"])
        keep &= MASKS[case.mask].keep(h[:, None, None], i[:, None], j, feed["there"], at)
    bias = h[:, None, None] * j * -0.001 if case.score else 0
    scores = np.where(keep, 0.25 * np.einsum("bhid,bhjd->bhij", q, k) + bias, -np.inf)
    most = scores.max(-1, keepdims=True, initial=-1e300)
    weights = np.exp(scores - most)
    total = weights.sum(-1, keepdims=True)
    with np.errstate(divide="ignore"):
        lse = np.where(total > 0, most + np.log(total), -np.inf)[..., 0]
    y = np.einsum("bhij,bhje->bihe", weights / np.where(total == 0, 1, total), v)
    return y, lse, keep


def check(module: fovea.Module, case: Case, keys: int, at: int) -> None:
    rng = np.random.default_rng(keys * 1000 + at)
    element = ELEMENTS[case.element]
    feed = {
        "q": rng.standard_normal((BATCH, case.heads, case.queries, DEPTH)).astype(element),
        "k": rng.standard_normal((BATCH, keys, case.shared, DEPTH)).astype(element),
        "v": rng.standard_normal((BATCH, case.shared, keys, WIDTH)).astype(element),
        "there": rng.random((BATCH, keys)) < 0.6,
        "at": np.array(at),
    }
    feed["there"][1] &= at > 0  # With 0, a row of the batch keeps nothing.
    y, lse, keep = expected(case, feed)
    unread = ~keep.any(axis=(1, 2))
    feed["k"][unread] = np.nan
    feed["v"].swapaxes(1, 2)[unread] = np.nan
    got = module(**feed)
    assert np.all(np.abs(got["result0"].astype(np.float64) - y) <= limit_of(y, DEPTH, case.element))
    if case.lse:
        np.testing.assert_allclose(got["result1"], lse, rtol=1e-5, atol=1e-5)


def check_sizes(module: fovea.Module, case: Case, sizes: Iterable[int] = KEYS) -> None:
    for keys in sizes:
        for at in (0, 2, 70, 5000):
            check(module, case, keys, at)


CASES = (
    Case(2),
    Case(8, lse=True),
    Case(5, "causal", lse=True),
    Case(8, "causal", queries=5, element="bf16"),
    Case(4, "window", heads=4, shared=4, queries=3),
    Case(3, "there", queries=16, lse=True),
    Case(8, "there", heads=8, shared=1, element="bf16", lse=True),
    Case(4, "by head", lse=True),
    Case(64, "causal"),
    Case(4, score=True),
    Case(3, "window", queries=2, lse=True, score=True),
    Case(3, "window", element="f64", lse=True),
    Case(4, "there", form="row_attention"),
    Case(4, "causal", form="transposed_attention"),
    Case(4, "causal", form="streamed_attention"),
)


@pytest.mark.parametrize("case", CASES, ids=str)
@pytest.mark.parametrize("target", ["host", "x86-64-v3"])
def test_parts_agree_with_float64(case: Case, target: str) -> None:
    module = fovea.compile(case.text(), target=target)
    records = [r for r in module.ledger["kernels"] if r["op"] == "fovea.attention"]
    assert [r["key_parts"] for r in records] == [case.parts]
    assert records[0]["form"] == case.form or case.form is None
    check_sizes(module, case)


@pytest.mark.parametrize("keys", [1, 97, 2000])
def test_a_known_number_of_keys(keys: int) -> None:
    for case in (Case(4, "causal", lse=True), Case(8, "there")):
        module = fovea.compile(case.text(), dims={"T": keys})
        for at in (0, 70):
            check(module, case, keys, at)


def test_threads_do_not_change_results() -> None:
    case = Case(8, "causal", heads=8, shared=1, lse=True)
    rng = np.random.default_rng(7)
    feed = {
        "q": rng.standard_normal((BATCH, 8, 1, DEPTH)).astype(np.float32),
        "k": rng.standard_normal((BATCH, 3000, 1, DEPTH)).astype(np.float32),
        "v": rng.standard_normal((BATCH, 1, 3000, WIDTH)).astype(np.float32),
        "there": np.ones((BATCH, 3000), bool),
        "at": np.array(2900),
    }
    runs = [fovea.compile(case.text(), threads=threads)(**feed) for threads in (1, 2, 3)]
    for run in runs[1:]:
        for name, value in runs[0].items():
            assert value.tobytes() == run[name].tobytes()
