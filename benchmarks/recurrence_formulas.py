"""LSTM and GRU in float64 as their formulas say, and how far roundings may carry their results.

Gates are in ONNX's order, i o f c and z r n; the GRU's reset comes behind the product, and what it
keeps is the old state. Nothing here calls a library that has recurrences of its own.
"""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

# A step: what x gives to the gates [B, G * H], the states before and their variances, and the
# variance of the rounding in the gates' sums; gives the states behind and their variances, h first.
States = list[np.ndarray]
Step = Callable[[np.ndarray, States, States, np.ndarray], tuple[States, States]]


@dataclass(frozen=True)
class Rounding:
    """Standard deviations, relative to what is rounded. `levels` are those of a state that is
    rounded to integers before it enters the products; 0: it is not."""

    sums: float
    values: float
    levels: int = 0


@dataclass(frozen=True)
class Weights:
    """w [G * H, I], r [G * H, H]; biases wb, rb [G * H]."""

    w: np.ndarray
    r: np.ndarray
    wb: np.ndarray
    rb: np.ndarray


@dataclass(frozen=True)
class Results:
    """y [T, B, H], the states behind the last step, h first, and the largest standard deviation
    that roundings give to any of these."""

    y: np.ndarray
    states: States
    deviation: float


def sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


def lstm_step(weights: Weights, rounding: Rounding) -> Step:
    """s_g = W_g x + R_g h + Wb_g + Rb_g;  i, o, f = sigmoid(s_i, s_o, s_f);
    c' = f c + i tanh(s_c);  h' = o tanh(c')."""
    squares, unit = weights.r.T**2, rounding.values**2

    def step(
        given: np.ndarray, states: States, variances: States, noise: np.ndarray
    ) -> tuple[States, States]:
        (h, c), (vh, vc) = states, variances
        sums = given + h @ weights.r.T + weights.rb
        spread = np.split(vh @ squares + noise + unit * sums**2, 4, axis=-1)
        si, so, sf, sc = np.split(sums, 4, axis=-1)
        i, o, f, g = sigmoid(si), sigmoid(so), sigmoid(sf), np.tanh(sc)
        slopes = (i * (1 - i), o * (1 - o), f * (1 - f), 1 - g**2)
        vi, vo, vf, vg = (
            slope**2 * s + unit * value**2
            for slope, s, value in zip(slopes, spread, (i, o, f, g), strict=True)
        )
        cell = f * c + i * g
        vcell = f**2 * vc + c**2 * vf + i**2 * vg + g**2 * vi + unit * cell**2
        t = np.tanh(cell)
        new = o * t
        vnew = t**2 * vo + o**2 * ((1 - t**2) ** 2 * vcell + unit * t**2) + unit * new**2
        return [new, cell], [vnew, vcell]

    return step


def gru_step(weights: Weights, rounding: Rounding) -> Step:
    """z, r = sigmoid(W x + R h + Wb + Rb);  n = tanh(W_n x + Wb_n + r (R_n h + Rb_n));
    h' = (1 - z) n + z h."""
    squares, unit = weights.r.T**2, rounding.values**2

    def step(
        given: np.ndarray, states: States, variances: States, noise: np.ndarray
    ) -> tuple[States, States]:
        (h,), (vh,) = states, variances
        own = h @ weights.r.T + weights.rb
        (gz, gr, gn), (oz, orr, on) = np.split(given, 3, axis=-1), np.split(own, 3, axis=-1)
        sz, sr, sn = np.split(vh @ squares + noise + unit * own**2, 3, axis=-1)
        z, r = sigmoid(gz + oz), sigmoid(gr + orr)
        vz = (z * (1 - z)) ** 2 * (sz + unit * (gz + oz) ** 2) + unit * z**2
        vr = (r * (1 - r)) ** 2 * (sr + unit * (gr + orr) ** 2) + unit * r**2
        total = gn + r * on
        n = np.tanh(total)
        # The noise covers both products; times r it would leave x's part out.
        vn = (1 - n**2) ** 2 * (np.maximum(r**2, 1) * sn + on**2 * vr + unit * total**2)
        vn += unit * n**2
        new = (1 - z) * n + z * h
        return [new], [(1 - z) ** 2 * vn + (h - n) ** 2 * vz + z**2 * vh + unit * new**2]

    return step


KINDS: dict[str, tuple[Callable[[Weights, Rounding], Step], int, int]] = {
    "lstm": (lstm_step, 4, 2), "gru": (gru_step, 3, 1),
}  # fmt: skip


def run(kind: str, x: np.ndarray, weights: Weights, rounding: Rounding) -> Results:
    """Over x [T, B, I] from states of zeros. Roundings are taken as independent of each other and
    small: their variances are carried from step to step by the formulas' derivatives. A sum of K
    products has K roundings, each at most of the sum of the products' norms."""
    make, _, count = KINDS[kind]
    step = make(weights, rounding)
    hidden, depth = weights.r.shape[1], x.shape[2] + weights.r.shape[1]
    states = [np.zeros((x.shape[1], hidden)) for _ in range(count)]
    variances = [np.zeros_like(state) for state in states]
    rows = (weights.w**2).sum(1) + (weights.r**2).sum(1)
    recurrent = (weights.r**2).sum(1)
    given, stored = x @ weights.w.T + weights.wb, rounding.values**2 * (x**2 @ weights.w.T**2)
    y, most = np.empty((*x.shape[:2], hidden)), 0.0
    for t in range(len(x)):
        h = states[0]
        norms = (x[t] ** 2).sum(-1, keepdims=True) + (h**2).sum(-1, keepdims=True)
        noise = stored[t] + rounding.sums**2 * depth * norms * rows
        if rounding.levels:
            # Uniform within one step of the largest of the row.
            largest = np.abs(h).max(-1, keepdims=True) / rounding.levels
            noise = noise + largest**2 / 12 * recurrent
        states, variances = step(given[t], states, variances, noise)
        y[t] = states[0]
        most = max(most, *(float(v.max()) for v in variances))
    return Results(y, states, most**0.5)
