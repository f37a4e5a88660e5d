"""Recurrence from its formulas, on numbers with bounds of their errors (balls.py).

Nothing here is Fovea's or another library's. Sequences are [T, B, ...] here, whatever the layout;
a recurrence goes over them step by step, and rows that have ended keep what they hold.
"""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from balls import Ball, activation, join, over, zeros
from cell_oracle import Given, Step, cell_step
from rnn_operands import COUNT
from rnn_programs import GATES, Program


def _stack(balls: Sequence[Ball], axis: int) -> Ball:
    return Ball(np.stack([b.value for b in balls], axis),
                np.stack([b.error for b in balls], axis), balls[0].unit)  # fmt: skip


class Oracle:
    """One case of a program: `given` are the operands by name. The target "cpu" keeps the cell
    state of an LSTM in the working type, the reference (`stores_cell`) in the program's."""

    def __init__(self, program: Program, given: Given, stores_cell: bool = False) -> None:
        self.program, self.given, self.stores_cell = program, given, stores_cell
        x = given["x"]
        self.steps, self.batch = x.shape[1::-1] if program.batch_major else x.shape[:2]
        self.lengths = given.get("lengths", np.full(self.batch, self.steps))
        flags = given.get("resets", np.zeros(x.shape[:2], bool))
        self.flags = flags.T if program.batch_major else flags

    def ball(self, name: str) -> Ball:
        return Ball.exact(self.given[name], self.program.dtype)

    def stored(self, ball: Ball) -> Ball:
        return ball.rounded(self.program.dtype)

    # The loop

    def loop(
        self, sequences: Sequence[Ball], states: list[Ball], reverse: bool, step: Step
    ) -> list[Ball]:
        """y [T, B, N] and the final states."""
        nothing = over(states[0], np.zeros_like)
        ys = [nothing] * self.steps
        for t in range(self.steps)[:: -1 if reverse else 1]:
            active = t < self.lengths
            cleared = [over(s, np.zeros_like).where(self.flags[t], s) for s in states]
            made = step([sequence[t] for sequence in sequences], cleared)
            states = [new.where(active, old) for new, old in zip(made, states, strict=True)]
            ys[t] = made[0].where(active, nothing)
        y = _stack(ys, 0) if ys else over(nothing, lambda v: np.zeros((0, *v.shape), v.dtype))
        return [y, *states]

    # Named kinds

    def activate(self, x: Ball, function: int, direction: int) -> Ball:
        clipped = x.clip(self.program.clip or None)
        return activation(clipped, *self.program.functions(direction)[function])

    def gates(self, name: str, direction: int, layer: int) -> dict[str, Ball]:
        """The blocks of rows of an operand by the letters of their gates."""
        order = self.program.order or "h"
        blocks = np.split(self.given[f"{name}{layer}"][direction], len(order))
        return {gate: Ball.exact(block, self.program.dtype)
                for gate, block in zip(order, blocks, strict=True)}  # fmt: skip

    def biases(self, direction: int, layer: int) -> tuple[dict[str, Ball], dict[str, Ball]]:
        """Those of the input and of the state, by gate."""
        order = self.program.order or "h"
        width = self.given[f"w{layer}"].shape[1] // len(order)
        both = self.given.get(f"b{layer}", np.zeros((2, 2 * len(order) * width)))[direction]
        made = [Ball.exact(part, self.program.dtype) for part in np.split(both, 2 * len(order))]
        count = len(order)
        return (dict(zip(order, made[:count], strict=True)),
                dict(zip(order, made[count:], strict=True)))  # fmt: skip

    def lstm_step(self, direction: int, layer: int) -> Step:
        w, r = (self.gates(name, direction, layer) for name in "wr")
        wb, rb = self.biases(direction, layer)
        program = self.program
        peep = dict.fromkeys(GATES["lstm"], None)
        if program.peephole:
            rows = np.split(self.given[f"p{layer}"][direction], 3)
            peep |= {g: Ball.exact(row, program.dtype) for g, row in zip("iof", rows, strict=True)}

        def step(xs: Sequence[Ball], states: list[Ball]) -> list[Ball]:
            h, c = states

            def total(gate: str, cell: Ball | None = None) -> Ball:
                s = xs[0].times(w[gate]) + h.times(r[gate]) + wb[gate] + rb[gate]
                row = peep[gate]
                return s + row * cell if row is not None and cell is not None else s

            i = self.activate(total("i", c), 0, direction)
            f = i.one_minus() if program.coupled else self.activate(total("f", c), 0, direction)
            c = f * c + i * self.activate(total("c"), 1, direction)
            c = self.stored(c) if self.stores_cell else c
            o = self.activate(total("o", c), 0, direction)
            h = self.stored(o * activation(c, *program.functions(direction)[2]))
            if program.projection:
                h = self.stored(h.times(self.ball(f"q{layer}")[direction]))
            return [h, c]

        return step

    def gru_step(self, direction: int, layer: int) -> Step:
        w, r = (self.gates(name, direction, layer) for name in "wr")
        wb, rb = self.biases(direction, layer)
        program = self.program

        def step(xs: Sequence[Ball], states: list[Ball]) -> list[Ball]:
            x, h = xs[0], states[0]
            z, reset = (self.activate(x.times(w[g]) + h.times(r[g]) + wb[g] + rb[g], 0, direction)
                        for g in "zr")  # fmt: skip
            if program.reset == "after":
                recurrent = reset * (h.times(r["n"]) + rb["n"])
            else:
                recurrent = self.stored(reset * h).times(r["n"]) + rb["n"]
            n = self.activate(x.times(w["n"]) + recurrent + wb["n"], 1, direction)
            old, new = (h, n) if program.keep == "old" else (n, h)
            return [self.stored(z * old + z.one_minus() * new)]

        return step

    def rnn_step(self, direction: int, layer: int) -> Step:
        w, r = (self.gates(name, direction, layer)["h"] for name in "wr")
        wb, rb = (part["h"] for part in self.biases(direction, layer))

        def step(xs: Sequence[Ball], states: list[Ball]) -> list[Ball]:
            total = xs[0].times(w) + states[0].times(r) + wb + rb
            return [self.stored(self.activate(total, 0, direction))]

        return step

    def initial(self, name: str, layer: int, direction: int, width: int) -> Ball:
        whole = self.given.get(f"{name}{layer}")
        if whole is None:
            return zeros((self.batch, width), self.program.dtype)
        at = whole[:, direction] if self.program.batch_major else whole[direction]
        return Ball.exact(at, self.program.dtype)

    def layer(self, layer: int, x: Ball) -> tuple[Ball, dict[str, Ball]]:
        """y [T, B, .], joined, and the final states by name."""
        program, kind = self.program, self.program.kind
        hidden = self.given[f"w{layer}"].shape[1] // COUNT[kind]
        widths = [self.given[f"r{layer}"].shape[2], hidden][: 1 + program.has_c]
        parts = []
        for direction in range(program.directions):
            states = [self.initial(name, layer, direction, width)
                      for name, width in zip("hc", widths, strict=False)]  # fmt: skip
            reverse = program.direction == "reverse" or direction == 1
            step = getattr(self, f"{kind}_step")(direction, layer)
            parts.append(self.loop([x], states, reverse, step))
        y = parts[0][0]
        if program.direction == "sum":
            y = self.stored(parts[0][0] + parts[1][0])
        elif program.direction == "concat":
            y = join([part[0] for part in parts])
        if kind == "rnn":
            return y, {f"y_{n}{layer}": part[1] for n, part in zip("hk", parts, strict=False)}
        axis = 1 if program.batch_major else 0
        ends = zip("hc", list(zip(*parts, strict=True))[1:], strict=False)
        return y, {f"y_{n}{layer}": self.stored(_stack(states, axis)) for n, states in ends}

    # Cells

    def cell(self, x: Ball) -> tuple[Ball, dict[str, Ball]]:
        program = self.program
        sequences = [x, self.ball("a")] if "a" in self.given else [x]
        letters = "hc" if program.has_c else "h"
        hidden = self.given["w0" if "w0" in self.given else "w"].shape[-2]
        states = [self.ball(f"{n}0") if f"{n}0" in self.given
                  else zeros((self.batch, hidden), program.dtype) for n in letters]  # fmt: skip
        y, *ends = self.loop(
            sequences, states, program.direction == "reverse", cell_step(program, self.given)
        )
        return y, {f"y_{n}0": end for n, end in zip(letters, ends, strict=True)}


def answer(program: Program, given: Given, stores_cell: bool = False) -> dict[str, Ball]:
    """The outputs of a case by name."""
    oracle = Oracle(program, given, stores_cell)
    y = oracle.ball("x")
    if program.batch_major:
        y = over(y, lambda v: v.swapaxes(0, 1))
    results: dict[str, Ball] = {}
    with np.errstate(invalid="ignore", over="ignore"):
        for layer in range(program.layers):
            y, finals = oracle.cell(y) if program.is_cell else oracle.layer(layer, y)
            if program.outputs in ("all", "finals"):
                results |= finals
    if program.outputs == "last":
        return {"last": y[-1]}
    if program.outputs != "finals":
        results["y"] = over(y, lambda v: v.swapaxes(0, 1)) if program.batch_major else y
    return results
