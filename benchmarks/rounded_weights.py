#!/usr/bin/env python3
"""What 8 bits do for the recurrent weights of a plain RNN, one row and one gate a step.

Stored and rounded weights in turns with `fovea bench`, one thread; medians over the rounds. The
processor must have dots of i8.

Example: benchmarks/rounded_weights.py --rounds 5
"""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import argparse
import sys

import numpy as np
from turns import Model, medians

STEPS, INPUTS = 128, 16
UNITS = (256, 512, 1024)
MODULE = """
#x = affine_map<(t, b, h, k) -> (t, b, k)>
#w = affine_map<(t, b, h, k) -> (h, k)>
#p = affine_map<(t, b, h, k) -> (t, b, h)>
#s = affine_map<(b, h, k) -> (b, k)>
#r = affine_map<(b, h, k) -> (h, k)>
#q = affine_map<(b, h, k) -> (b, h)>
#y = affine_map<(b, h) -> (b, h)>
!x = tensor<{T}x1x{I}xf32>
!w = tensor<{H}x{I}xf32>
!r = tensor<{H}x{H}xf32>
!state = tensor<1x{H}xf32>
!ys = tensor<{T}x1x{H}xf32>
fovea.weight @w from "w.bin" : !w
fovea.weight @r from "r.bin" : !r
func.func @main(%x: !x {{fovea.name = "x"}}) -> (!ys {{fovea.name = "y"}}) {{
  %w = fovea.get_weight @w : !w
  %r = fovea.get_weight @r : !r
  %zero = arith.constant dense<0.0> : !state
  %all = tensor.empty() : !ys
  %inputs = fovea.contract ins(%x, %w : !x, !w) outs(%all : !ys)
      {{indexing_maps = [#x, #w, #p]}} epilogue {{
    ^bb0(%sum: f32):
      fovea.yield %sum : f32
    }} -> !ys
  %y, %last = fovea.rnn %inputs init(%zero) cell {{
  ^bb0(%i: !state, %h: !state):
    %empty = tensor.empty() : !state
    %sums = fovea.contract ins(%h, %r : !state, !r) outs(%empty : !state)
        {{indexing_maps = [#s, #r, #q]}} epilogue {{
      ^bb0(%sum: f32):
        fovea.yield %sum : f32
      }} -> !state
    %next = linalg.generic {{indexing_maps = [#y, #y, #y],
                            iterator_types = ["parallel", "parallel"]}}
        ins(%i, %sums : !state, !state) outs(%empty : !state) {{
    ^bb0(%a: f32, %b: f32, %o: f32):
      %sum = arith.addf %a, %b : f32
      %t = math.tanh %sum : f32
      linalg.yield %t : f32
    }} -> !state
    fovea.yield %next, %next : !state, !state
  }} : !ys, !state -> !ys, !state
  return %y : !ys
}}
"""


def layer(units: int, stored: str) -> Model:
    rng, bound = np.random.default_rng(units), units**-0.5
    weights = {f"{name}.bin": rng.uniform(-bound, bound, (units, depth)).astype("<f4").tobytes()
               for name, depth in (("w", INPUTS), ("r", units))}  # fmt: skip
    return Model(MODULE.format(T=STEPS, H=units, I=INPUTS), weights=weights,
                 compiled=(f"--recurrent-weights={stored}",))  # fmt: skip


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args(arguments).rounds
    models = {f"{units} {stored}": layer(units, stored)
              for units in UNITS for stored in ("stored", "i8")}  # fmt: skip
    times = medians(models, rounds)
    for units in UNITS:
        f32, i8 = times[f"{units} stored"], times[f"{units} i8"]
        print(f"{units} units: {f32:.3g} ms stored, {i8:.3g} ms in 8 bits, {f32 / i8:.2f}x")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
