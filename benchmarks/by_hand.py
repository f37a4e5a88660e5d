#!/usr/bin/env python3
"""Whether masks and score changes written by hand, as regions, are as fast as Fovea's own forms.

Runs both in turns with `fovea bench`, one thread, and compares the least times. Exit code 1 when
one by hand has less than 95 % of the speed. Measure on a quiet machine.

Example: benchmarks/by_hand.py --rounds 7
"""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

from machine import PROGRAM, least_ms

LEAST_RATIO = 0.95
MODULE = """
#q = affine_map<(b, h, i, j, d, e) -> (b, h, i, d)>
#k = affine_map<(b, h, i, j, d, e) -> (b, h, j, d)>
#v = affine_map<(b, h, i, j, d, e) -> (b, h, j, e)>
#o = affine_map<(b, h, i, j, d, e) -> (b, h, i, e)>
#m = affine_map<(b, h, i, j, d, e) -> (h)>
!heads = tensor<1x16x{length}x64xf32>
func.func @main(%q: !heads {{fovea.name = "q"}}, %k: !heads {{fovea.name = "k"}},
    %v: !heads {{fovea.name = "v"}}, %m: tensor<16xf32> {{fovea.name = "m"}})
    -> (!heads {{fovea.name = "y"}}) {{
  %zero = arith.constant 0 : index
  %o = tensor.empty() : !heads
  %y = fovea.attention ins(%q, %k, %v : !heads, !heads, !heads) {sugar} outs(%o : !heads)
      {{scale = 0.125 : f64, indexing_maps = [#q, #k, #v{maps}, #o]}} {region} -> !heads
  return %y : !heads
}}
"""
POSITIONS = "%b: index, %h: index, %i: index, %j: index"
CAUSAL = f"""mask {{ ^bb0({POSITIONS}):
    %keep = arith.cmpi uge, %i, %j : index
    fovea.yield %keep : i1 }}"""
WINDOW = f"""mask {{ ^bb0({POSITIONS}):
    %behind = arith.subi %i, %j : index
    %none = arith.constant 0 : index
    %most = arith.constant 256 : index
    %past = arith.cmpi sge, %behind, %none : index
    %near = arith.cmpi sle, %behind, %most : index
    %keep = arith.andi %past, %near : i1
    fovea.yield %keep : i1 }}"""
SOFTCAP = f"""score {{ ^bb0(%s: f32, {POSITIONS}):
    %cap = arith.constant 30.0 : f32
    %part = arith.divf %s, %cap : f32
    %bent = math.tanh %part : f32
    %score = arith.mulf %bent, %cap : f32
    fovea.yield %score : f32 }}"""
ALIBI = f"""score {{ ^bb0(%s: f32, {POSITIONS}, %slope: f32):
    %behind = arith.subi %i, %j : index
    %whole = arith.index_cast %behind : index to i32
    %real = arith.sitofp %whole : i32 to f32
    %bias = arith.mulf %real, %slope : f32
    %score = arith.subf %s, %bias : f32
    fovea.yield %score : f32 }}"""
SLOPES = "captures(%m : tensor<16xf32>)"
# Name: length, the form of Fovea's own, what the region captures, and the region.
CASES = {
    "causal": (2048, "offset(%zero) causal", "", CAUSAL),
    "window": (4096, "offset(%zero) window [256, 0]", "", WINDOW),
    "softcap": (2048, "softcap 30.0", "", SOFTCAP),
    "alibi": (2048, "alibi(%m : tensor<16xf32>)", SLOPES, ALIBI),
}


def compiled(folder: Path, name: str, length: int, sugar: str, region: str) -> Path:
    source, module = folder / f"{name}.mlir", folder / f"{name}.fvm"
    maps = ", #m" if sugar == SLOPES else ""
    text = MODULE.format(length=length, sugar=sugar, region=region, maps=maps)
    source.write_text(text)
    subprocess.run([PROGRAM, "compile", source, "-o", module], check=True, capture_output=True)
    return module


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--time", type=int, default=400, help="milliseconds of a measurement")
    options = parser.parse_args(arguments)
    slow = 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for case, (length, sugar, captures, region) in CASES.items():
            own = compiled(folder, f"{case}_own", length, sugar, "")
            hand = compiled(folder, f"{case}_hand", length, captures, region)
            times = [[least_ms(module, 1, options.time) for module in (own, hand)]
                     for _ in range(options.rounds)]  # fmt: skip
            theirs, ours = (min(column) for column in zip(*times, strict=True))
            print(f"{case}: {theirs:.2f} ms, by hand {ours:.2f} ms, {theirs / ours:.2f}x the speed")
            slow += theirs / ours < LEAST_RATIO
    return int(slow > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
