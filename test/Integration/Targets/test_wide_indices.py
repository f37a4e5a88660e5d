"""Index arithmetic of regions beyond 32 bits, in every form of attention, against float64."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import fovea
import numpy as np
import pytest
from build_tree import PROGRAM, require

require(PROGRAM, "./dev build")

Array = np.ndarray
KEYS, HEAD = 70, 64
DIMS = "b, h, i, j, d, e"


@dataclass(frozen=True)
class Rule:
    """The text of a mask or score region, and in numpy what is kept or added; captures are i64."""

    body: str
    numpy: Callable[[Array, Array, dict[str, Array]], Array]
    scores: bool = False
    # Map of each capture; "table" is read by fovea.capture_load.
    captures: tuple[tuple[str, str], ...] = ()


def indices(*names: str) -> str:
    return "".join(f"\n  %{name} = arith.index_cast %{name}_ : i64 to index" for name in names)


FAR = """
  %c = arith.constant 2147483648 : index
  %x = arith.muli %i, %c : index
  %y = arith.muli %j, %c : index"""
IDS = (("mine", "i"), ("its", "j"))
RULES = {
    "products": Rule(FAR + "\n  %r = arith.cmpi sle, %y, %x : index", lambda i, j, c: j <= i),
    "unsigned": Rule(FAR + "\n  %d = arith.subi %x, %y : index"
                     "\n  %r = arith.cmpi ult, %d, %y : index",
                     lambda i, j, c: (j <= i) & (i - j < j)),
    "back again": Rule(FAR + "\n  %z = arith.floordivsi %y, %c : index"
                       "\n  %r = arith.cmpi sle, %z, %i : index", lambda i, j, c: j <= i),
    "wrapped products": Rule("""
  %c = arith.constant 4611686018427387904 : index
  %y = arith.muli %j, %c : index
  %r = arith.cmpi sle, %y, %i : index""",
                             lambda i, j, c: (j * np.int64(2**62) <= i)),
    "wrapped sums": Rule("""
  %c = arith.constant 9223372036854775800 : index
  %y = arith.addi %j, %c : index
  %r = arith.cmpi sle, %y, %i : index""",
                         lambda i, j, c: (j + np.int64(2**63 - 8) <= i)),
    "shifts": Rule("""
  %c = arith.constant 33 : index
  %x = arith.shli %i, %c : index
  %y = arith.shli %j, %c : index
  %r = arith.cmpi sle, %y, %x : index""", lambda i, j, c: j <= i),
    "score": Rule("""
  %c = arith.constant 100000000 : index
  %x = arith.muli %j, %c : index
  %w = arith.index_cast %x : index to i64
  %f = arith.sitofp %w : i64 to SCORE
  %n = arith.constant 1.0e-9 : SCORE
  %g = arith.mulf %f, %n : SCORE
  %r = arith.addf %s, %g : SCORE""", lambda i, j, c: j * 0.1 + i * 0, scores=True),
    "ids": Rule("\n  %r = arith.cmpi eq, %mine_, %its_ : i64",
                lambda i, j, c: c["mine"][:, None] == c["its"], captures=IDS),
    "ids as indices": Rule(indices("mine", "its") + "\n  %r = arith.cmpi eq, %mine, %its : index",
                           lambda i, j, c: c["mine"][:, None] == c["its"], captures=IDS),
    "limit": Rule(indices("at") + "\n  %r = arith.cmpi slt, %j, %at : index",
                  lambda i, j, c: (j < c["at"]) | (i < 0), captures=(("at", ""),)),
    "unsigned limit": Rule(indices("at") + "\n  %r = arith.cmpi ult, %j, %at : index",
                           lambda i, j, c: (j < c["at"]) | (c["at"] < 0) | (i < 0),
                           captures=(("at", ""),)),
    "limits": Rule(indices("mine", "at") + """
  %x = arith.addi %i, %at : index
  %y = arith.addi %x, %mine : index
  %z = arith.addi %j, %mine : index
  %r = arith.cmpi sle, %z, %y : index""",
                   lambda i, j, c: j <= i + c["at"], captures=(("mine", "i"), ("at", ""))),
    "table": Rule(FAR + """
  %z = arith.floordivsi %y, %c : index
  %t = fovea.capture_load %table_[%z] : tensor<70xi64> -> i64
  %n = arith.index_cast %t : i64 to index
  %r = arith.cmpi sle, %n, %x : index""",
                  lambda i, j, c: c["table"][None, :] <= i * 2**31, captures=(("table", ""),)),
}  # fmt: skip


@dataclass(frozen=True)
class Form:
    queries: int
    dtype: str
    targets: tuple[str, ...]


PROCESSORS = ("x86-64-v3", "host")
FORMS = {
    "streamed_attention": Form(4, "f32", PROCESSORS),
    "transposed_attention": Form(70, "f32", PROCESSORS),
    "row_attention": Form(5, "f64", PROCESSORS),
    "warp_attention": Form(70, "f32", ("cuda-emulated",)),
    "decode_attention": Form(4, "f32", ("cuda-emulated",)),
    "tile_attention": Form(70, "f16", ("cuda-emulated",)),
    "decode_tiles": Form(4, "f16", ("cuda-emulated",)),
}
DTYPES = {"f16": np.float16, "f32": np.float32, "f64": np.float64}


def text_of(rule: Rule, form: Form) -> str:
    q = f"tensor<1x2x{form.queries}x{HEAD}x{form.dtype}>"
    k = f"tensor<1x2x{KEYS}x{HEAD}x{form.dtype}>"
    sizes = {"i": f"{form.queries}x", "j": f"{KEYS}x", "": ""}
    kinds = {name: "tensor<70xi64>" if name == "table" else f"tensor<{sizes[at]}i64>"
             for name, at in rule.captures}  # fmt: skip
    arguments = "".join(f', %{name}_of: {kind} {{fovea.name = "{name}"}}'
                        for name, kind in kinds.items())  # fmt: skip
    captures = (f"captures({', '.join(f'%{name}_of' for name in kinds)} :"
                f" {', '.join(kinds.values())})"
                if kinds else "")  # fmt: skip
    maps = ["b, h, i, d", "b, h, j, d", "b, h, j, e", *(at for _, at in rule.captures),
            "b, h, i, e"]  # fmt: skip
    score = "f64" if form.dtype == "f64" else "f32"
    inner = f"%s: {score}, " * rule.scores + "%b: index, %h: index, %i: index, %j: index"
    for name, kind in kinds.items():
        inner += f", %{name}_: {kind if name == 'table' else 'i64'}"
    return f"""
func.func @main(%q: {q} {{fovea.name = "q"}}, %k: {k} {{fovea.name = "k"}},
    %v: {k} {{fovea.name = "v"}}{arguments}) -> ({q} {{fovea.name = "y"}}) {{
  %o = tensor.empty() : {q}
  %y = fovea.attention ins(%q, %k, %v : {q}, {k}, {k}) {captures} outs(%o : {q})
      {{scale = 0.125 : f64,
        indexing_maps = [{", ".join(f"affine_map<({DIMS}) -> ({at})>" for at in maps)}]}}
      {"score" if rule.scores else "mask"} {{
  ^bb0({inner}):{rule.body.replace("SCORE", score)}
  fovea.yield %r : {score if rule.scores else "i1"}
  }} -> {q}
  return %y : {q}
}}"""


def expected(q: Array, k: Array, v: Array, rule: Rule, captures: dict[str, Array]) -> Array:
    i, j = np.arange(q.shape[2])[:, None], np.arange(KEYS)[None, :]
    scores = q.astype(np.float64) @ k.astype(np.float64).swapaxes(-1, -2) * 0.125
    told = rule.numpy(i, j, captures)
    weights = np.exp(scores + told) if rule.scores else np.exp(scores) * told
    total = weights.sum(axis=-1, keepdims=True)
    return weights / np.where(total == 0, 1, total) @ v.astype(np.float64)


def inputs_of(rule: Rule, queries: int, at: int, rng: np.random.Generator) -> dict[str, Array]:
    """Ids that agree in their low words without being equal, and numbers around 2^31."""
    ids = np.array([5, 5 + 2**32, 5 - 2**40, 2**31, -(2**31)])
    every = {
        "mine": ids[rng.integers(0, 5, queries)],
        "its": ids[np.arange(KEYS) // 17 % 5],
        "at": np.array(at),
        "table": np.arange(KEYS) * 2**30 + 3,
    }
    return {name: every[name] for name, _ in rule.captures}


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize(
    ("form", "target"), [(form, target) for form in FORMS for target in FORMS[form].targets]
)
def test_indices_have_64_bits(form: str, target: str, rule: str) -> None:
    with_queries, kind = FORMS[form], DTYPES[FORMS[form].dtype]
    module = fovea.compile(text_of(RULES[rule], with_queries), target=target, threads=1)
    assert {record["form"] for record in module.ledger["kernels"]
            if record["op"] == "fovea.attention"} == {form}  # fmt: skip
    rng = np.random.default_rng(len(rule))
    shape = (1, 2, with_queries.queries, HEAD)
    q = rng.standard_normal(shape).astype(kind)
    k, v = rng.standard_normal((2, 1, 2, KEYS, HEAD)).astype(kind)
    limited = any(name == "at" for name, _ in RULES[rule].captures)
    extremes = (2**63 - 1, -(2**63)) if "limit" in rule and rule != "limits" else ()
    for at in (40, 2**31 + 5, 2**32 + 3, 2**33, -(2**40), -3, *extremes) if limited else (0,):
        captures = inputs_of(RULES[rule], with_queries.queries, at, rng)
        want = expected(q, k, v, RULES[rule], captures)
        got = module(q=q, k=k, v=v, **captures)["y"]
        # Weights and results in f16: half a unit of 2^-11 each, of values below 5.
        atol = 5 * 2**-10 if kind is np.float16 else 2e-5
        np.testing.assert_allclose(got, want, rtol=0, atol=atol)
