"""Code for bf16 on processors without AVX512-BF16."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import re
from pathlib import Path

from build_tree import PROGRAM, fovea, require, sound

require(PROGRAM, "./dev build")
ROUND = """
func.func @main(%x: tensor<64xf32> {fovea.name = "x"})
    -> (tensor<64xbf16> {fovea.name = "y"}) attributes {fovea.entry} {
  %e = tensor.empty() : tensor<64xbf16>
  %y = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>],
      iterator_types = ["parallel"]} ins(%x : tensor<64xf32>) outs(%e : tensor<64xbf16>) {
  ^bb0(%in: f32, %out: bf16):
    %short = arith.truncf %in : f32 to bf16
    linalg.yield %short : bf16
  } -> tensor<64xbf16>
  return %y : tensor<64xbf16>
}
"""


def test_lanes_of_bf16_are_selected_together(tmp_path: Path) -> None:
    """The code generator takes a select of bf16 lanes apart: a test, a jump or a move a lane."""
    (tmp_path / "round.mlir").write_text(ROUND)
    for kind in ("llvm", "asm"):
        sound(fovea(tmp_path, "compile", "round.mlir", "--target=x86-64-v4", f"--emit={kind}",
                    "-o", kind))  # fmt: skip
    code = (tmp_path / "llvm").read_text()
    assert re.search(r"select <16 x i1> \S+, <16 x i16>", code)
    assert not re.search(r"select <16 x i1> \S+, <16 x bfloat>", code)
    assert "kshift" not in (tmp_path / "asm").read_text()
