"""Recurrences whose output has a size that only their cell states."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from conftest import Run

# The size is data; the check of the slice stands in the cell.
OF_DATA = """
func.func @main(%x: tensor<?x2x8xf32> {fovea.name = "x", fovea.shape = ["t", "", ""]},
                %k: tensor<i64> {fovea.name = "k"}) -> (tensor<?x2x?xf32> {fovea.name = "y"}) {
  %raw = tensor.extract %k[] : tensor<i64>
  %n = arith.index_cast %raw : i64 to index
  %y = fovea.rnn %x cell {
  ^bb0(%t: tensor<2x8xf32>):
    %e = tensor.extract_slice %t[0, 0] [2, %n] [1, 1] : tensor<2x8xf32> to tensor<2x?xf32>
    fovea.yield %e : tensor<2x?xf32>
  } : tensor<?x2x8xf32> -> tensor<?x2x?xf32>
  return %y : tensor<?x2x?xf32>
}"""

# The size is that of a captured matrix.
OF_CAPTURE = """
func.func @main(%x: tensor<?x?x8xf32> {fovea.name = "x", fovea.shape = ["t", "b", ""]},
                %h: tensor<?x8xf32> {fovea.name = "h", fovea.shape = ["b", ""]},
                %w: tensor<?x8xf32> {fovea.name = "w", fovea.shape = ["o", ""]})
    -> (tensor<?x?x?xf32> {fovea.name = "y"}, tensor<?x8xf32> {fovea.name = "f"}) {
  %c0 = arith.constant 0 : index
  %o = tensor.dim %w, %c0 : tensor<?x8xf32>
  %y, %f = fovea.rnn %x init(%h) cell {
  ^bb0(%t: tensor<?x8xf32>, %s: tensor<?x8xf32>):
    %n = arith.addf %t, %s : tensor<?x8xf32>
    %b = tensor.dim %t, %c0 : tensor<?x8xf32>
    %e = tensor.empty(%b, %o) : tensor<?x?xf32>
    %p = fovea.contract ins(%n, %w : tensor<?x8xf32>, tensor<?x8xf32>) outs(%e : tensor<?x?xf32>)
        {indexing_maps = [affine_map<(b, o, i) -> (b, i)>, affine_map<(b, o, i) -> (o, i)>,
                          affine_map<(b, o, i) -> (b, o)>]}
        epilogue { ^bb0(%sum: f32): fovea.yield %sum : f32 } -> tensor<?x?xf32>
    fovea.yield %p, %n : tensor<?x?xf32>, tensor<?x8xf32>
  } : tensor<?x?x8xf32>, tensor<?x8xf32> -> tensor<?x?x?xf32>, tensor<?x8xf32>
  return %y, %f : tensor<?x?x?xf32>, tensor<?x8xf32>
}"""

# The size hangs on what a step reads.
OF_STEP = OF_DATA.replace(
    """    %e = tensor""",
    """    %c0 = arith.constant 0 : index
    %v = tensor.extract %t[%c0, %c0] : tensor<2x8xf32>
    %i = arith.fptosi %v : f32 to i64
    %m = arith.index_cast %i : i64 to index
    %e = tensor""",
).replace("[2, %n]", "[2, %m]")


@pytest.mark.parametrize("steps", [0, 1, 3])
@pytest.mark.parametrize("size", [0, 3, 8])
def test_a_size_of_data_is_known_before_the_first_step(
    fovea: Run, tmp_path: Path, size: int, steps: int
) -> None:
    (tmp_path / "m.mlir").write_text(OF_DATA)
    x = np.random.default_rng(1).standard_normal((steps, 2, 8)).astype(np.float32)
    np.save(tmp_path / "x.npy", x)
    np.save(tmp_path / "k.npy", np.int64(size))
    result = fovea("run", "m.mlir", "--input=x=@x.npy", "--input=k=@k.npy", "--out=y.npz")
    assert result.returncode == 0, result.stderr
    with np.load(tmp_path / "y.npz") as outputs:
        np.testing.assert_array_equal(outputs["y"], x[:, :, :size])


@pytest.mark.parametrize(
    ("size", "what"), [(9, "index 8 is out of range for 8"), (-1, "size -1 does not match size 0")]
)
@pytest.mark.parametrize("target", ["host", "reference"])
def test_a_size_that_no_step_can_have_is_a_status(
    fovea: Run, tmp_path: Path, size: int, what: str, target: str
) -> None:
    (tmp_path / "m.mlir").write_text(OF_DATA)
    given = f"--input=k=randint:{size}:{size + 1}"
    result = fovea("run", "m.mlir", "--size=t=2", given, f"--target={target}")
    assert result.returncode == 5
    assert ("a slice that leaves its tensor" if target == "reference" else what) in result.stderr


@pytest.mark.parametrize(("batch", "width"), [(1, 1), (2, 5), (3, 17)])
def test_a_size_of_a_captured_matrix(fovea: Run, tmp_path: Path, batch: int, width: int) -> None:
    (tmp_path / "m.mlir").write_text(OF_CAPTURE)
    result = fovea("verify", "m.mlir", "--size=t=3", f"--size=b={batch}", f"--size=o={width}")
    assert result.returncode == 0, result.stdout + result.stderr
    assert result.stdout.count("PASS") == 2


def test_a_size_that_hangs_on_a_step_is_refused(fovea: Run, tmp_path: Path) -> None:
    (tmp_path / "m.mlir").write_text(OF_STEP)
    result = fovea("compile", "m.mlir")
    assert result.returncode == 3
    assert "error[FV0402]: fovea.rnn in line 6: only its cell knows size 2" in result.stderr
    assert result.stderr.count("error[") == 1
    assert "%" not in result.stderr
    assert not list(tmp_path.glob("*.reproducer.mlir"))


def test_a_size_that_folding_finds_disagrees_before_simplification(
    fovea: Run, tmp_path: Path
) -> None:
    (tmp_path / "m.mlir").write_text("""
func.func @main(%x: tensor<4xf32>) -> tensor<?xf32> {
  %c20 = arith.constant 20 : index
  %c2 = arith.constant 2 : index
  %n = arith.shrui %c20, %c2 : index
  %e = tensor.empty(%n) : tensor<?xf32>
  %y = linalg.exp ins(%x : tensor<4xf32>) outs(%e : tensor<?xf32>) -> tensor<?xf32>
  return %y : tensor<?xf32>
}""")
    result = fovea("compile", "m.mlir")
    assert result.returncode == 3
    assert "needs a size of 4 where the model has 5" in result.stderr
