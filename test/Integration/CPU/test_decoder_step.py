"""A decoder's step as the cell of one recurrence: a gated cell, attention over the encoder's states
and the output's projection, all in one parallel region."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import fovea
import numpy as np
import pytest

STEPS, UNITS, KEYS, WORDS = 7, 24, 11, 33
ATTENTION = ["(b, h, i, d)", "(b, h, j, d)", "(b, h, j, e)", "(b, h, i, e)"]


def contract(result: str, operands: str, types: tuple[str, str, str], rhs: str) -> str:
    """Text of a product [m, k] times a weight with the dimensions `rhs` into [m, n]."""
    maps = ", ".join(f"affine_map<(m, n, k) -> {dims}>" for dims in ("(m, k)", rhs, "(m, n)"))
    lhs, weight, out = types
    return f"""%{result}_init = tensor.empty() : {out}
    %{result} = fovea.contract ins({operands} : {lhs}, {weight}) outs(%{result}_init : {out})
        {{indexing_maps = [{maps}]}} epilogue {{
    ^bb0(%s: f32):
      fovea.yield %s : f32
    }} -> {out}"""


def module(batch: int, has_lengths: bool) -> str:
    """z = sigmoid(R_z h + x), n = tanh(R_n h + x), h' = n + z (h - n); y = W (attend(h') + h').
    With lengths, row b attends to its first ends[b] keys."""
    h, both = f"tensor<{batch}x{UNITS}xf32>", f"tensor<{batch}x{2 * UNITS}xf32>"
    x, out = f"tensor<?x{batch}x{UNITS}xf32>", f"tensor<{batch}x{WORDS}xf32>"
    r, w = f"tensor<{UNITS}x{2 * UNITS}xf32>", f"tensor<{WORDS}x{UNITS}xf32>"
    keys, q = f"tensor<{batch}x1x{KEYS}x{UNITS}xf32>", f"tensor<{batch}x1x1x{UNITS}xf32>"
    maps = ", ".join(f"affine_map<(b, h, i, j, d, e) -> {dims}>" for dims in ATTENTION)
    ends = f"tensor<{batch}xi64>"
    lengths = f" lengths(%ends : {ends})" if has_lengths else ""
    given = f', %ends: {ends} {{fovea.name = "ends"}}' if has_lengths else ""
    gates = "\n".join(
        f"    %p{gate} = tensor.extract_slice %p[0, {place * UNITS}] [{batch}, {UNITS}] [1, 1]"
        f" : {both} to {h}\n    %a{gate} = arith.addf %p{gate}, %xt : {h}"
        for place, gate in enumerate("zn")
    )
    return f"""
func.func @main(%x: {x} {{fovea.name = "x", fovea.shape = ["T", "", ""]}},
    %keys: {keys} {{fovea.name = "keys"}}, %h0: {h} {{fovea.name = "h0"}},
    %r: {r} {{fovea.name = "r"}}, %w: {w} {{fovea.name = "w"}}{given})
    -> (tensor<?x{batch}x{WORDS}xf32> {{fovea.name = "y"}}, {h} {{fovea.name = "h"}}) {{
  %one = arith.constant dense<1.0> : {h}
  %y, %last = fovea.rnn %x init(%h0) cell {{
  ^bb0(%xt: {h}, %h: {h}):
    {contract("p", "%h, %r", (h, r, both), "(k, n)")}
{gates}
    %minus = arith.negf %az : {h}
    %e = math.exp %minus : {h}
    %more = arith.addf %e, %one : {h}
    %z = arith.divf %one, %more : {h}
    %n = math.tanh %an : {h}
    %d = arith.subf %h, %n : {h}
    %part = arith.mulf %z, %d : {h}
    %next = arith.addf %n, %part : {h}
    %q = tensor.expand_shape %next [[0], [1, 2, 3]] output_shape [{batch}, 1, 1, {UNITS}]
      : {h} into {q}
    %c_init = tensor.empty() : {q}
    %c4 = fovea.attention ins(%q, %keys, %keys : {q}, {keys}, {keys}){lengths} outs(%c_init : {q})
      {{indexing_maps = [{maps}]}} -> {q}
    %c = tensor.collapse_shape %c4 [[0], [1, 2, 3]] : {q} into {h}
    %sum = arith.addf %c, %next : {h}
    {contract("o", "%sum, %w", (h, w, out), "(n, k)")}
    fovea.yield %o, %next : {out}, {h}
  }} : {x}, {h} -> tensor<?x{batch}x{WORDS}xf32>, {h}
  return %y, %last : tensor<?x{batch}x{WORDS}xf32>, {h}
}}
"""


def expected(
    x: np.ndarray, keys: np.ndarray, h: np.ndarray, r: np.ndarray, w: np.ndarray, ends: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The same in float64."""
    outputs = []
    for now in x:
        z, n = np.split(h @ r, 2, axis=-1)
        z, n = 1 / (1 + np.exp(-(z + now))), np.tanh(n + now)
        h = n + z * (h - n)
        scores = np.einsum("bd,bjd->bj", h, keys[:, 0])
        scores[np.arange(KEYS) >= ends[:, None]] = -np.inf
        weights = np.exp(scores - scores.max(-1, keepdims=True))
        weights /= weights.sum(-1, keepdims=True)
        outputs.append((np.einsum("bj,bjd->bd", weights, keys[:, 0]) + h) @ w.T)
    return np.array(outputs), h


def check(compiled: fovea.Module, batch: int, has_lengths: bool) -> None:
    rng = np.random.default_rng(batch)
    sizes = {"x": (STEPS, batch, UNITS), "keys": (batch, 1, KEYS, UNITS), "h0": (batch, UNITS),
             "r": (UNITS, 2 * UNITS), "w": (WORDS, UNITS)}  # fmt: skip
    feed = {n: (0.5 * rng.standard_normal(size)).astype(np.float32) for n, size in sizes.items()}
    ends = rng.integers(1, KEYS + 1, batch) if has_lengths else np.full(batch, KEYS)
    results = compiled(**feed, **({"ends": ends} if has_lengths else {}))
    y, h = expected(*(feed[name].astype(np.float64) for name in sizes), ends)
    np.testing.assert_allclose(results["y"], y, rtol=0, atol=2e-5)
    np.testing.assert_allclose(results["h"], h, rtol=0, atol=2e-6)


@pytest.mark.parametrize("has_lengths", [False, True])
@pytest.mark.parametrize("batch", [1, 5])
@pytest.mark.parametrize("target", ["host", "x86-64-v3"])
def test_step_is_one_region(batch: int, target: str, has_lengths: bool) -> None:
    compiled = fovea.compile(module(batch, has_lengths), target=target)
    records = compiled.ledger["kernels"]
    forms = [record["form"] for record in records]
    assert forms.count("team") == 1
    assert "gate_product" in forms
    assert any(record["op"] == "fovea.attention" for record in records)
    check(compiled, batch, has_lengths)
