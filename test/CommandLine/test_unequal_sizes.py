"""Modules whose operations rely on sizes that agree, run with sizes that do not.

MLIR text may give arguments symbols of their own; the run has to stop before anything is read or
written outside a tensor. Each case runs with sizes that agree first: no check may be too strict.
"""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest
from build_tree import Run


def maps(*results: str, dims: str) -> str:
    return ", ".join(f"affine_map<({dims}) -> ({result})>" for result in results)


def argument(name: str, kind: str, *symbols: str) -> str:
    shape = ", ".join(f'"{symbol}"' for symbol in symbols)
    return f'%{name}: tensor<{kind}> {{fovea.name = "{name}", fovea.shape = [{shape}]}}'


def attention(key: str, value: str) -> str:
    """K has J keys, V has J2."""
    return f"""
func.func @main({argument("q", "2x4x7x16xf32", *[""] * 4)},
    {argument("k", "2x4x?x16xf32", "", "", key, "")},
    {argument("v", "2x4x?x16xf32", "", "", value, "")}) -> tensor<2x4x7x16xf32> {{
  %o = tensor.empty() : tensor<2x4x7x16xf32>
  %y = fovea.attention ins(%q, %k, %v : tensor<2x4x7x16xf32>, tensor<2x4x?x16xf32>,
      tensor<2x4x?x16xf32>) outs(%o : tensor<2x4x7x16xf32>) {{scale = 0.25 : f64,
      indexing_maps = [{
        maps("b, h, i, d", "b, h, j, d", "b, h, j, e", "b, h, i, e", dims="b, h, i, j, d, e")
    }]}} -> tensor<2x4x7x16xf32>
  return %y : tensor<2x4x7x16xf32>
}}"""


@dataclass(frozen=True)
class Case:
    name: str
    text: str
    good: tuple[str, ...]
    bad: tuple[str, ...]
    node: str


GROUPED = f"""
func.func @main({argument("q", "2x?x7x16xf32", "", "H", "", "")},
    {argument("k", "2x?x9x16xf32", "", "G", "", "")}) -> tensor<2x?x7x16xf32> {{
  %c1 = arith.constant 1 : index
  %n = tensor.dim %q, %c1 : tensor<2x?x7x16xf32>
  %o = tensor.empty(%n) : tensor<2x?x7x16xf32>
  %y = fovea.attention ins(%q, %k, %k : tensor<2x?x7x16xf32>, tensor<2x?x9x16xf32>,
      tensor<2x?x9x16xf32>) outs(%o : tensor<2x?x7x16xf32>) {{scale = 0.25 : f64,
      indexing_maps = [{
    maps(
        "b, h, i, d",
        "b, h floordiv 4, j, d",
        "b, h floordiv 4, j, e",
        "b, h, i, e",
        dims="b, h, i, j, d, e",
    )
}]}} -> tensor<2x?x7x16xf32>
  return %y : tensor<2x?x7x16xf32>
}}"""

NORM = f"""
func.func @main({argument("x", "?x?xf32", "A", "B")}, {argument("w", "?xf32", "C")})
    -> tensor<?x?xf32> {{
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %a = tensor.dim %x, %c0 : tensor<?x?xf32>
  %b = tensor.dim %x, %c1 : tensor<?x?xf32>
  %o = tensor.empty(%a, %b) : tensor<?x?xf32>
  %r = fovea.rms_norm ins(%x, %w : tensor<?x?xf32>, tensor<?xf32>) outs(%o : tensor<?x?xf32>)
      {{axis = 1 : i64, epsilon = 1.0e-6 : f64}} -> tensor<?x?xf32>
  return %r : tensor<?x?xf32>
}}"""

ROPE = f"""
func.func @main({argument("x", "1x2x?x8xf32", "", "", "S", "")},
    {argument("c", "1x?x4xf32", "", "S2", "")}, {argument("s", "1x?x4xf32", "", "S3", "")})
    -> tensor<1x2x?x8xf32> {{
  %y = fovea.rope %x, %c, %s {{rotary_dim = 8 : i64}}
      : tensor<1x2x?x8xf32>, tensor<1x?x4xf32>, tensor<1x?x4xf32>
  return %y : tensor<1x2x?x8xf32>
}}"""


def contract(lhs: str, rhs: str, kinds: tuple[str, str, str], loops: tuple[str, ...]) -> str:
    dims, *results = loops
    return f"""
func.func @main({lhs}, {rhs}) -> tensor<{kinds[2]}> {{
  %o = tensor.empty() : tensor<{kinds[2]}>
  %r = fovea.contract ins(%a, %b : tensor<{kinds[0]}>, tensor<{kinds[1]}>)
      outs(%o : tensor<{kinds[2]}>) {{indexing_maps = [{maps(*results, dims=dims)}]}} epilogue {{
      ^bb0(%s: f32):
        fovea.yield %s : f32
      }} -> tensor<{kinds[2]}>
  return %r : tensor<{kinds[2]}>
}}"""


PRODUCT = contract(argument("a", "4x?xf32", "", "K"), argument("b", "?x6xf32", "K2", ""),
                   ("4x?xf32", "?x6xf32", "4x6xf32"),
                   ("m, n, k", "m, k", "k, n", "m, n"))  # fmt: skip
CONVOLUTION = contract(argument("a", "1x3x?xf32", "", "", "L"),
                       argument("b", "5x3x?xf32", "", "", "K"),
                       ("1x3x?xf32", "5x3x?xf32", "1x5x20xf32"),
                       ("n, o, l, c, k", "n, c, l + k", "o, c, k", "n, o, l"))  # fmt: skip


def vector(body: str, result: str, *more: str) -> str:
    return f"""
func.func @main({", ".join([argument("a", "?xf32", "N"), *more])}) -> tensor<{result}> {{
{body}
  return %r : tensor<{result}>
}}"""


GENERIC = vector("""
  %r = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>],
      iterator_types = ["parallel"]} ins(%a : tensor<?xf32>) outs(%b : tensor<?xf32>) {
  ^bb0(%x: f32, %y: f32):
    %s = arith.addf %x, %y : f32
    linalg.yield %s : f32
  } -> tensor<?xf32>""", "?xf32", argument("b", "?xf32", "M"))  # fmt: skip
SLICE = vector("  %r = tensor.extract_slice %a[50] [100] [1] : tensor<?xf32> to tensor<100xf32>",
               "100xf32")  # fmt: skip
CAST = vector("  %r = tensor.cast %a : tensor<?xf32> to tensor<100xf32>", "100xf32")
NEGATIVE = vector("""
  %c0 = arith.constant 0 : index
  %c9 = arith.constant 9 : index
  %n = tensor.dim %a, %c0 : tensor<?xf32>
  %m = arith.subi %n, %c9 : index
  %e = tensor.empty(%m) : tensor<?xf32>
  %zero = arith.constant 0.0 : f32
  %one = arith.constant 1.0 : f32
  %f = linalg.fill ins(%one : f32) outs(%e : tensor<?xf32>) -> tensor<?xf32>
  %s0 = tensor.empty() : tensor<f32>
  %s1 = linalg.fill ins(%zero : f32) outs(%s0 : tensor<f32>) -> tensor<f32>
  %r = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> ()>],
      iterator_types = ["reduction"]} ins(%f : tensor<?xf32>) outs(%s1 : tensor<f32>) {
  ^bb0(%x: f32, %sum: f32):
    %t = math.tanh %x : f32
    %next = arith.addf %t, %sum : f32
    linalg.yield %next : f32
  } -> tensor<f32>""", "f32")  # fmt: skip

LSTM = f"""
func.func @main({argument("x", "?x?x8xf32", "T", "B", "")},
    %w: tensor<1x16x8xf32> {{fovea.name = "w"}}, %r: tensor<1x16x4xf32> {{fovea.name = "r"}},
    {argument("h", "1x?x4xf32", "", "B2", "")}) -> tensor<?x1x?x4xf32> {{
  %y, %yh, %yc = fovea.lstm %x, %w, %r initial_h(%h : tensor<1x?x4xf32>) {{
      gate_order = [#fovea.gate<i>, #fovea.gate<o>, #fovea.gate<f>, #fovea.gate<c>],
      activations = [#fovea.activation<sigmoid>, #fovea.activation<tanh>,
                     #fovea.activation<tanh>]}}
      : tensor<?x?x8xf32>, tensor<1x16x8xf32>, tensor<1x16x4xf32>
      -> tensor<?x1x?x4xf32>, tensor<1x?x4xf32>, tensor<1x?x4xf32>
  return %y : tensor<?x1x?x4xf32>
}}"""

RESETS = f"""
func.func @main({argument("x", "?x?x8xf32", "T", "B", "")},
    %w: tensor<1x12x8xf32> {{fovea.name = "w"}}, %r: tensor<1x12x4xf32> {{fovea.name = "r"}},
    {argument("d", "?x?xi1", "T2", "B2")}) -> tensor<1x?x4xf32> {{
  %y, %yh = fovea.gru %x, %w, %r resets(%d : tensor<?x?xi1>) {{reset = #fovea.reset<after>,
      gate_order = [#fovea.gate<z>, #fovea.gate<r>, #fovea.gate<n>],
      activations = [#fovea.activation<sigmoid>, #fovea.activation<tanh>]}}
      : tensor<?x?x8xf32>, tensor<1x12x8xf32>, tensor<1x12x4xf32>
      -> tensor<?x1x?x4xf32>, tensor<1x?x4xf32>
  return %yh : tensor<1x?x4xf32>
}}"""

ALONG = f"""
func.func @main({argument("x", "?x?x8xf32", "T", "B", "")},
    {argument("a", "?x?x8xf32", "T2", "B2", "")}) -> tensor<?x?x8xf32> {{
  %y = fovea.rnn %x along(%a : tensor<?x?x8xf32>) cell {{
  ^bb0(%xt: tensor<?x8xf32>, %at: tensor<?x8xf32>):
    %s = arith.addf %xt, %at : tensor<?x8xf32>
    fovea.yield %s : tensor<?x8xf32>
  }} : tensor<?x?x8xf32> -> tensor<?x?x8xf32>
  return %y : tensor<?x?x8xf32>
}}"""

SAME = ("T=3", "B=2", "T2=3", "B2=2")
CASES = [
    Case("values", attention("J", "J2"), ("J=9", "J2=9"), ("J=9", "J2=5"), "fovea.attention"),
    Case("heads", GROUPED, ("H=8", "G=2"), ("H=8", "G=1"), "fovea.attention"),
    Case("norm", NORM, ("A=3", "B=40", "C=40"), ("A=3", "B=40", "C=4"), "fovea.rms_norm"),
    Case("rope", ROPE, ("S=9", "S2=9", "S3=9"), ("S=9", "S2=9", "S3=2"), "fovea.rope"),
    Case("product", PRODUCT, ("K=8", "K2=8"), ("K=800", "K2=8"), "fovea.contract"),
    Case("convolution", CONVOLUTION, ("L=22", "K=3"), ("L=22", "K=4"), "fovea.contract"),
    Case("generic", GENERIC, ("N=7", "M=7"), ("N=7", "M=700"), "linalg.generic"),
    Case("slice", SLICE, ("N=150",), ("N=149",), "tensor.extract_slice"),
    Case("cast", CAST, ("N=100",), ("N=99",), "tensor.cast"),
    Case("lstm", LSTM, ("T=3", "B=2", "B2=2"), ("T=3", "B=4", "B2=2"), "fovea.lstm"),
    Case("resets", RESETS, SAME, ("T=3", "B=2", "T2=2", "B2=2"), "fovea.gru"),
    Case("steps_along", ALONG, SAME, ("T=3", "B=2", "T2=2", "B2=2"), "fovea.rnn"),
    Case("rows_along", ALONG, SAME, ("T=3", "B=2", "T2=3", "B2=1"), "fovea.rnn"),
    Case("negative", NEGATIVE, ("N=19",), ("N=2",), "tensor.empty"),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_sizes_that_do_not_agree_are_exit_5(fovea: Run, tmp_path: Path, case: Case) -> None:
    (tmp_path / "m.mlir").write_text(case.text)
    good = fovea("verify", "m.mlir", *[f"--size={size}" for size in case.good])
    assert good.returncode == 0, good.stderr
    bad = fovea("run", "m.mlir", *[f"--size={size}" for size in case.bad])
    assert (bad.returncode, bad.stdout) == (5, ""), bad.stderr
    assert f"node '{case.node} in line" in bad.stderr


@pytest.mark.parametrize("dims", [("J=9",), ("J=9", "J2=9")])
def test_dimensions_of_attention_can_be_fixed(
    fovea: Run, tmp_path: Path, dims: tuple[str, ...]
) -> None:
    (tmp_path / "m.mlir").write_text(attention("J", "J2"))
    result = fovea("verify", "m.mlir", *[f"--dim={dim}" for dim in dims], "--size=J2=9")
    assert result.returncode == 0, result.stderr


def test_fixed_dimensions_that_do_not_agree_are_exit_3(fovea: Run, tmp_path: Path) -> None:
    (tmp_path / "m.mlir").write_text(attention("J", "J2"))
    result = fovea("compile", "m.mlir", "--dim=J=9", "--dim=J2=5")
    assert result.returncode == 3
    assert "attention_c5: expected extent 9" in result.stderr
