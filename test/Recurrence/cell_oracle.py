"""The cells of cell_text.py from their formulas, on numbers with bounds of their errors."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from balls import Array, Ball, activation, join, layer_norm, over
from rnn_programs import Program

Given = Mapping[str, Array]
# A step's inputs and the states: the next states, of which the first is the output.
Step = Callable[[Sequence[Ball], list[Ball]], list[Ball]]
EPSILON = 1e-5


def cell_step(program: Program, given: Given) -> Step:
    """A step of a cell."""

    def ball(name: str) -> Ball:
        return Ball.exact(given[name], program.dtype)

    def stored(x: Ball) -> Ball:
        return x.rounded(program.dtype)

    names = [name for name in given if name[0] in "wrbn" and name != "resets"]
    of = {name: ball(name) for name in names}
    usual = ("sigmoid", 1, 0), ("tanh", 1, 0)

    def sigmoid(x: Ball) -> Ball:
        return activation(x, *usual[0])

    def tanh(x: Ball) -> Ball:
        return activation(x, *usual[1])

    def hand_lstm(xs: Sequence[Ball], states: list[Ball]) -> list[Ball]:
        h, c = states
        i, f, g, o = (xs[0].times(of[f"w{n}"]) + of[f"b{n}"] + h.times(of[f"r{n}"])
                      for n in range(4))  # fmt: skip
        c = sigmoid(f) * c + sigmoid(i) * tanh(g)
        return [stored(sigmoid(o) * tanh(c)), stored(c)]

    def ln_lstm(xs: Sequence[Ball], states: list[Ball]) -> list[Ball]:
        h, c = states

        def normed(x: Ball, weight: str, gain: Ball, bias: Ball) -> Ball:
            """[4, B, H], normalized over the gates and units."""
            rows = join([x.times(of[weight][gate]) for gate in range(4)])
            flat = layer_norm(rows, over(gain, np.ravel), over(bias, np.ravel), EPSILON)
            return over(flat, lambda v: np.moveaxis(v.reshape(len(v), 4, v.shape[1] // 4), 1, 0))

        nothing = over(of["n1"], np.zeros_like)
        total = normed(xs[0], "w", of["n0"], of["b"]) + normed(h, "r", of["n1"], nothing)
        i, f, g, o = (total[gate] for gate in range(4))
        c = sigmoid(f) * c + sigmoid(i) * tanh(g)
        norm = layer_norm(c, of["n2"], over(of["n2"], np.zeros_like), EPSILON)
        return [stored(sigmoid(o) * tanh(norm)), stored(c)]

    def augru(xs: Sequence[Ball], states: list[Ball]) -> list[Ball]:
        (h,) = states
        x = [xs[0].times(of["w"][gate]) + of["b"][gate] for gate in range(3)]
        u, reset = (sigmoid(x[gate] + h.times(of["r"][gate])) for gate in range(2))
        u = over(xs[1], lambda v: v[:, None]).one_minus() * u
        fresh = tanh(x[2] + (reset * h).times(of["r"][2]))
        return [stored(u * h + u.one_minus() * fresh)]

    def mgu(xs: Sequence[Ball], states: list[Ball]) -> list[Ball]:
        (h,) = states
        x = [xs[0].times(of["w"][gate]) + of["b"][gate] for gate in range(2)]
        f = sigmoid(x[0] + h.times(of["r"][0]))
        return [stored(f.one_minus() * h + f * tanh(x[1] + (f * h).times(of["r"][1])))]

    return {"hand_lstm": hand_lstm, "ln_lstm": ln_lstm, "augru": augru,
            "mgu": mgu}[program.kind]  # fmt: skip
