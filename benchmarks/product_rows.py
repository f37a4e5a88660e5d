#!/usr/bin/env python3
"""What each row of the table of products comes to: large products, and products of few rows.

Products with constant weights in turns with `fovea bench`, one thread; medians over the rounds. The
processor must have all the rows, as one with AMX has.

Example: benchmarks/product_rows.py --rounds 7
"""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import argparse
import sys

import numpy as np
from turns import Model, medians

SIZES = (256, 512, 1024)
FEW_ROWS = (1, 2, 3, 4, 5, 6, 8, 16)
# Columns and depth of products of few rows.
WIDE = 1024
LEVEL = "x86-64-v4"
# Name: row of the table, type of elements, form.
ROWS = {
    "f32 by multiply-adds": ("", "f32", "panel_product"),
    "bf16 by multiply-adds": ("", "bf16", "panel_product"),
    "bf16 by dots": ("+avx512bf16", "bf16", "dot_product"),
    "bf16 by tiles": ("+amx-bf16", "bf16", "tile_product"),
    "i8 by dots": ("+avx512vnni", "i8", "dot_product"),
    "i8 by tiles": ("+amx-int8", "i8", "tile_product"),
}
# Of which few rows are measured: those between which the number of rows decides.
FEW = ("bf16 by multiply-adds", "bf16 by tiles", "i8 by dots", "i8 by tiles")
BYTES = {"f32": 4, "bf16": 2, "i8": 1}
MODULE = """
!x = tensor<{m}x{k}x{kind}>
!w = tensor<{k}x{n}x{kind}>
!y = tensor<{m}x{n}x{total}>
fovea.weight @w from "w.bin" : !w
func.func @main(%x: !x {{fovea.name = "x"{named}}}) -> (!y {{fovea.name = "y"}}) {{
  %w = fovea.get_weight @w : !w
  %c0 = arith.constant 0 : index
  %m = tensor.dim %x, %c0 : !x
  %o = tensor.empty({size}) : !y
  %y = fovea.contract ins(%x, %w : !x, !w) outs(%o : !y)
      {{schedule = #fovea.schedule<form = "{form}">,
       indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (k, n)>,
                        affine_map<(m, n, k) -> (m, n)>]}} epilogue {{
      ^bb0(%sum: {total}):
        fovea.yield %sum : {total}
      }} -> !y
  return %y : !y
}}
"""


def product(row: str, m: int, n: int, k: int, known: bool = True) -> Model:
    """`m` rows, which only the run knows unless `known`."""
    name, kind, form = ROWS[row]
    unknown = {"m": "?", "named": ', fovea.shape = ["M", ""]', "size": "%m"}
    shape = {"m": m, "named": "", "size": ""} if known else unknown
    text = MODULE.format(n=n, k=k, kind=kind, form=form, total="i32" if kind == "i8" else "f32",
                         **shape)  # fmt: skip
    # Small numbers in all types: bytes of 0x3c are 0.0115 in f32 and bf16.
    weights = {"w.bin": b"\x3c" * (n * k * BYTES[kind])}
    inputs = {"x": np.full((m, k), 3, np.int8)} if kind == "i8" else {}
    return Model(text, LEVEL + name, weights, inputs, () if known else (f"--size=M={m}",))


def large(rounds: int) -> None:
    """1e9 operations a second of square products."""
    models = {f"{row} {size}": product(row, size, size, size) for row in ROWS for size in SIZES}
    times = medians(models, rounds)
    print("| row | " + " | ".join(map(str, SIZES)) + " |\n|" + " --- |" * (1 + len(SIZES)))
    for row in ROWS:
        rates = [2e-6 * size**3 / times[f"{row} {size}"] for size in SIZES]
        print(f"| {row} | " + " | ".join(f"{rate:,.0f}" for rate in rates) + " |")


def few(rounds: int) -> None:
    """Microseconds of products of few rows, known and known only at run time."""
    models = {f"{row} {m} {known}": product(row, m, WIDE, WIDE, known)
              for row in FEW for m in FEW_ROWS for known in (True, False)
              if known or (m == 1 and not row.startswith("i8"))}  # fmt: skip
    times = medians(models, rounds, time=100)
    print("\n| rows | " + " | ".join(map(str, FEW_ROWS)) + " | 1, unknown |\n|"
          + " --- |" * (2 + len(FEW_ROWS)))  # fmt: skip
    for row in FEW:
        known = [f"{1e3 * times[f'{row} {m} True']:.0f}" for m in FEW_ROWS]
        unknown = times.get(f"{row} 1 False")
        last = f"{1e3 * unknown:.0f}" if unknown else ""
        print(f"| {row} | " + " | ".join(known) + f" | {last} |")


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7)
    rounds = parser.parse_args(arguments).rounds
    large(rounds)
    few(rounds)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
