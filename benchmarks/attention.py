"""Single attention operations: sizes, inputs, what they compute, and their form for Fovea."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import re
from dataclasses import dataclass, field

import numpy as np
from problem import UNITS, Expected, Feed, typed

DIMS = "b, h, i, j, d, e"
WINDOW = 256
KINDS = ("full", "causal", "window", "alibi", "decode")
SQUARE = re.compile(r"attn_(full|causal|window|alibi)_S(\d+)_H(\d+)_d(\d+)_(f32|bf16)")
DECODE = re.compile(r"attn_decode_B(\d+)_H(\d+)_KV(\d+)_T(\d+)_d(\d+)_(f32|bf16)")


@dataclass(frozen=True)
class Attention:
    """`kind` is full, causal, window (the last WINDOW keys and the query's own), alibi (causal,
    with a bias in proportion to the distance) or decode (one query a head, over all keys)."""

    kind: str
    length: int
    heads: int
    depth: int
    dtype: str = "f32"
    batch: int = 1
    groups: int = field(default=1, metadata={"what": "query heads of a key head"})

    @property
    def label(self) -> str:
        if self.kind == "decode":
            return (f"attn_decode_B{self.batch}_H{self.heads}_KV{self.heads // self.groups}"
                    f"_T{self.length}_d{self.depth}_{self.dtype}")  # fmt: skip
        return f"attn_{self.kind}_S{self.length}_H{self.heads}_d{self.depth}_{self.dtype}"

    @property
    def queries(self) -> tuple[int, int, int, int]:
        """Sizes of the queries and of the result."""
        rows = 1 if self.kind == "decode" else self.length
        return self.batch, self.heads, rows, self.depth

    @property
    def keys(self) -> tuple[int, int, int, int]:
        """Sizes of the keys and of the values."""
        return self.batch, self.heads // self.groups, self.length, self.depth

    @property
    def scale(self) -> float:
        return self.depth**-0.5

    @property
    def causal(self) -> bool:
        return self.kind in ("causal", "window", "alibi")

    def keep(self) -> np.ndarray:
        """The pairs of a query and a key that count."""
        rows = self.queries[2]
        i, j = np.arange(rows)[:, None], np.arange(self.length)[None, :]
        if not self.causal:
            return np.ones((rows, self.length), bool)
        return (j <= i) & (j >= i - WINDOW) if self.kind == "window" else j <= i

    def flops(self) -> int:
        """Of the pairs that are kept; the exponentials are not counted."""
        return 4 * self.batch * self.heads * self.depth * int(self.keep().sum())

    def bytes(self) -> int:
        """Of the inputs and the result, each once."""
        count = 2 * np.prod(self.queries) + 2 * np.prod(self.keys)
        return int(count) * (4 if self.dtype == "f32" else 2)

    def slopes(self) -> np.ndarray:
        return (2.0 ** (-8 * np.arange(1, self.heads + 1) / self.heads)).astype(np.float32)

    def steps_of(self) -> None:
        return None

    def inputs(self) -> Feed:
        rng = np.random.default_rng(self.length)
        made = {
            name: typed(rng.standard_normal(sizes, np.float32), self.dtype)
            for name, sizes in zip("qkv", (self.queries, self.keys, self.keys), strict=True)
        }
        return made | ({"m": self.slopes()} if self.kind == "alibi" else {})  # fmt: skip

    def expected(self, feed: Feed) -> Expected:
        """The result in float64, and how far a sound one may be off: each rounding is taken as
        independent of the others and is given six of its standard deviations, at the largest
        norms of the data. A score is a sum of `depth` products, a probability may be rounded to
        the dtype, and the errors of a row's keys average out as its probabilities do
        (`spread`)."""
        keep = self.keep()
        distance = -(np.arange(keep.shape[0])[:, None] - np.arange(self.length)[None, :])
        result, spread = np.empty(self.queries), 0.0
        for batch, head in np.ndindex(self.batch, self.heads):
            q, k, v = (feed[n][batch, head // (1 if n == "q" else self.groups)].astype(np.float64)
                       for n in "qkv")  # fmt: skip
            scores = q @ k.T * self.scale
            if "m" in feed:
                scores += distance * float(feed["m"][head])
            weights = np.exp(scores - scores.max(-1, keepdims=True, where=keep, initial=-np.inf),
                             where=keep, out=np.zeros_like(scores))  # fmt: skip
            weights /= weights.sum(-1, keepdims=True)
            spread = max(spread, float(np.sqrt((weights**2).sum(-1)).max()))
            result[batch, head] = weights @ v
        norms = [np.sqrt((feed[n].astype(np.float32) ** 2).sum(-1)).max() for n in "qk"]
        unit, rounding = UNITS["f32"], UNITS[self.dtype]
        score = unit * np.sqrt(self.depth) * norms[0] * norms[1] * self.scale
        score += unit * self.length if "m" in feed else 0.0
        largest = np.abs(feed["v"].astype(np.float32)).max()
        tolerance = 6 * largest * (spread * (2 * score + 4 * unit + rounding)
                                   + unit * np.sqrt(self.length))  # fmt: skip
        return Expected(result, float(tolerance + 2 * rounding * np.abs(result).max()))


def parse(label: str) -> Attention | None:
    """The operation that a label names."""
    if match := SQUARE.fullmatch(label):
        kind, *sizes, dtype = match.groups()
        return Attention(kind, *map(int, sizes), dtype)
    if match := DECODE.fullmatch(label):
        batch, heads, stored, length, depth = map(int, match.groups()[:-1])
        return Attention("decode", length, heads, depth, match[6], batch, heads // stored)
    return None


ALIBI = """ score {
    ^bb0(%s: f32, %b: index, %h: index, %i: index, %j: index, %slope: f32):
      %behind = arith.subi %j, %i : index
      %whole = arith.index_cast %behind : index to i32
      %distance = arith.sitofp %whole : i32 to f32
      %bias = arith.mulf %distance, %slope : f32
      %sum = arith.addf %s, %bias : f32
      fovea.yield %sum : f32
    }"""


def _tensor(sizes: tuple[int, ...], dtype: str) -> str:
    return f"tensor<{'x'.join(map(str, sizes))}x{dtype}>"


def module(problem: Attention) -> str:
    """MLIR text with one fovea.attention."""
    sugar = {"full": "", "decode": "", "window": f"offset(%zero) causal window [{WINDOW}, 0]"}
    captures = argument = ""
    head = f"h floordiv {problem.groups}" if problem.groups > 1 else "h"
    maps = ["b, h, i, d", f"b, {head}, j, d", f"b, {head}, j, e", "b, h, i, e"]
    if problem.kind == "alibi":
        argument = f', %m: tensor<{problem.heads}xf32> {{fovea.name = "m"}}'
        captures = f"captures(%m : tensor<{problem.heads}xf32>)"
        maps.insert(3, "h")
    listed = ", ".join(f"affine_map<({DIMS}) -> ({results})>" for results in maps)
    q, k = _tensor(problem.queries, problem.dtype), _tensor(problem.keys, problem.dtype)
    return f"""
func.func @main(%q: {q} {{fovea.name = "q"}}, %k: {k} {{fovea.name = "k"}},
    %v: {k} {{fovea.name = "v"}}{argument}) -> ({q} {{fovea.name = "y"}}) {{
  %zero = arith.constant 0 : index
  %o = tensor.empty() : {q}
  %y = fovea.attention ins(%q, %k, %v : {q}, {k}, {k}) {captures}
    {sugar.get(problem.kind, "offset(%zero) causal")} outs(%o : {q})
    {{scale = {problem.scale} : f64, indexing_maps = [{listed}]}}
    {ALIBI if problem.kind == "alibi" else ""} -> {q}
  return %y : {q}
}}
"""
