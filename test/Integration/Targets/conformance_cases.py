"""Models of the conformance suite, each with its inputs and its result by numpy in float64."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from small_models import gather, linear


@dataclass
class Case:
    """`errors` is the largest absolute error, from the length of the sums and their type."""

    text: str
    inputs: dict[str, np.ndarray]
    expected: dict[str, np.ndarray]
    errors: float = field(default=2e-5)


def _random(seed: int, *shape: int) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


def contraction() -> Case:
    """A product of odd sizes with a bias behind it, over any number of rows."""
    x, w, b = _random(1, 13, 37), _random(2, 29, 37), _random(3, 29)
    y = x.astype(np.float64) @ w.T.astype(np.float64) + b
    return Case(linear(37, 29), {"x": x, "w": w, "b": b}, {"y": y})


def attention() -> Case:
    """Causal attention of 4 query heads on 2 key heads; the first two rows see no key."""
    q, k, v = _random(4, 2, 4, 9, 16), _random(5, 2, 2, 7, 16), _random(6, 2, 2, 7, 16)
    text = """
func.func @main(%q: tensor<2x4x9x16xf32> {fovea.name = "q"},
                %k: tensor<2x2x7x16xf32> {fovea.name = "k"},
                %v: tensor<2x2x7x16xf32> {fovea.name = "v"})
    -> (tensor<2x4x9x16xf32> {fovea.name = "y"}) attributes {fovea.entry} {
  %offset = arith.constant -2 : index
  %e = tensor.empty() : tensor<2x4x9x16xf32>
  %r = fovea.attention
      ins(%q, %k, %v : tensor<2x4x9x16xf32>, tensor<2x2x7x16xf32>, tensor<2x2x7x16xf32>)
      offset(%offset) causal outs(%e : tensor<2x4x9x16xf32>)
      {scale = 0.25 : f64, indexing_maps = [
        affine_map<(b, h, i, j, d, e) -> (b, h, i, d)>,
        affine_map<(b, h, i, j, d, e) -> (b, h floordiv 2, j, d)>,
        affine_map<(b, h, i, j, d, e) -> (b, h floordiv 2, j, e)>,
        affine_map<(b, h, i, j, d, e) -> (b, h, i, e)>]}
      -> tensor<2x4x9x16xf32>
  return %r : tensor<2x4x9x16xf32>
}
"""
    keys, values = (np.repeat(x.astype(np.float64), 2, axis=1) for x in (k, v))
    scores = 0.25 * np.einsum("bhid,bhjd->bhij", q.astype(np.float64), keys)
    keep = np.arange(7)[None, :] <= np.arange(9)[:, None] - 2
    weights = np.where(keep, np.exp(scores), 0)
    sums = weights.sum(-1, keepdims=True)
    weights = np.divide(weights, sums, out=np.zeros_like(weights), where=sums > 0)
    y = np.einsum("bhij,bhje->bhie", weights, values)
    return Case(text, {"q": q, "k": k, "v": v}, {"y": y})


def attention_in_double() -> Case:
    """Every part of attention in f64: soft cap, a bias in f32, a mask, weights halved, row sums."""
    rng = np.random.default_rng(13)
    q, k, v = (rng.standard_normal((1, 2, 5, 8)) for _ in "qkv")
    bias = _random(14, 2, 5, 5)
    text = """
func.func @main(%q: tensor<1x2x5x8xf64> {fovea.name = "q"},
                %k: tensor<1x2x5x8xf64> {fovea.name = "k"},
                %v: tensor<1x2x5x8xf64> {fovea.name = "v"},
                %bias: tensor<2x5x5xf32> {fovea.name = "bias"})
    -> (tensor<1x2x5x8xf64> {fovea.name = "y"}, tensor<1x2x5xf64> {fovea.name = "lse"})
    attributes {fovea.entry} {
  %one = arith.constant 1 : index
  %e = tensor.empty() : tensor<1x2x5x8xf64>
  %l = tensor.empty() : tensor<1x2x5xf64>
  %r:2 = fovea.attention
      ins(%q, %k, %v : tensor<1x2x5x8xf64>, tensor<1x2x5x8xf64>, tensor<1x2x5x8xf64>)
      captures(%bias : tensor<2x5x5xf32>) offset(%one) causal softcap 2.0
      outs(%e, %l : tensor<1x2x5x8xf64>, tensor<1x2x5xf64>)
      {scale = 0.3 : f64, indexing_maps = [
        affine_map<(b, h, i, j, d, e) -> (b, h, i, d)>,
        affine_map<(b, h, i, j, d, e) -> (b, h, j, d)>,
        affine_map<(b, h, i, j, d, e) -> (b, h, j, e)>,
        affine_map<(b, h, i, j, d, e) -> (h, i, j)>,
        affine_map<(b, h, i, j, d, e) -> (b, h, i, e)>,
        affine_map<(b, h, i, j, d, e) -> (b, h, i)>]}
      score {
      ^bb0(%s: f64, %b: index, %h: index, %i: index, %j: index, %add: f32):
        %wide = arith.extf %add : f32 to f64
        %x = arith.addf %s, %wide : f64
        fovea.yield %x : f64
      } mask {
      ^bb0(%b: index, %h: index, %i: index, %j: index, %add: f32):
        %keep = arith.cmpi ne, %i, %j : index
        fovea.yield %keep : i1
      } prob {
      ^bb0(%p: f64, %b: index, %h: index, %i: index, %j: index, %add: f32):
        %half = arith.constant 0.5 : f64
        %x = arith.mulf %p, %half : f64
        fovea.yield %x : f64
      } -> tensor<1x2x5x8xf64>, tensor<1x2x5xf64>
  return %r#0, %r#1 : tensor<1x2x5x8xf64>, tensor<1x2x5xf64>
}
"""
    scores = 2 * np.tanh((0.3 * np.einsum("bhid,bhjd->bhij", q, k) + bias) / 2)
    i, j = np.arange(5)[:, None], np.arange(5)[None, :]
    powers = np.where((j <= i + 1) & (i != j), np.exp(scores), 0)
    sums = powers.sum(-1)
    y = 0.5 * np.einsum("bhij,bhje->bhie", powers / sums[..., None], v)
    inputs = {"q": q, "k": k, "v": v, "bias": bias}
    return Case(text, inputs, {"y": y, "lse": np.log(sums)}, errors=1e-14)


def gru() -> Case:
    """PyTorch's GRU over any number of steps."""
    x, w = _random(7, 6, 3, 5), _random(8, 1, 24, 5)
    r, bias = _random(9, 1, 24, 8), _random(10, 1, 48)
    text = """
func.func @main(%x: tensor<?x3x5xf32> {fovea.name = "x", fovea.shape = ["t", "", ""]},
                %w: tensor<1x24x5xf32> {fovea.name = "w"},
                %r: tensor<1x24x8xf32> {fovea.name = "r"},
                %b: tensor<1x48xf32> {fovea.name = "b"})
    -> (tensor<?x1x3x8xf32> {fovea.name = "y", fovea.shape = ["t", "", "", ""]},
        tensor<1x3x8xf32> {fovea.name = "h"}) attributes {fovea.entry} {
  %y, %h = fovea.gru %x, %w, %r bias(%b : tensor<1x48xf32>) {reset = #fovea.reset<after>,
      gate_order = [#fovea.gate<r>, #fovea.gate<z>, #fovea.gate<n>],
      activations = [#fovea.activation<sigmoid>, #fovea.activation<tanh>]}
    : tensor<?x3x5xf32>, tensor<1x24x5xf32>, tensor<1x24x8xf32>
    -> tensor<?x1x3x8xf32>, tensor<1x3x8xf32>
  return %y, %h : tensor<?x1x3x8xf32>, tensor<1x3x8xf32>
}
"""
    wide = [a.astype(np.float64)[0] for a in (w, r, bias)]
    h, steps = np.zeros((3, 8)), []
    for xt in x.astype(np.float64):
        a, b = xt @ wide[0].T + wide[2][:24], h @ wide[1].T + wide[2][24:]
        reset, update = (1 / (1 + np.exp(-(a + b)[:, at : at + 8])) for at in (0, 8))
        h = update * h + (1 - update) * np.tanh(a[:, 16:] + reset * b[:, 16:])
        steps.append(h)
    inputs = {"x": x, "w": w, "r": r, "b": bias}
    return Case(text, inputs, {"y": np.stack(steps)[:, None], "h": h[None]})


def lookup() -> Case:
    """Rows by indices that come from data, one of them counted from the end."""
    x, i = _random(11, 9, 8), np.array([3, 0, -1, 8, 3], np.int64)
    text = gather("lookup", wrap=True)
    return Case(text, {"x": x, "i": i}, {"y": x[i].astype(np.float64)}, errors=0)


def mixed() -> Case:
    """One loop nest with a result for each element and a sum over the columns."""
    x = _random(12, 5, 7)
    text = """
func.func @main(%x: tensor<?x7xf32> {fovea.name = "x", fovea.shape = ["n", ""]})
    -> (tensor<?x7xf32> {fovea.name = "squares", fovea.shape = ["n", ""]},
        tensor<?xf32> {fovea.name = "sums", fovea.shape = ["n"]}) attributes {fovea.entry} {
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0.0 : f32
  %n = tensor.dim %x, %c0 : tensor<?x7xf32>
  %e = tensor.empty(%n) : tensor<?x7xf32>
  %s = tensor.empty(%n) : tensor<?xf32>
  %f = linalg.fill ins(%zero : f32) outs(%s : tensor<?xf32>) -> tensor<?xf32>
  %r:2 = linalg.generic {indexing_maps = [affine_map<(a, b) -> (a, b)>,
                           affine_map<(a, b) -> (a, b)>, affine_map<(a, b) -> (a)>],
                         iterator_types = ["parallel", "reduction"]}
      ins(%x : tensor<?x7xf32>) outs(%e, %f : tensor<?x7xf32>, tensor<?xf32>) {
  ^bb0(%in: f32, %o: f32, %sum: f32):
    %q = arith.mulf %in, %in : f32
    %t = arith.addf %sum, %q : f32
    linalg.yield %q, %t : f32, f32
  } -> (tensor<?x7xf32>, tensor<?xf32>)
  return %r#0, %r#1 : tensor<?x7xf32>, tensor<?xf32>
}
"""
    squares = x.astype(np.float64) ** 2
    return Case(text, {"x": x}, {"squares": squares, "sums": squares.sum(1)})


CASES = {
    case.__name__: case
    for case in (contraction, attention, attention_in_double, gru, lookup, mixed)
}
