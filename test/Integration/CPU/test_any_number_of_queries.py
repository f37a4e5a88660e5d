"""One module for a prompt and for the steps behind it: any number of queries and keys.

Against float64, as modules that know the numbers, and with one thread as with two and three.
"""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import fovea
import ml_dtypes
import numpy as np
import pytest
from attention_limits import limit_of
from build_tree import fovea as program
from build_tree import sound

BATCH, DEPTH, WIDTH = 2, 32, 48
DIMS = "b, h, i, j, d, e"
ELEMENTS = {"f32": np.float32, "bf16": ml_dtypes.bfloat16}
QUERIES = (0, 1, 2, 5, 16, 17, 70)
STREAMED, TRANSPOSED = "streamed_attention", "transposed_attention"
Feed = dict[str, np.ndarray]


@dataclass(frozen=True)
class Case:
    """S queries at the end of T keys; `bias` is an element for each pair of them."""

    heads: int = 8
    shared: int = 2
    element: str = "f32"
    causal: bool = True
    lse: bool = False
    bias: bool = False
    queries_first: bool = False

    def text(self) -> str:
        e = self.element
        rows = "b, i, h, {}" if self.queries_first else "b, h, i, {}"

        def queries(size: int) -> str:
            if self.queries_first:
                return f"tensor<{BATCH}x?x{self.heads}x{size}x{e}>"
            return f"tensor<{BATCH}x{self.heads}x?x{size}x{e}>"

        q, y, place = queries(DEPTH), queries(WIDTH), 1 if self.queries_first else 2
        k = f"tensor<{BATCH}x{self.shared}x?x{DEPTH}x{e}>"
        v = f"tensor<{BATCH}x{self.shared}x?x{WIDTH}x{e}>"
        l, m = f"tensor<{BATCH}x{self.heads}x?xf32>", "tensor<?x?xf32>"  # noqa: E741
        group = self.heads // self.shared
        maps = [rows.format("d"), f"b, h floordiv {group}, j, d", f"b, h floordiv {group}, j, e",
                *(["i, j"] if self.bias else []), rows.format("e"),
                *(["b, h, i"] if self.lse else [])]  # fmt: skip
        listed = ", ".join(f"affine_map<({DIMS}) -> ({results})>" for results in maps)
        shape = '["", "S", "", ""]' if self.queries_first else '["", "", "S", ""]'
        score = """score {
      ^bb0(%s: f32, %b: index, %h: index, %i: index, %j: index, %add: f32):
        %x = arith.addf %s, %add : f32
        fovea.yield %x : f32
      }""" if self.bias else ""  # fmt: skip
        results = f"{y}, {l}" if self.lse else y
        one, many = ("%r:2", "%r#0, %r#1") if self.lse else ("%r", "%r")
        return f"""
func.func @main(%q: {q} {{fovea.name = "q", fovea.shape = {shape}}},
    %k: {k} {{fovea.name = "k", fovea.shape = ["", "", "T", ""]}},
    %v: {v} {{fovea.name = "v", fovea.shape = ["", "", "T", ""]}},
    %m: {m} {{fovea.name = "m", fovea.shape = ["S", "T"]}}) -> ({results}) {{
  %place = arith.constant {place} : index
  %two = arith.constant 2 : index
  %n = tensor.dim %q, %place : {q}
  %t = tensor.dim %k, %two : {k}
  %at = arith.subi %t, %n : index
  %o = tensor.empty(%n) : {y}
  %l = tensor.empty(%n) : {l}
  {one} = fovea.attention ins(%q, %k, %v : {q}, {k}, {v})
      {f"captures(%m : {m})" if self.bias else ""} {"offset(%at) causal" if self.causal else ""}
      outs({"%o, %l" if self.lse else "%o"} : {results})
      {{scale = 0.25 : f64, indexing_maps = [{listed}]}} {score} -> {results}
  return {many} : {results}
}}"""

    def feed(self, queries: int, keys: int) -> Feed:
        rng = np.random.default_rng(queries * 10000 + keys)
        sizes = {"q": (BATCH, self.heads, queries, DEPTH), "k": (BATCH, self.shared, keys, DEPTH),
                 "v": (BATCH, self.shared, keys, WIDTH)}  # fmt: skip
        feed = {n: rng.standard_normal(s).astype(ELEMENTS[self.element]) for n, s in sizes.items()}
        return {**feed, "m": rng.standard_normal((queries, keys)).astype(np.float32)}

    def run(self, module: fovea.Module, feed: Feed) -> Feed:
        """Queries and what comes of them in the order of `feed`, whatever the layout."""
        if not self.queries_first:
            return module(**feed)
        outputs = module(**{**feed, "q": np.ascontiguousarray(feed["q"].swapaxes(1, 2))})
        return {**outputs, "result0": outputs["result0"].swapaxes(1, 2)}

    def check(self, module: fovea.Module, queries: int, keys: int) -> None:
        feed = self.feed(queries, keys)
        got = self.run(module, feed)
        q, k, v, m = (feed[name].astype(np.float64) for name in "qkvm")
        k, v = (np.repeat(x, self.heads // self.shared, axis=1) for x in (k, v))
        scores = 0.25 * np.einsum("bhid,bhjd->bhij", q, k) + (m if self.bias else 0)
        if self.causal:
            last = np.arange(queries)[:, None] + keys - queries
            scores = np.where(np.arange(keys) <= last, scores, -np.inf)
        most = scores.max(-1, keepdims=True)
        weights = np.exp(scores - most)
        total = weights.sum(-1, keepdims=True)
        y = np.einsum("bhij,bhje->bhie", weights / total, v)
        error = np.abs(got["result0"].astype(np.float64) - y)
        assert np.all(error <= limit_of(y, DEPTH, self.element))
        if self.lse:
            want = (most + np.log(total))[..., 0]
            np.testing.assert_allclose(got["result1"], want, rtol=1e-5, atol=1e-5)


CASES = (
    Case(),
    Case(lse=True, causal=False),
    Case(heads=6, shared=6, element="bf16"),
    Case(heads=4, shared=4, lse=True, queries_first=True),
    Case(heads=12, shared=2, queries_first=True),
    Case(heads=16, shared=1, element="bf16", lse=True),
    Case(bias=True, lse=True),
    Case(heads=3, shared=3, bias=True, causal=False, queries_first=True),
)


RUNS = [(case, "host") for case in CASES] + [(case, "x86-64-v3") for case in CASES[3:6]]


@pytest.mark.parametrize("case, target", RUNS, ids=str)
def test_every_number_agrees_with_float64(case: Case, target: str) -> None:
    module = fovea.compile(case.text(), target=target)
    for queries in QUERIES:
        for keys in (97, 2100):
            case.check(module, queries, keys)


def test_the_ledger_names_forms_and_numbers() -> None:
    records = fovea.compile(Case().text()).ledger["kernels"]
    forms = {r["queries"]: r["form"] for r in records if r["op"] == "fovea.attention"}
    assert forms == {
        "1 query": STREAMED,
        "up to 16 queries, 4 at a time": STREAMED,
        "more than 16 queries": TRANSPOSED,
    }


def test_the_ledger_says_why_some_are_taken_as_many() -> None:
    records = fovea.compile(Case(bias=True).text()).ledger["kernels"]
    forms = {r["queries"]: r for r in records if r["op"] == "fovea.attention"}
    assert forms["1 query"]["form"] == STREAMED
    other = forms["any other number of queries"]
    assert other["form"] == TRANSPOSED
    assert [(r["form"], r["reason"]) for r in other["refused"]] == [(STREAMED, "shape")]
    assert "a capture has an element for each query" in other["refused"][0]["text"]


def test_explain_says_which_form_is_for_which_number(tmp_path: Path) -> None:
    (tmp_path / "attention.mlir").write_text(Case().text())
    said = sound(program(tmp_path, "explain", "attention.mlir")).stdout
    assert "by streamed_attention on 2 parts of the keys for 1 query\n" in said
    assert "for up to 16 queries, 4 at a time\n" in said
    assert "by transposed_attention for more than 16 queries\n" in said


def test_one_query_has_the_bits_of_a_module_that_knows() -> None:
    case = Case(lse=True)
    any_number, one = fovea.compile(case.text()), fovea.compile(case.text(), dims={"S": 1})
    for keys in (3, 3000):
        feed = case.feed(1, keys)
        for name, value in any_number(**feed).items():
            assert value.tobytes() == one(**feed)[name].tobytes()


def test_threads_do_not_change_results() -> None:
    case = Case(heads=2, shared=1, lse=True)
    modules = [fovea.compile(case.text(), threads=threads) for threads in (1, 2, 3)]
    for queries in QUERIES:
        feed = case.feed(queries, 9000)
        first, *others = [module(**feed) for module in modules]
        for other in others:
            for name, value in first.items():
                assert value.tobytes() == other[name].tobytes()
