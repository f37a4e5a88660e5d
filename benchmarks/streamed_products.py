#!/usr/bin/env python3
"""Products of few rows with a matrix that only the run knows: read as it lies, and by panels.

Both forms and both orders of the matrix in turns with `fovea bench`, one thread: the matrix's bytes
a second in percent of what the same `fovea bench` reads, medians over the rounds.

Example: benchmarks/streamed_products.py --rounds 5
"""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import argparse
import statistics
import sys

from turns import Model, rows

FORMS = ("streamed_product", "panel_product")
ORDERS = {"[K, N]": "(k, n)", "[N, K]": "(n, k)"}
FEW_ROWS = (1, 2, 3, 4, 6, 8)
MODULE = """
!x = tensor<{m}x{size}xf32>
!w = tensor<{size}x{size}xf32>
func.func @main(%x: !x {{fovea.name = "x"}}, %w: !w {{fovea.name = "w"}})
    -> (!x {{fovea.name = "y"}}) {{
  %o = tensor.empty() : !x
  %y = fovea.contract ins(%x, %w : !x, !w) outs(%o : !x)
      {{schedule = #fovea.schedule<form = "{form}">,
       indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> {order}>,
                        affine_map<(m, n, k) -> (m, n)>]}} epilogue {{
      ^bb0(%sum: f32):
        fovea.yield %sum : f32
      }} -> !x
  return %y : !x
}}
"""


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--size", type=int, default=8192, help="N and K")
    options = parser.parse_args(arguments)
    size = options.size
    cases = [f"{order} {form}" for order in ORDERS for form in FORMS]
    print("| M | " + " | ".join(cases) + " |\n|" + " --- |" * (1 + len(cases)))
    for m in FEW_ROWS:
        models = {f"{order} {form}": Model(MODULE.format(m=m, size=size, form=form, order=dims))
                  for order, dims in ORDERS.items() for form in FORMS}  # fmt: skip
        found = rows(models, options.rounds, 400)
        shares = [statistics.median(4e-6 * size**2 / row["median_ms"] / row["peak_gbps"]
                                    for row in found[case]) for case in cases]  # fmt: skip
        print(f"| {m} | " + " | ".join(f"{share:.0%}" for share in shares) + " |", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
