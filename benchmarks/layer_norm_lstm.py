#!/usr/bin/env python3
"""What layer norms of the gates and of c cost an LSTM that is written as a cell region.

Runs both in turns with `fovea bench`, and compares the least times. Exit code 1 when one with norms
takes more than 1.5 times as long. Measure on a quiet machine.

Example: benchmarks/layer_norm_lstm.py --rounds 7 --threads 2
"""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from machine import PROGRAM, least_ms

MOST_RATIO = 1.5
STEPS = 128
# Batch and units.
SIZES = ((1, 64), (8, 64), (32, 64), (1, 128), (8, 128), (1, 256), (1, 512))
SIGMOID = """
    %n{0} = arith.negf %x{0} : f32
    %e{0} = math.exp %n{0} : f32
    %d{0} = arith.addf %one, %e{0} : f32
    %s{0} = arith.divf %one, %d{0} : f32"""
GATES = "".join(f"""
    %x{gate} = arith.addf %i{gate}, %r{gate} : f32""" for gate in range(4))  # fmt: skip
MODULE = """
#x = affine_map<(t, b, g, h, k) -> (t, b, k)>
#w = affine_map<(t, b, g, h, k) -> (g, h, k)>
#p = affine_map<(t, b, g, h, k) -> (t, b, g, h)>
#s = affine_map<(b, g, h, k) -> (b, k)>
#r = affine_map<(b, g, h, k) -> (g, h, k)>
#q = affine_map<(b, g, h, k) -> (b, g, h)>
#0 = affine_map<(b, h) -> (b, 0, h)>
#1 = affine_map<(b, h) -> (b, 1, h)>
#2 = affine_map<(b, h) -> (b, 2, h)>
#3 = affine_map<(b, h) -> (b, 3, h)>
#y = affine_map<(b, h) -> (b, h)>
!w = tensor<4x{H}x{H}xf32>
!all = tensor<{T}x{B}x4x{H}xf32>
!gates = tensor<{B}x4x{H}xf32>
!state = tensor<{B}x{H}xf32>
!scales = tensor<4x{H}xf32>
!scale = tensor<{H}xf32>
!ys = tensor<{T}x{B}x{H}xf32>
fovea.weight @w from "w.bin" offset 0 : !w
fovea.weight @r from "r.bin" offset 0 : !w
fovea.weight @gates from "gates.bin" offset 0 : !scales
fovea.weight @cells from "cells.bin" offset 0 : !scale
func.func @main(%x: !ys {{fovea.name = "x"}}) -> (!ys {{fovea.name = "y"}})
    attributes {{fovea.entry}} {{
  %w = fovea.get_weight @w : !w
  %r = fovea.get_weight @r : !w
  %scales = fovea.get_weight @gates : !scales
  %scale = fovea.get_weight @cells : !scale
  %zero = arith.constant dense<0.0> : !state
  %all = tensor.empty() : !all
  %product = fovea.contract ins(%x, %w : !ys, !w) outs(%all : !all)
      {{indexing_maps = [#x, #w, #p]}} epilogue {{
    ^bb0(%sum: f32):
      fovea.yield %sum : f32
    }} -> !all
  {norm_all}
  %y, %h, %c = fovea.rnn %inputs init(%zero, %zero) cell {{
  ^bb0(%i: !gates, %hs: !state, %cs: !state):
    %none = tensor.empty() : !gates
    %sums = fovea.contract ins(%hs, %r : !state, !w) outs(%none : !gates)
        {{indexing_maps = [#s, #r, #q]}} epilogue {{
    ^bb0(%sum: f32):
      fovea.yield %sum : f32
    }} -> !gates
    {norm_gates}
    %empty = tensor.empty() : !state
    %next = linalg.generic {{indexing_maps = [#0, #0, #1, #1, #2, #2, #y, #y],
        iterator_types = ["parallel", "parallel"]}}
        ins(%i, %own, %i, %own, %i, %own, %cs : !gates, !gates, !gates, !gates, !gates, !gates,
        !state) outs(%empty : !state) {{
    ^bb0(%i0: f32, %r0: f32, %i1: f32, %r1: f32, %i2: f32, %r2: f32, %old: f32, %o: f32):
    %one = arith.constant 1.0 : f32{first_gates}
    %new = math.tanh %x2 : f32
    %kept = arith.mulf %s1, %old : f32
    %given = arith.mulf %s0, %new : f32
    %sum = arith.addf %kept, %given : f32
    linalg.yield %sum : f32
    }} -> !state
    {norm_cell}
    %out = linalg.generic {{indexing_maps = [#3, #3, #y, #y],
        iterator_types = ["parallel", "parallel"]}}
        ins(%i, %own, %seen : !gates, !gates, !state) outs(%empty : !state) {{
    ^bb0(%i3: f32, %r3: f32, %cell: f32, %o: f32):
    %one = arith.constant 1.0 : f32{last_gate}
    %bent = math.tanh %cell : f32
    %result = arith.mulf %s3, %bent : f32
    linalg.yield %result : f32
    }} -> !state
    fovea.yield %out, %out, %next : !state, !state, !state
  }} : !all, !state, !state -> !ys, !state, !state
  return %y : !ys
}}
"""


def norm(name: str, of: str, kind: str, axis: int, normed: bool) -> str:
    """`of` under another name, normed or as it is: an identity that is folded."""
    if not normed:
        return f"%{name} = tensor.cast {of} : {kind} to {kind}"
    scales, scale = ("%scale", "!scale") if kind == "!state" else ("%scales", "!scales")
    return f"""%{name}_empty = tensor.empty() : {kind}
  %{name} = fovea.layer_norm ins({of}, {scales} : {kind}, {scale}) outs(%{name}_empty : {kind})
      {{axis = {axis} : i64, epsilon = 1.0e-05 : f64}} -> {kind}"""


def compiled(folder: Path, batch: int, units: int, normed: bool) -> Path:
    name = f"b{batch}_h{units}_{'norms' if normed else 'plain'}"
    source, module = folder / f"{name}.mlir", folder / f"{name}.fvm"
    gates = GATES.split("\n    %x3")[0] + "".join(SIGMOID.format(gate) for gate in (0, 1))
    source.write_text(MODULE.format(
        T=STEPS, B=batch, H=units, first_gates=gates,
        last_gate="\n    %x3" + GATES.split("\n    %x3")[1] + SIGMOID.format(3),
        norm_all=norm("inputs", "%product", "!all", 2, normed),
        norm_gates=norm("own", "%sums", "!gates", 1, normed),
        norm_cell=norm("seen", "%next", "!state", 1, normed)))  # fmt: skip
    random = np.random.default_rng(units)
    shapes = {"w": (4, units, units), "r": (4, units, units), "gates": (4, units),
              "cells": (units,)}  # fmt: skip
    for key, shape in shapes.items():
        values = random.standard_normal(shape) / units**0.5
        values.astype(np.float32).tofile(folder / f"{key}.bin")
    subprocess.run(
        [PROGRAM, "compile", source, "-o", module, "-q"], check=True, stdout=subprocess.DEVNULL
    )
    return module


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--time", type=int, default=200, help="milliseconds of a measurement")
    options = parser.parse_args(arguments)
    slow = 0
    for batch, units in SIZES:
        with tempfile.TemporaryDirectory() as name:
            modules = [compiled(Path(name), batch, units, normed) for normed in (False, True)]
            times = [[least_ms(module, options.threads, options.time) for module in modules]
                     for _ in range(options.rounds)]  # fmt: skip
        plain, normed = (min(column) for column in zip(*times, strict=True))
        print(f"B {batch}, H {units}: {plain:.3f} ms, with norms {normed:.3f} ms, "
              f"{normed / plain:.2f} times as long")  # fmt: skip
        slow += normed / plain > MOST_RATIO
    return int(slow > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
