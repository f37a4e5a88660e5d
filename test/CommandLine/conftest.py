"""Fixtures of the command line's tests: the program, and small models to give it."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

from pathlib import Path

import build_tree
import numpy as np
import pytest
from build_tree import Run
from conformance_cases import CASES
from small_models import gather, linear

# Claims a phase that it has not behind it.
STOPPED = """
module attributes {fovea.phase = "schedule"} {
  func.func @main(%x: tensor<4xf32>) -> tensor<4xf32> attributes {fovea.entry} {
    %y = math.exp %x : tensor<4xf32>
    return %y : tensor<4xf32>
  }
}
"""

# Only simplification finds out that a size is 5, where 4 is needed, and then does not verify.
BROKEN = """
func.func @main(%x: tensor<4x6xf32>, %s: tensor<?xf32>) -> tensor<?x?xf32> {
  %c0 = arith.constant 0 : index
  %d = tensor.dim %s, %c0 : tensor<?xf32>
  %zero = arith.xori %d, %d : index
  %c5 = arith.constant 5 : index
  %n = arith.addi %zero, %c5 : index
  %e = tensor.empty(%n, %n) : tensor<?x?xf32>
  %y = linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i, j)>],
      iterator_types = ["parallel", "parallel"]}
      ins(%x : tensor<4x6xf32>) outs(%e : tensor<?x?xf32>) {
  ^bb0(%a: f32, %b: f32):
    linalg.yield %a : f32
  } -> tensor<?x?xf32>
  return %y : tensor<?x?xf32>
}
"""

# Attention as products and a softmax; its probabilities are asked for too, so it is not raised.
PROBABILITIES = """
#q = affine_map<(n, i, j, d) -> (n, i, d)>
#k = affine_map<(n, i, j, d) -> (n, j, d)>
#s = affine_map<(n, i, j, d) -> (n, i, j)>
func.func @main(%q: tensor<2x5x8xf32> {fovea.name = "q"}, %k: tensor<2x5x8xf32> {fovea.name = "k"})
    -> (tensor<2x5x8xf32> {fovea.name = "y"}, tensor<2x5x5xf32> {fovea.name = "p"}) {
  %es = tensor.empty() : tensor<2x5x5xf32>
  %s = fovea.contract ins(%q, %k : tensor<2x5x8xf32>, tensor<2x5x8xf32>)
      outs(%es : tensor<2x5x5xf32>) {indexing_maps = [#q, #k, #s]}
      epilogue {
      ^bb0(%sum: f32):
        fovea.yield %sum : f32
      } -> tensor<2x5x5xf32>
  %p = linalg.softmax dimension(2) ins(%s : tensor<2x5x5xf32>) outs(%es : tensor<2x5x5xf32>)
      -> tensor<2x5x5xf32> loc("layer/softmax")
  %ey = tensor.empty() : tensor<2x5x8xf32>
  %y = fovea.contract ins(%p, %k : tensor<2x5x5xf32>, tensor<2x5x8xf32>)
      outs(%ey : tensor<2x5x8xf32>) {indexing_maps = [#s, #k, #q]}
      epilogue {
      ^bb0(%sum: f32):
        fovea.yield %sum : f32
      } -> tensor<2x5x8xf32>
  return %y, %p : tensor<2x5x8xf32>, tensor<2x5x5xf32>
}
"""

# The same without them, which is raised.
RAISED = PROBABILITIES.replace(
    """, tensor<2x5x5xf32> {fovea.name = "p"})""", ")"
).replace("return %y, %p : tensor<2x5x8xf32>, tensor<2x5x5xf32>", "return %y : tensor<2x5x8xf32>")

# A weight in a file of its own.
WEIGHTED = """
fovea.weight @w from "w.bin" offset 16 : tensor<24x40xf32>
func.func @main(%x: tensor<?x40xf32> {fovea.name = "x", fovea.shape = ["n", ""]})
    -> (tensor<?x24xf32> {fovea.name = "y", fovea.shape = ["n", ""]}) {
  %c0 = arith.constant 0 : index
  %n = tensor.dim %x, %c0 : tensor<?x40xf32>
  %w = fovea.get_weight @w : tensor<24x40xf32>
  %e = tensor.empty(%n) : tensor<?x24xf32>
  %r = fovea.contract ins(%x, %w : tensor<?x40xf32>, tensor<24x40xf32>)
      outs(%e : tensor<?x24xf32>)
      {indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (n, k)>,
                        affine_map<(m, n, k) -> (m, n)>]}
      epilogue {
      ^bb0(%sum: f32):
        fovea.yield %sum : f32
      } -> tensor<?x24xf32>
  return %r : tensor<?x24xf32>
}
"""

# An assembler that any machine has.
PTXAS = """#!/bin/sh
if [ "$1" = --version ]; then echo "Cuda compilation tools, release ${RELEASE:-13.5}"; exit; fi
while [ $# -gt 1 ]; do
  case $1 in
    --gpu-name) arch=$2 ;;
    -o) out=$2 ;;
  esac
  shift
done
if [ "$arch" = "$REFUSED" ]; then echo "ptxas fatal: no $arch today" >&2; exit 1; fi
echo "cubin for $arch" > "$out"
"""


@pytest.fixture
def ptxas(tmp_path: Path) -> dict[str, str]:
    """The variable that names the assembler."""
    script = tmp_path / "ptxas"
    script.write_text(PTXAS)
    script.chmod(0o755)
    return {"FOVEA_PTXAS": str(script)}


@pytest.fixture(scope="session")
def program() -> Path:
    return build_tree.require(build_tree.PROGRAM, "./dev build")


@pytest.fixture
def fovea(program: Path, tmp_path: Path) -> Run:
    """Runs `fovea ARGUMENT...` in a folder of its own, with the models beside."""
    texts = {"linear": linear(), "gather": gather(), "broken": BROKEN, "stopped": STOPPED,
             "weighted": WEIGHTED, "probabilities": PROBABILITIES, "raised": RAISED,
             "attention": CASES["attention"]().text, "gru": CASES["gru"]().text}  # fmt: skip
    for name, text in texts.items():
        (tmp_path / f"{name}.mlir").write_text(text)
    weights = np.random.default_rng(5).standard_normal(4 + 24 * 40).astype(np.float32)
    (tmp_path / "w.bin").write_bytes(weights.tobytes())
    return lambda *arguments, **variables: build_tree.fovea(tmp_path, *arguments, **variables)
