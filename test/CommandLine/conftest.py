"""Fixtures of the command line's tests: the program, and small models to give it."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
Run = Callable[..., subprocess.CompletedProcess[str]]

# y = x * w^T + b for any number of rows.
LINEAR = """
func.func @main(%x: tensor<?x40xf32> {fovea.name = "x", fovea.shape = ["n", ""]},
                %w: tensor<96x40xf32> {fovea.name = "w"}, %b: tensor<96xf32> {fovea.name = "b"})
    -> (tensor<?x96xf32> {fovea.name = "y", fovea.shape = ["n", ""]}) attributes {fovea.entry} {
  %c0 = arith.constant 0 : index
  %n = tensor.dim %x, %c0 : tensor<?x40xf32>
  %e = tensor.empty(%n) : tensor<?x96xf32>
  %r = fovea.contract ins(%x, %w : tensor<?x40xf32>, tensor<96x40xf32>)
      captures(%b : tensor<96xf32>) outs(%e : tensor<?x96xf32>)
      {indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (n, k)>,
                        affine_map<(m, n, k) -> (n)>, affine_map<(m, n, k) -> (m, n)>]}
      epilogue {
      ^bb0(%sum: f32, %add: f32):
        %s = arith.addf %sum, %add : f32
        fovea.yield %s : f32
      } -> tensor<?x96xf32>
  return %r : tensor<?x96xf32>
}
"""

# Rows of x by indices that come from data.
GATHER = """
func.func @main(%x: tensor<?x8xf32> {fovea.name = "x", fovea.shape = ["n", ""]},
                %i: tensor<?xi64> {fovea.name = "i", fovea.shape = ["m"]})
    -> (tensor<?x8xf32> {fovea.name = "y", fovea.shape = ["m", ""]}) {
  %c0 = arith.constant 0 : index
  %n = tensor.dim %x, %c0 : tensor<?x8xf32>
  %m = tensor.dim %i, %c0 : tensor<?xi64>
  %e = tensor.empty(%m) : tensor<?x8xf32>
  %r = linalg.generic {indexing_maps = [affine_map<(a, b) -> (a)>, affine_map<(a, b) -> (a, b)>],
                       iterator_types = ["parallel", "parallel"]}
      ins(%i : tensor<?xi64>) outs(%e : tensor<?x8xf32>) {
  ^bb0(%raw: i64, %o: f32):
    %k = fovea.checked_index %raw in %n node "embed/Gather" : i64
    %b = linalg.index 1 : index
    %v = tensor.extract %x[%k, %b] : tensor<?x8xf32>
    linalg.yield %v : f32
  } -> tensor<?x8xf32>
  return %r : tensor<?x8xf32>
}
"""

# Claims a phase that it has not behind it.
STOPPED = """
module attributes {fovea.phase = "schedule"} {
  func.func @main(%x: tensor<4xf32>) -> tensor<4xf32> attributes {fovea.entry} {
    %y = math.exp %x : tensor<4xf32>
    return %y : tensor<4xf32>
  }
}
"""

# Legal, but only the cell knows the size of its output, which no pass lowers.
BROKEN = """
func.func @main(%x: tensor<5x2x8xf32>, %k: tensor<i64>) -> tensor<5x2x?xf32> {
  %raw = tensor.extract %k[] : tensor<i64>
  %n = arith.index_cast %raw : i64 to index
  %y = fovea.rnn %x cell {
  ^bb0(%t: tensor<2x8xf32>):
    %e = tensor.extract_slice %t[0, 0] [2, %n] [1, 1] : tensor<2x8xf32> to tensor<2x?xf32>
    fovea.yield %e : tensor<2x?xf32>
  } : tensor<5x2x8xf32> -> tensor<5x2x?xf32>
  return %y : tensor<5x2x?xf32>
}
"""

# Attention whose probabilities are asked for too, which is not raised.
ATTENTION = """
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


def build_folder() -> Path:
    """The build under test."""
    if given := os.environ.get("FOVEA_BUILD_DIR"):
        return Path(given)
    return ROOT / "build"


@pytest.fixture(scope="session")
def program() -> Path:
    path = build_folder() / "bin" / "fovea"
    if not path.exists():
        pytest.skip(f"{path} is not built")
    return path


@pytest.fixture
def fovea(program: Path, tmp_path: Path) -> Run:
    """Runs `fovea ARGUMENT...` in a folder of its own, with the models beside."""
    import numpy as np

    texts = {"linear": LINEAR, "gather": GATHER, "broken": BROKEN, "stopped": STOPPED,
             "weighted": WEIGHTED, "attention": ATTENTION}  # fmt: skip
    for name, text in texts.items():
        (tmp_path / f"{name}.mlir").write_text(text)
    weights = np.random.default_rng(5).standard_normal(4 + 24 * 40).astype(np.float32)
    (tmp_path / "w.bin").write_bytes(weights.tobytes())

    def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(program), *arguments], cwd=tmp_path, env=os.environ | environment,
            capture_output=True, text=True, timeout=300, check=False,
        )  # fmt: skip

    return run
