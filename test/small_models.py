"""Small modules that several folders of tests use."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations


def linear(width: int = 40, outputs: int = 96) -> str:
    """y = x * w^T + b for any number of rows."""
    x, w, b = f"tensor<?x{width}xf32>", f"tensor<{outputs}x{width}xf32>", f"tensor<{outputs}xf32>"
    y = f"tensor<?x{outputs}xf32>"
    return f"""
func.func @main(%x: {x} {{fovea.name = "x", fovea.shape = ["n", ""]}},
                %w: {w} {{fovea.name = "w"}}, %b: {b} {{fovea.name = "b"}})
    -> ({y} {{fovea.name = "y", fovea.shape = ["n", ""]}}) attributes {{fovea.entry}} {{
  %c0 = arith.constant 0 : index
  %n = tensor.dim %x, %c0 : {x}
  %e = tensor.empty(%n) : {y}
  %r = fovea.contract ins(%x, %w : {x}, {w}) captures(%b : {b}) outs(%e : {y})
      {{indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (n, k)>,
                        affine_map<(m, n, k) -> (n)>, affine_map<(m, n, k) -> (m, n)>]}}
      epilogue {{
      ^bb0(%sum: f32, %add: f32):
        %s = arith.addf %sum, %add : f32
        fovea.yield %s : f32
      }} -> {y}
  return %r : {y}
}}
"""


def gather(node: str = "embed/Gather", wrap: bool = False) -> str:
    """Rows of x, which may have none, by indices that come from data; with `wrap` those below 0
    count from the end."""
    return f"""
func.func @main(%x: tensor<?x8xf32> {{fovea.name = "x", fovea.shape = ["n", ""]}},
                %i: tensor<?xi64> {{fovea.name = "i", fovea.shape = ["m"]}})
    -> (tensor<?x8xf32> {{fovea.name = "y", fovea.shape = ["m", ""]}}) attributes {{fovea.entry}} {{
  %c0 = arith.constant 0 : index
  %n = tensor.dim %x, %c0 : tensor<?x8xf32>
  %m = tensor.dim %i, %c0 : tensor<?xi64>
  %e = tensor.empty(%m) : tensor<?x8xf32>
  %r = linalg.generic {{indexing_maps = [affine_map<(a, b) -> (a)>, affine_map<(a, b) -> (a, b)>],
                       iterator_types = ["parallel", "parallel"]}}
      ins(%i : tensor<?xi64>) outs(%e : tensor<?x8xf32>) {{
  ^bb0(%raw: i64, %o: f32):
    %k = fovea.checked_index %raw in %n {"wrap " if wrap else ""}node "{node}" : i64
    %b = linalg.index 1 : index
    %v = tensor.extract %x[%k, %b] : tensor<?x8xf32>
    linalg.yield %v : f32
  }} -> tensor<?x8xf32>
  return %r : tensor<?x8xf32>
}}
"""
