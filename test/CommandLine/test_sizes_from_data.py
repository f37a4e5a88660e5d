"""Modules whose offsets, sizes and steps come from data, run with values that do not fit.

Values near the largest index wrap around in a sum or product: no check may rely on one that did.
"""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from conftest import Run

LARGEST = 2**63 - 1
INDICES = """
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c4 = arith.constant 4 : index
  %a = tensor.extract %v[%c0] : tensor<2xi64>
  %i = arith.index_cast %a : i64 to index
  %b = tensor.extract %v[%c1] : tensor<2xi64>
  %j = arith.index_cast %b : i64 to index"""


def module(body: str, result: str, kind: str = "f32") -> str:
    return f"""
func.func @main(%t: tensor<8x{kind}> {{fovea.name = "t"}}, %v: tensor<2xi64> {{fovea.name = "v"}})
    -> {result} {{{INDICES}{body}
  return %r : {result}
}}"""


SLICE = module("""
  %r = tensor.extract_slice %t[%i] [2] [1] : tensor<8xf32> to tensor<2xf32>""", "tensor<2xf32>")
SLICE_OF_ANY_SIZE = module("""
  %s = tensor.extract_slice %t[%i] [%j] [1] : tensor<8xf32> to tensor<?xf32>
  %r = math.exp %s : tensor<?xf32>""", "tensor<?xf32>")
STRIDE = module("""
  %r = tensor.extract_slice %t[0] [5] [%i] : tensor<8xi8> to tensor<5xi8>""", "tensor<5xi8>", "i8")
PAD = module("""
  %zero = arith.constant 0.0 : f32
  %r = tensor.pad %t low[%i] high[%j] {
  ^bb0(%k: index):
    tensor.yield %zero : f32
  } : tensor<8xf32> to tensor<?xf32>""", "tensor<?xf32>")
JOIN = module("""
  %e = math.exp %t : tensor<8xf32>
  %r = scf.forall (%k) in (2) shared_outs(%d = %e) -> tensor<8xf32> {
    %s = tensor.extract_slice %t[%k] [1] [1] : tensor<8xf32> to tensor<1xf32>
    scf.forall.in_parallel {
      tensor.parallel_insert_slice %s into %d[%i] [1] [1] : tensor<1xf32> into tensor<8xf32>
    }
  }""", "tensor<8xf32>")
STEP = module("""
  %r = scf.for %k = %c0 to %c4 step %i iter_args(%s = %t) -> tensor<8xf32> {
    %e = math.tanh %s : tensor<8xf32>
    scf.yield %e : tensor<8xf32>
  }""", "tensor<8xf32>")
QUOTIENT = module("""
  %positive = arith.cmpi sge, %i, %c1 : index
  fovea.require %positive, %i, %c1 fault shape node "mine"
  %q = arith.floordivsi %c4, %i : index
  %s = tensor.extract_slice %t[1] [%q] [1] : tensor<8xf32> to tensor<?xf32>
  %r = math.exp %s : tensor<?xf32>""", "tensor<?xf32>")
DIMENSION = module("""
  %s = tensor.extract_slice %t[0] [%j] [1] : tensor<8xf32> to tensor<?xf32>
  %n = tensor.dim %s, %i : tensor<?xf32>
  %e = tensor.empty(%n) : tensor<?xf32>
  %zero = arith.constant 0.0 : f32
  %r = linalg.fill ins(%zero : f32) outs(%e : tensor<?xf32>) -> tensor<?xf32>""", "tensor<?xf32>")
# What holds in a branch says nothing behind it.
BRANCH = module("""
  %m = arith.maxsi %i, %j : index
  %ordered = arith.cmpi sge, %i, %j : index
  %w = scf.if %ordered -> (tensor<?xf32>) {
    fovea.require %ordered, %i, %j fault shape node "mine"
    %p = tensor.extract_slice %t[0] [%m] [1] : tensor<8xf32> to tensor<?xf32>
    %x = math.exp %p : tensor<?xf32>
    scf.yield %x : tensor<?xf32>
  } else {
    %p = tensor.extract_slice %t[0] [%c1] [1] : tensor<8xf32> to tensor<?xf32>
    scf.yield %p : tensor<?xf32>
  }
  %s = tensor.extract_slice %t[0] [%m] [1] : tensor<8xf32> to tensor<?xf32>
  %r = math.exp %s : tensor<?xf32>""", "tensor<?xf32>")


@dataclass(frozen=True)
class Case:
    name: str
    text: str
    good: tuple[int, int]
    bad: tuple[tuple[int, int], ...]
    node: str
    words: str = "(index|length) -?[0-9]+ is out of range"


CASES = (
    Case("slice", SLICE, (6, 0), ((7, 0), (-1, 0), (LARGEST, 0)), "tensor.extract_slice in line"),
    Case("slice of any size", SLICE_OF_ANY_SIZE, (3, 5),
         ((3, 6), (3, LARGEST), (LARGEST, 1), (LARGEST, LARGEST), (0, -1)),
         "tensor.extract_slice in line", "index|length|size"),
    Case("stride", STRIDE, (1, 0), ((2, 0), (2**62, 0), (2**61, 0), (-1, 0)),
         "tensor.extract_slice in line", "index|length|size"),
    Case("pad", PAD, (1, 2), ((LARGEST, LARGEST), (LARGEST, 1), (2**62, 2**62), (-1, 0)),
         "tensor.pad in line", "length"),
    Case("join", JOIN, (7, 0), ((8, 0), (100000000, 0), (-1, 0), (LARGEST, 0)), "in line"),
    Case("step", STEP, (2, 0), ((0, 0), (-1, 0)), "scf.for in line", "size"),
    Case("quotient", QUOTIENT, (4, 0), ((0, 0),), "mine", "size 0"),
    Case("dimension", DIMENSION, (0, 4), ((1, 4), (-1, 4), (70000, 4)), "tensor.dim in line"),
    Case("branch", BRANCH, (4, 2), ((2, 4000), (2, 9)), "tensor.extract_slice in line"),
)


def run_with(fovea: Run, tmp_path: Path, case: Case, values: tuple[int, int]) -> tuple[int, str]:
    model, data = tmp_path / "model.mlir", tmp_path / "v.npy"
    model.write_text(case.text)
    np.save(data, np.array(values))
    result = fovea("run", str(model), "--input", f"v=@{data}")
    return result.returncode, result.stderr


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_values_that_fit(fovea: Run, tmp_path: Path, case: Case) -> None:
    code, text = run_with(fovea, tmp_path, case, case.good)
    assert code == 0, text


@pytest.mark.parametrize(("case", "values"),
                         [(case, values) for case in CASES for values in case.bad],
                         ids=lambda part: part.name if isinstance(part, Case) else str(part))
def test_values_that_do_not_fit(fovea: Run, tmp_path: Path, case: Case,
                                values: tuple[int, int]) -> None:
    code, text = run_with(fovea, tmp_path, case, values)
    assert code == 5, text
    assert case.node in text
    assert re.search(case.words, text)


def test_a_dimension_that_is_not_there_is_a_fault_of_the_run(fovea: Run, tmp_path: Path) -> None:
    text = module("""
  %far = arith.constant 70000 : index
  %cube = tensor.expand_shape %t [[0, 1]] output_shape [2, 4] : tensor<8xf32> into tensor<2x4xf32>
  %n = tensor.dim %cube, %far : tensor<2x4xf32>
  %e = tensor.empty(%n) : tensor<?xf32>
  %r = math.exp %e : tensor<?xf32>""", "tensor<?xf32>")
    code, message = run_with(fovea, tmp_path, Case("", text, (0, 0), (), ""), (0, 0))
    assert code == 5, message
    assert "tensor.dim in line" in message


def test_sizes_that_never_agree_are_refused(fovea: Run, tmp_path: Path) -> None:
    """The text says so nowhere at once: the casts hide it from the verifier."""
    (tmp_path / "m.mlir").write_text("""
func.func @main(%a: tensor<5x8xf32>, %b: tensor<7x6xf32>) -> tensor<5x6xf32> {
  %x = tensor.cast %a : tensor<5x8xf32> to tensor<5x?xf32>
  %y = tensor.cast %b : tensor<7x6xf32> to tensor<?x6xf32>
  %c = tensor.empty() : tensor<5x6xf32>
  %r = fovea.contract ins(%x, %y : tensor<5x?xf32>, tensor<?x6xf32>) outs(%c : tensor<5x6xf32>)
      {indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (k, n)>,
                        affine_map<(m, n, k) -> (m, n)>]}
      epilogue { ^bb0(%s: f32): fovea.yield %s : f32 } -> tensor<5x6xf32>
  return %r : tensor<5x6xf32>
}""")
    result = fovea("compile", "m.mlir")
    assert result.returncode == 3
    assert "error[FV0069]" in result.stderr
    assert "fovea.contract in line 6 needs a size of 8 where the model has 7" in result.stderr


def test_shared_sizes_are_computed_once(fovea: Run, tmp_path: Path) -> None:
    """Each level uses the one below twice: 2^60 paths."""
    steps = "".join(f"""
  %q{level} = arith.floordivsi %m{level}, %c4 : index
  %m{level + 1} = arith.minsi %m{level}, %q{level} : index""" for level in range(60))
    text = module(f"""
  %m0 = arith.addi %i, %c0 : index{steps}
  %s = tensor.extract_slice %t[0] [%m60] [1] : tensor<8xf32> to tensor<?xf32>
  %r = math.exp %s : tensor<?xf32>""", "tensor<?xf32>")
    code, message = run_with(fovea, tmp_path, Case("", text, (0, 0), (), ""), (8, 0))
    assert code == 0, message
