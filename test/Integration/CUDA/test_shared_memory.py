"""Attention of tiles fits the memory that a block has on every architecture, whatever the head.

A block of sm_86 and sm_89 has 99 KiB, those of the other architectures have more.
"""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import re
import subprocess

import pytest
from build_tree import BUILD, require

PIPELINE = (
    "builtin.module(fovea-schedule-cuda,canonicalize,cse,fovea-outline-blocks,"
    "gpu.module(fovea-distribute-fragments),fovea-place-shared)"
)
LIMIT = 99 * 1024
HEADS = range(16, 257, 16)
# Head sizes of queries and keys, and of values.
PAIRS = sorted({pair for size in HEADS for pair in ((size, size), (size, 256), (256, size))})
MASK = """ mask {
  ^bb0(%b: index, %h: index, %i: index, %j: index):
    %keep = arith.cmpi sle, %j, %i : index
    fovea.yield %keep : i1
  }"""


def kernel(name: str, depth: int, width: int, mask: str) -> str:
    q, v = (f"memref<1x1x?x{size}xf16>" for size in (depth, width))
    maps = ", ".join(f"affine_map<(b, h, i, j, d, e) -> (b, h, {results})>"
                     for results in ("i, d", "j, d", "j, e", "i, e"))  # fmt: skip
    return f"""
func.func private @{name}(%q: {q}, %v: {v}, %o: {v}) attributes {{fovea_kernel.kernel}} {{
  fovea.attention ins(%q, %q, %v : {q}, {q}, {v}) outs(%o : {v}) {{indexing_maps = [{maps}]}}{mask}
  return
}}
"""


@pytest.mark.parametrize("mask", ["", MASK], ids=["all", "causal"])
def test_tiles_fit_every_architecture(mask: str) -> None:
    text = "".join(kernel(f"head_{depth}_{width}", depth, width, mask) for depth, width in PAIRS)
    program = require(BUILD / "bin" / "fovea-opt", "./dev build")
    lowered = subprocess.run(
        [program, "-", f"-pass-pipeline={PIPELINE}"],
        input=text, capture_output=True, text=True, check=True, timeout=300,
    ).stdout  # fmt: skip
    sizes = [int(size) for size in re.findall(r"shared_bytes = (\d+)", lowered)]
    assert len(sizes) == len(PAIRS)
    assert max(sizes) <= LIMIT
    # The largest heads need nearly all of it; no other form has tiles of this size.
    assert max(sizes) > LIMIT - 4096
    assert min(sizes) >= 16 * 1024
