#!/usr/bin/env python3
"""What excluded pairs, packed sequences, pages and tiles of queries do to the time of attention.

Attention in turns with `fovea bench`, one thread; medians over the rounds, each beside the case
that its group begins with.

Example: benchmarks/layouts.py --rounds 5
"""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import argparse
import sys

import numpy as np
from turns import Model, medians

Array = np.ndarray
LENGTH, HEADS, DEPTH = 4096, 4, 64
# A decoder's batch, heads of queries and of keys, keys, and head size: 268 MB in f32.
BATCH, QUERY_HEADS, KEY_HEADS, KEYS, WIDTH = 8, 32, 8, 4096, 128
MODULE = """
func.func @main(%q: {q} {{fovea.name = "q"}}, %k: {k} {{fovea.name = "k"}},
    %v: {k} {{fovea.name = "v"}}{arguments}) -> ({q} {{fovea.name = "y"}}) {{
  %zero = arith.constant 0 : index
  %o = tensor.empty() : {q}
  %y = fovea.attention ins(%q, %k, %v : {q}, {k}, {k}) {sugar} outs(%o : {q})
      {{scale = 0.125 : f64, {schedule}indexing_maps = [{maps}]}} {region} -> {q}
  return %y : {q}
}}
"""


KINDS = {"bool": "i1", "int32": "i32"}


def type_of(array: Array) -> str:
    return f"tensor<{'x'.join([*map(str, array.shape), KINDS[array.dtype.name]])}>"


def attention(q: str, k: str, maps: tuple[str, ...], inputs: dict[str, Array], sugar: str = "",
              region: str = "", schedule: str = "") -> Model:  # fmt: skip
    """`maps` are those of query, key, value, captures and out; in sugar, `%name` is an input and
    `<name>` its type."""
    listed = ", ".join(f"affine_map<(b, h, i, j, d, e) -> ({results})>" for results in maps)
    types = {name: type_of(array) for name, array in inputs.items()}
    given = "".join(f', %{name}: {kind} {{fovea.name = "{name}"}}' for name, kind in types.items())
    for name, kind in types.items():
        sugar = sugar.replace(f"<{name}>", kind)
    text = MODULE.format(q=q, k=k, arguments=given, sugar=sugar, schedule=schedule, maps=listed,
                         region=region)  # fmt: skip
    return Model(text, inputs=inputs)


def heads(length: int, count: int, depth: int) -> str:
    return f"tensor<1x{count}x{length}x{depth}xf32>"


PLAIN = ("b, h, i, d", "b, h, j, d", "b, h, j, e")
POSITIONS = "%b: index, %h: index, %i: index, %j: index"


def masks() -> dict[str, Model]:
    """Documents, padding and packed sequences against no mask."""
    whole = heads(LENGTH, HEADS, DEPTH)
    models = {"no mask": attention(whole, whole, (*PLAIN, "b, h, i, e"), {})}
    equal = f"""mask {{ ^bb0({POSITIONS}, %x: i32, %z: i32):
    %keep = arith.cmpi eq, %x, %z : i32
    fovea.yield %keep : i1 }}"""
    for count in (8, 64):
        ids = np.repeat(np.arange(count, dtype=np.int32), LENGTH // count)
        models[f"{count} documents"] = attention(
            whole, whole, (*PLAIN, "i", "j", "b, h, i, e"), {"own": ids, "ids": ids},
            "captures(%own, %ids : <own>, <ids>)", equal)  # fmt: skip
    models["half of the keys padding"] = attention(
        whole, whole, (*PLAIN, "j", "b, h, i, e"), {"kept": np.arange(LENGTH) < LENGTH // 2},
        "captures(%kept : <kept>)",
        f"mask {{ ^bb0({POSITIONS}, %x: i1):\n    fovea.yield %x : i1 }}")  # fmt: skip
    packed = f"tensor<1x{LENGTH}x{HEADS}x{DEPTH}xf32>"
    maps = ("b, i, h, d", "b, j, h, d", "b, j, h, e", "b, i, h, e")
    for count in (8, 64):
        starts = np.arange(0, LENGTH + 1, LENGTH // count, dtype=np.int32)
        models[f"{count} packed sequences"] = attention(
            packed, packed, maps, {"qs": starts, "ks": starts},
            "sequences(%qs, %ks : <qs>, <ks>)")  # fmt: skip
    return models


def pages(kind: str, sizes: tuple[int, ...]) -> dict[str, Model]:
    """A decoder's keys and values in pages in any order against one piece."""
    q = f"tensor<{BATCH}x{QUERY_HEADS}x1x{WIDTH}x{kind}>"
    head = f"h floordiv {QUERY_HEADS // KEY_HEADS}"
    dense = f"tensor<{BATCH}x{KEYS}x{KEY_HEADS}x{WIDTH}x{kind}>"
    maps = ("b, h, i, d", f"b, j, {head}, d", f"b, j, {head}, e", "b, h, i, e")
    models = {f"one piece, {kind}": attention(q, dense, maps, {})}
    for size in sizes:
        blocks = KEYS // size
        pool = f"tensor<{BATCH * blocks}x{size}x{KEY_HEADS}x{WIDTH}x{kind}>"
        order = np.random.default_rng(1).permutation(BATCH * blocks).astype(np.int32)
        row = f"j floordiv {size}, j mod {size}, {head}"
        maps = ("b, h, i, d", f"{row}, d", f"{row}, e", "b, h, i, e")
        inputs = {"table": order.reshape(BATCH, blocks), "n": np.full(BATCH, KEYS, np.int32)}
        models[f"pages of {size} rows, {kind}"] = attention(
            q, pool, maps, inputs, "lengths(%n : <n>) pages(%table : <table>)")  # fmt: skip
    return models


def tiles(name: str, length: int, depth: int, sugar: str) -> dict[str, Model]:
    """Tasks of 32 queries against those of 64."""
    whole = heads(length, 16, depth)
    return {
        f"{name}, S {length}, d {depth}, tiles {rows}x{vectors}": attention(
            whole, whole, (*PLAIN, "b, h, i, e"), {}, f"offset(%zero) {sugar}",
            schedule=f"schedule = #fovea.schedule<tiles = [{rows}, {vectors}]>, ")
        for rows, vectors in ((6, 4), (8, 2))
    }  # fmt: skip


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args(arguments).rounds
    groups = [masks(), pages("f32", (16, 64)), pages("bf16", (16, 64))]
    groups += [tiles("causal", length, DEPTH, "causal") for length in (128, 512, 2048)]
    groups += [
        tiles("causal", 2048, 128, "causal"),
        tiles("window", LENGTH, DEPTH, "window [256, 0]"),
    ]
    for models in groups:
        times = medians(models, rounds, time=300)
        first = next(iter(times.values()))
        for case, time in times.items():
            print(f"{case}: {time:.3g} ms, {100 * time / first:.1f} %", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
