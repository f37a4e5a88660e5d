"""fovea.recurrent: layers of PyTorch and Keras, against their documented formulas and PyTorch."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import importlib.util

import fovea
import numpy as np
import pytest
from build_tree import PROGRAM, require
from fovea.recurrent import GATES, Layer, from_keras, from_torch
from fovea.recurrent_text import entry

require(PROGRAM, "./dev build")
Array = np.ndarray
STEPS, BATCH, INPUTS, HIDDEN = 5, 3, 6, 8


def run(layers: list[Layer], x: Array) -> Array:
    """y [B, T, .] or [T, B, .] of stacked layers, directions joined."""
    for layer in layers:
        b, t = x.shape[:2] if layer.batch_major else x.shape[1::-1]
        module = fovea.compile(entry(layer, steps=t, batch=b), threads=1)
        x = layer.joined(module(x=x, **layer.operands())["y"])
    return x


def sigmoid(x: Array) -> Array:
    return 1 / (1 + np.exp(-x))


def random(seed: int, *shape: int) -> Array:
    return np.random.default_rng(seed).uniform(-0.5, 0.5, shape).astype(np.float32)


def torch_state(kind: str, layers: int, directions: int, bias: bool, width: int) -> dict:
    rows, state, seed = GATES[kind] * HIDDEN, {}, 0
    for layer in range(layers):
        inputs = INPUTS if layer == 0 else directions * width
        for suffix in [f"_l{layer}", f"_l{layer}_reverse"][:directions]:
            shapes = {"weight_ih": (rows, inputs), "weight_hh": (rows, width)}
            if bias:
                shapes |= {"bias_ih": (rows,), "bias_hh": (rows,)}
            if width != HIDDEN:
                shapes["weight_hr"] = (width, HIDDEN)
            for name, shape in shapes.items():
                seed += 1
                state[f"rnn.{name}{suffix}"] = random(seed, *shape)
    return state


def torch_formula(kind: str, state: dict, suffix: str, x: Array) -> Array:
    """A direction by the formulas of PyTorch's documentation; x is [T, B, I]."""
    own = {n: state[f"rnn.{n}{suffix}"].astype(np.float64)
           for n in ("weight_ih", "weight_hh", "bias_ih", "bias_hh", "weight_hr")
           if f"rnn.{n}{suffix}" in state}  # fmt: skip
    zero = np.zeros(len(own["weight_ih"]))
    h, c, ys = np.zeros((BATCH, own["weight_hh"].shape[1])), np.zeros((BATCH, HIDDEN)), []
    for xt in x.astype(np.float64):
        a = xt @ own["weight_ih"].T + own.get("bias_ih", zero)
        b = h @ own["weight_hh"].T + own.get("bias_hh", zero)
        if kind == "lstm":
            i, f, g, o = np.split(a + b, 4, axis=1)
            c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
            h = sigmoid(o) * np.tanh(c)
            h = h @ own["weight_hr"].T if "weight_hr" in own else h
        elif kind == "rnn":
            h = np.tanh(a + b)
        else:
            (ar, az, an), (br, bz, bn) = np.split(a, 3, axis=1), np.split(b, 3, axis=1)
            z = sigmoid(az + bz)
            h = (1 - z) * np.tanh(an + sigmoid(ar + br) * bn) + z * h
        ys.append(h)
    return np.stack(ys)


TORCH = [
    ("lstm", 1, 1, True, HIDDEN),
    ("lstm", 2, 2, True, HIDDEN),
    ("lstm", 1, 2, False, 5),
    ("gru", 1, 1, True, HIDDEN),
    ("gru", 2, 2, True, HIDDEN),
    ("gru", 1, 1, False, HIDDEN),
    ("rnn", 1, 1, True, HIDDEN),
    ("rnn", 2, 2, True, HIDDEN),
    ("rnn", 1, 2, False, HIDDEN),
]


@pytest.mark.parametrize(("kind", "layers", "directions", "bias", "width"), TORCH)
def test_torch_layout(kind: str, layers: int, directions: int, bias: bool, width: int) -> None:
    state, x = torch_state(kind, layers, directions, bias, width), random(99, STEPS, BATCH, INPUTS)
    want = x
    for layer in range(layers):
        parts = [torch_formula(kind, state, f"_l{layer}", want)]
        if directions == 2:
            parts.append(torch_formula(kind, state, f"_l{layer}_reverse", want[::-1])[::-1])
        want = np.concatenate(parts, -1)
    got = run(from_torch(kind, state, prefix="rnn."), x)
    np.testing.assert_allclose(got, want, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(("kind", "layers", "directions", "bias", "width"), TORCH)
@pytest.mark.skipif(not importlib.util.find_spec("torch"), reason="torch is not installed")
def test_torch_itself(kind: str, layers: int, directions: int, bias: bool, width: int) -> None:
    import torch

    options = {"proj_size": width} if width != HIDDEN else {}
    module = getattr(torch.nn, kind.upper())(
        INPUTS, HIDDEN, layers, bias=bias, bidirectional=directions == 2, batch_first=True,
        **options,
    )  # fmt: skip
    x = random(98, BATCH, STEPS, INPUTS)
    with torch.inference_mode():
        want = module(torch.from_numpy(x))[0].numpy()
    state = {name: tensor.numpy() for name, tensor in module.state_dict().items()}
    got = run(from_torch(kind, state, batch_first=True), x)
    np.testing.assert_allclose(got, want, rtol=1e-5, atol=1e-6)


def keras_formula(kind: str, weights: list[Array], x: Array, reset_after: bool) -> Array:
    """keras.src.layers.rnn: a direction over x [B, T, I]."""
    kernel, recurrent, bias = (w.astype(np.float64) for w in weights)
    h, c, ys = np.zeros((BATCH, HIDDEN)), np.zeros((BATCH, HIDDEN)), []
    for t in range(STEPS):
        xt = x[:, t].astype(np.float64)
        if kind == "lstm":
            i, f, g, o = np.split(xt @ kernel + h @ recurrent + bias, 4, axis=1)
            c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
            h = sigmoid(o) * np.tanh(c)
        elif kind == "rnn":
            h = np.tanh(xt @ kernel + h @ recurrent + bias)
        elif reset_after:
            xz, xr, xh = np.split(xt @ kernel + bias[0], 3, axis=1)
            rz, rr, rh = np.split(h @ recurrent + bias[1], 3, axis=1)
            z = sigmoid(xz + rz)
            h = z * h + (1 - z) * np.tanh(xh + sigmoid(xr + rr) * rh)
        else:
            xz, xr, xh = np.split(xt @ kernel + bias, 3, axis=1)
            kz, kr, kh = np.split(recurrent, 3, axis=1)
            z, r = sigmoid(xz + h @ kz), sigmoid(xr + h @ kr)
            h = z * h + (1 - z) * np.tanh(xh + (r * h) @ kh)
        ys.append(h)
    return np.stack(ys, 1)


KERAS = [("lstm", True), ("gru", True), ("gru", False), ("rnn", True)]


@pytest.mark.parametrize(("kind", "reset_after"), KERAS)
@pytest.mark.parametrize("form", ["forward", "backwards", "concat", "sum"])
def test_keras_layout(kind: str, reset_after: bool, form: str) -> None:
    rows = GATES[kind] * HIDDEN
    bias = (2, rows) if kind == "gru" and reset_after else (rows,)
    shapes = [(INPUTS, rows), (HIDDEN, rows), bias]
    one, two = ([random(at + n, *s) for n, s in enumerate(shapes)] for at in (20, 30))
    x = random(40, BATCH, STEPS, INPUTS)
    want = keras_formula(kind, one, x, reset_after)
    if form == "backwards":
        want = keras_formula(kind, one, x[:, ::-1], reset_after)
    elif form != "forward":
        back = keras_formula(kind, two, x[:, ::-1], reset_after)[:, ::-1]
        want = np.concatenate([want, back], -1) if form == "concat" else want + back
    both = {"backward": two, "merge_mode": form} if form in ("concat", "sum") else {}
    layer = from_keras(kind, *one, reset_after=reset_after, go_backwards=form == "backwards",
                       **both)  # fmt: skip
    np.testing.assert_allclose(run([layer], x), want, rtol=1e-5, atol=1e-6)


def test_wrong_weights_are_refused() -> None:
    with pytest.raises(ValueError, match="no rnn.weight_ih_l0"):
        from_torch("lstm", {}, prefix="rnn.")
    with pytest.raises(ValueError, match="kind is 'mgu', expected one of lstm, gru, rnn"):
        from_torch("mgu", {})
    with pytest.raises(ValueError, match=r"bias has shape \(24,\), expected \(2, 24\)"):
        from_keras("gru", random(1, 6, 24), random(2, 8, 24), random(3, 24))
    with pytest.raises(ValueError, match="activation 'swish'"):
        from_keras("lstm", random(1, 6, 32), random(2, 8, 32), activation="swish")
    with pytest.raises(ValueError, match="merge_mode is 'mul', expected concat or sum"):
        from_keras("lstm", random(1, 6, 32), random(2, 8, 32), merge_mode="mul")
    with pytest.raises(ValueError, match="nonlinearity is 'elu', expected tanh or relu"):
        from_torch("rnn", torch_state("rnn", 1, 1, True, HIDDEN), "rnn.", nonlinearity="elu")


@pytest.mark.parametrize(("missing", "reason"), [
    ("bias_hh_l0", "rnn.bias_ih_l0 is there, but not bias_hh_l0"),
    ("bias_ih_l0", "rnn.bias_ih_l0_reverse is there, but not bias_ih_l0"),
    ("bias_ih_l0_reverse", "rnn.bias_ih_l0 is there, but not bias_ih_l0_reverse"),
    ("weight_hh_l0_reverse", "rnn.weight_hh_l0 is there, but not weight_hh_l0_reverse"),
])  # fmt: skip
def test_weights_that_are_missing_are_named(missing: str, reason: str) -> None:
    state = torch_state("lstm", 1, 2, True, HIDDEN)
    del state[f"rnn.{missing}"]
    if missing == "bias_hh_l0":
        del state["rnn.bias_hh_l0_reverse"]
    with pytest.raises(ValueError, match=reason):
        from_torch("lstm", state, prefix="rnn.")


@pytest.mark.parametrize(("made", "read"), [("lstm", "gru"), ("gru", "lstm"), ("rnn", "gru")])
def test_weights_of_another_kind_are_refused(made: str, read: str) -> None:
    rows = (GATES[made] * HIDDEN, GATES[read] * HIDDEN)
    with pytest.raises(ValueError, match=f"has {rows[0]} rows, but {read} .* has {rows[1]}"):
        from_torch(read, torch_state(made, 1, 1, True, HIDDEN), prefix="rnn.")
