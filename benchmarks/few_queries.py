#!/usr/bin/env python3
"""What few queries cost: modules that do not know how many there are, parts of keys, empty lanes.

Attention in turns with `fovea bench`, one thread; medians over the rounds, each beside the case
that its group begins with, and the operations of use a second.

Example: benchmarks/few_queries.py --rounds 5
"""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass

from turns import Model, medians

MODULE = """
#q = affine_map<(b, h, i, j, d, e) -> (b, h, i, d)>
#k = affine_map<(b, h, i, j, d, e) -> (b, h floordiv {group}, j, d)>
#v = affine_map<(b, h, i, j, d, e) -> (b, h floordiv {group}, j, e)>
#o = affine_map<(b, h, i, j, d, e) -> (b, h, i, e)>
func.func @main(%q: {q} {{fovea.name = "q", fovea.shape = ["", "", "{s}", ""]}},
    %k: {k} {{fovea.name = "k", fovea.shape = ["", "", "{t}", ""]}},
    %v: {k} {{fovea.name = "v", fovea.shape = ["", "", "{t}", ""]}}) -> {q} {{
  %c2 = arith.constant 2 : index
  %s = tensor.dim %q, %c2 : {q}
  %o = tensor.empty({size}) : {q}
  %y = fovea.attention ins(%q, %k, %v : {q}, {k}, {k}) outs(%o : {q})
      {{scale = 0.125 : f64, {schedule}indexing_maps = [#q, #k, #v, #o]}} -> {q}
  return %y : {q}
}}
"""


@dataclass(frozen=True)
class Problem:
    """Sizes; query heads are `group` times the heads of keys."""

    batch: int
    heads: int
    group: int
    queries: int
    keys: int
    depth: int
    dtype: str = "f32"

    @property
    def operations(self) -> int:
        return 4 * self.batch * self.heads * self.queries * self.keys * self.depth

    def model(self, dynamic: str = "", schedule: str = "") -> Model:
        """`dynamic` has S, T or none of them: sizes that the run says."""
        s, t = ("?" if name in dynamic else size
                for name, size in (("S", self.queries), ("T", self.keys)))  # fmt: skip
        q = f"tensor<{self.batch}x{self.heads}x{s}x{self.depth}x{self.dtype}>"
        k = f"tensor<{self.batch}x{self.heads // self.group}x{t}x{self.depth}x{self.dtype}>"
        text = MODULE.format(group=self.group, q=q, k=k, s="S" if s == "?" else "",
                             t="T" if t == "?" else "", size="%s" if s == "?" else "",
                             schedule=schedule)  # fmt: skip
        sizes = {"S": self.queries, "T": self.keys}
        return Model(text, options=tuple(f"--size={name}={sizes[name]}" for name in dynamic))


Group = dict[str, tuple[Problem, Model]]


def of_any_number(queries: int, dtype: str) -> Group:
    """A module that knows the number of queries and one that does not."""
    one = Problem(4, 32, 4, queries, 4096, 128, dtype)
    return {
        f"{dtype}, {queries} queries, known": (one, one.model()),
        f"{dtype}, {queries} queries, any number": (one, one.model("S")),
    }


def in_parts(keys: int) -> Group:
    """One key head with its keys in one part, and in as many as are chosen for a run's number."""
    one = Problem(1, 1, 1, 1, keys, 128)
    whole = one.model("T", schedule="schedule = #fovea.schedule<kv_split = 1>, ")
    return {
        f"{keys} keys, one part": (one, whole),
        f"{keys} keys, in parts": (one, one.model("T")),
    }


def on_lanes(numbers: tuple[int, ...]) -> Group:
    """Queries that fill the lanes of a task, and that do not."""
    problems = [Problem(1, 16, 1, queries, 2048, 64) for queries in numbers]
    return {f"{one.queries} queries of 2048 keys": (one, one.model()) for one in problems}


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--time", type=int, default=300, help="milliseconds of a measurement")
    options = parser.parse_args(arguments)
    groups = [of_any_number(queries, dtype) for dtype in ("f32", "bf16") for queries in (1, 5, 16)]
    groups += [in_parts(keys) for keys in (16, 1000, 3000)]
    groups.append(on_lanes((64, 17, 24, 30, 33, 48)))
    for group in groups:
        models = {case: model for case, (_, model) in group.items()}
        times = medians(models, options.rounds, options.time)
        first = next(iter(times.values()))
        for case, time in times.items():
            rate = group[case][0].operations / time / 1e6
            print(f"{case}: {time:.3g} ms, {100 * time / first:.1f} %, {rate:.3g} GFLOP/s",
                  flush=True)  # fmt: skip
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
