"""Offsets, windows and table indices of attention that lanes of 32 bits cannot hold or check."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from build_tree import Run

MAPS = """
#q = affine_map<(b, h, i, j, d, e) -> (b, h, i, d)>
#k = affine_map<(b, h, i, j, d, e) -> (b, h, j, d)>
#v = affine_map<(b, h, i, j, d, e) -> (b, h, j, e)>
#o = affine_map<(b, h, i, j, d, e) -> (b, h, i, e)>
#bj = affine_map<(b, h, i, j, d, e) -> (b, j)>
#t = affine_map<(b, h, i, j, d, e) -> ()>
!q = tensor<1x2x7x16xf32>
!k = tensor<1x2x9x16xf32>
"""


def placed(masks: str) -> str:
    return f"""{MAPS}
func.func @main(%q: !q {{fovea.name = "q"}}, %k: !k {{fovea.name = "k"}},
    %at: tensor<i64> {{fovea.name = "at"}}) -> !q {{
  %o = tensor.empty() : !q
  %raw = tensor.extract %at[] : tensor<i64>
  %offset = arith.index_cast %raw : i64 to index
  %y = fovea.attention ins(%q, %k, %k : !q, !k, !k) offset(%offset) {masks} outs(%o : !q)
      {{scale = 0.25 : f64, indexing_maps = [#q, #k, #v, #o]}} -> !q
  return %y : !q
}}"""


FAR = 2**63 - 1
MASKS = ["causal", "window [2, 1]", "causal window [0, -1]", f"window [{FAR}, {FAR}]"]
OFFSETS = [3, -3, 2**31 - 1, -(2**31), 2**40, -(2**40), FAR, -(2**63)]

TABLE = f"""{MAPS}
func.func @main(%q: !q {{fovea.name = "q"}}, %k: !k {{fovea.name = "k"}},
    %kind: tensor<1x9xi32> {{fovea.name = "kind"}}, %t: tensor<4xf32> {{fovea.name = "t"}}) -> !q {{
  %o = tensor.empty() : !q
  %y = fovea.attention ins(%q, %k, %k : !q, !k, !k)
      captures(%kind, %t : tensor<1x9xi32>, tensor<4xf32>) outs(%o : !q)
      {{scale = 0.25 : f64, indexing_maps = [#q, #k, #v, #bj, #t, #o]}} score {{
      ^bb0(%s: f32, %b: index, %h: index, %i: index, %j: index, %n: i32, %all: tensor<4xf32>):
        %place = arith.index_cast %n : i32 to index
        %bias = fovea.capture_load %all[%place] : tensor<4xf32> -> f32
        %sum = arith.addf %s, %bias : f32
        fovea.yield %sum : f32
      }} -> !q
  return %y : !q
}}"""


@pytest.mark.parametrize("masks", MASKS)
def test_far_offsets_mean_what_they_say(fovea: Run, tmp_path: Path, masks: str) -> None:
    (tmp_path / "m.mlir").write_text(placed(masks))
    for offset in OFFSETS:
        np.save(tmp_path / "at.npy", np.array(offset, np.int64))
        result = fovea("verify", "m.mlir", "--input=at=@at.npy")
        assert result.returncode == 0, (offset, result.stdout, result.stderr)


@pytest.mark.parametrize(("least", "limit", "code"), [(0, 4, 0), (4, 9, 5), (-3, 0, 5)])
def test_table_indices_from_data(
    fovea: Run, tmp_path: Path, least: int, limit: int, code: int
) -> None:
    (tmp_path / "m.mlir").write_text(TABLE)
    rng = np.random.default_rng(3)
    np.save(tmp_path / "kind.npy", rng.integers(least, limit, (1, 9), np.int32))
    result = fovea("verify" if code == 0 else "run", "m.mlir", "--input=kind=@kind.npy")
    assert result.returncode == code, result.stderr
    assert code == 0 or "node 'fovea.attention in line" in result.stderr
