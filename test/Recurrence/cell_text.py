"""The text of cells that a user writes as regions of fovea.rnn, and of plain RNN.

- hand_lstm: an LSTM of four separate products of the state;
- ln_lstm: with layer norms, i, f, c, o = LN(W x; n0, b) + LN(R h; n1), h = o * tanh(LN(c; n2))
  (Ba, Kiros, Hinton 2016);
- augru: the update gate of a GRU times 1 - a[t], a score of the step (oneDNN's AUGRU);
- mgu: f = sigmoid(W_f x + R_f h), h' = (1 - f) * h + f * tanh(W_n x + R_n (f * h)) (Zhou 2016).
"""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from graph_text import Graph, Scalars, Value
from rnn_programs import Program

Widths = Mapping[str, str]
# Steps of the sequences and states in; an output and states out.
Step = Callable[[Sequence[Value], list[Value]], tuple[Value, list[Value]]]
EPSILON = 1e-5


class CellText:
    """Writes recurrences of one program."""

    def __init__(
        self, program: Program, graph: Graph, of: Mapping[str, Value], widths: Widths
    ) -> None:
        self.program, self.graph, self.of = program, graph, of
        self.real = program.working
        self.t, self.b, self.h = widths["T"], widths["B"], widths["H"]

    def elementwise(
        self, inputs: Sequence[tuple[Value, str]],
        body: Callable[[Scalars, list[str]], str], element: str = "",
    ) -> Value:  # fmt: skip
        """Over [B, H], stored as `element` or the program's type."""
        return self.graph.generic(
            inputs, (self.b, self.h), element or self.program.dtype, self.real, body
        )

    def loop(
        self, sequences: Sequence[Value], states: Sequence[Value], reverse: bool, step: Step
    ) -> list[Value]:
        """fovea.rnn: y and the final states. Flags clear the states in front of the step."""
        graph, of = self.graph, self.of
        flags = of.get("resets")
        if flags is not None and self.program.batch_major:
            flags = graph.generic([(flags, "d1, d0")], (self.t, self.b), "i1", "i1",
                                  lambda _, x: x[0])  # fmt: skip
        listed = [*sequences, *([flags] if flags else [])]
        steps = [Value(graph.fresh(), value.sizes[1:], value.element) for value in listed]
        held = [Value(graph.fresh(), value.sizes, value.element) for value in states]
        results = [graph.fresh() for _ in range(1 + len(states))]
        along = ", ".join(v.name for v in listed[1:]), ", ".join(v.type for v in listed[1:])
        text = f" along({along[0]} : {along[1]})" if listed[1:] else ""
        text += f" init({', '.join(value.name for value in states)})"
        if "lengths" in of:
            text += f" lengths({of['lengths'].name} : {of['lengths'].type})"
        arguments = ", ".join(f"{value.name}: {value.type}" for value in [*steps, *held])
        graph.lines.append(
            f"{', '.join(results)} = fovea.rnn {listed[0].name}{text}"
            f"{' reverse' * reverse} cell {{\n  ^bb0({arguments}):"
        )
        cleared = held
        if flags:
            cleared = [self.clear(value, steps[-1]) for value in held]
        y, following = step(steps[: len(sequences)], cleared)
        yielded = [y, *following]
        kinds = [f"tensor<{self.t if self.t.isdigit() else '?'}x{y.type[7:]}",
                 *(value.type for value in states)]  # fmt: skip
        graph.lines.append(
            f"  fovea.yield {', '.join(value.name for value in yielded)} :"
            f" {', '.join(value.type for value in yielded)}\n  }} :"
            f" {', '.join(value.type for value in [listed[0], *states])} -> {', '.join(kinds)}"
        )
        shapes = [((self.t, *y.sizes), y.element), *((v.sizes, v.element) for v in states)]
        return [Value(name, *shape) for name, shape in zip(results, shapes, strict=True)]

    def clear(self, state: Value, flags: Value) -> Value:
        return self.elementwise(
            [(flags, "d0"), (state, "d0, d1")],
            lambda s, x: s.op(f"arith.select {x[0]}, {s.number(0)}, {x[1]} : {s.real}"),
        )

    def start(self, names: str) -> list[Value]:
        """The initial states of these names, or zeros."""
        return [self.of.get(f"{name}0") or self.graph.zeros((self.b, self.h), self.program.dtype)
                for name in names]  # fmt: skip

    def product(self, h: Value, weight: Value, bias: Value | None = None) -> Value:
        """[B, K] times [G, H, K] or [H, K], in the working type."""
        gates = weight.sizes[:-2]
        maps = ["bk", "ghk", "bgh"] if gates else ["bk", "hk", "bh"]
        captures = [bias] if bias else []
        maps[2:2] = ["gh" if gates else "h"] * len(captures)
        return self.graph.contract(h, weight, maps, (self.b, *gates, self.h), self.real, captures)

    def hoisted(self, weight: Value, bias: Value | None = None) -> Value:
        """x times [G, H, I] or [H, I] for all steps: [T, B, G, H] or [T, B, H]."""
        gates = weight.sizes[:-2]
        maps = ["tbi", "ghi", "tbgh"] if gates else ["tbi", "hi", "tbh"]
        captures = [bias] if bias else []
        maps[2:2] = ["gh" if gates else "h"] * len(captures)
        sizes = (self.t, self.b, *gates, self.h)
        return self.graph.contract(self.of["x"], weight, maps, sizes, self.real, captures)

    def norm(self, x: Value, axis: int, weight: Value, bias: Value | None = None) -> Value:
        init = self.graph.empty(x.sizes, x.element)
        more = f" bias({bias.name} : {bias.type})" if bias else ""
        return self.graph.add(
            f"fovea.layer_norm ins({x.name}, {weight.name} : {x.type}, {weight.type}){more}"
            f" outs({init.name} : {init.type}) {{axis = {axis} : i64, epsilon = {EPSILON:e} : f64}}"
            f" -> {x.type}", x.sizes, x.element,
        )  # fmt: skip

    def gate(self, weight: Value, first: int, count: int) -> Value:
        """Gates of a weight [G, H, K]; without that dimension for one."""
        _, h, k = weight.sizes
        kept = (str(count), h, k) if count > 1 else (h, k)
        return self.graph.slice(weight, [str(first), "0", "0"], [str(count), h, k], kept)

    # Cells

    def hand_lstm(self) -> list[Value]:
        of = self.of
        xs = [self.hoisted(of[f"w{gate}"], of[f"b{gate}"]) for gate in range(4)]

        def step(x: Sequence[Value], states: list[Value]) -> tuple[Value, list[Value]]:
            h, c = states
            sums = [self.product(h, of[f"r{gate}"]) for gate in range(4)]
            i, f, g, o = ([(x[n], "d0, d1"), (sums[n], "d0, d1")] for n in range(4))
            kept = self.elementwise(
                [*f, (c, "d0, d1")],
                lambda s, v: s.mul(s.sigmoid(s.add(v[0], v[1])), v[2]), self.real,
            )  # fmt: skip
            taken = self.elementwise(
                [*i, *g],
                lambda s, v: s.mul(s.sigmoid(s.add(v[0], v[1])), s.tanh(s.add(v[2], v[3]))),
                self.real,
            )
            whole = [(kept, "d0, d1"), (taken, "d0, d1")]
            out = self.elementwise(
                [*o, *whole],
                lambda s, v: s.mul(s.sigmoid(s.add(v[0], v[1])), s.tanh(s.add(v[2], v[3]))),
            )
            return out, [out, self.elementwise(whole, lambda s, v: s.add(*v))]

        return self.loop(xs, self.start("hc"), self.program.direction == "reverse", step)

    def ln_lstm(self) -> list[Value]:
        of = self.of
        xs = self.norm(self.hoisted(of["w"]), 2, of["n0"], of["b"])

        def step(x: Sequence[Value], states: list[Value]) -> tuple[Value, list[Value]]:
            h, c = states
            sums = self.norm(self.product(h, of["r"]), 1, of["n1"])
            i, f, g, o = ([(x[0], f"d0, {n}, d1"), (sums, f"d0, {n}, d1")] for n in range(4))
            fresh = self.elementwise(
                [*i, *f, *g, (c, "d0, d1")],
                lambda s, v: s.add(
                    s.mul(s.sigmoid(s.add(v[2], v[3])), v[6]),
                    s.mul(s.sigmoid(s.add(v[0], v[1])), s.tanh(s.add(v[4], v[5]))),
                ), self.real,
            )  # fmt: skip
            norm = self.norm(fresh, 1, of["n2"])
            out = self.elementwise(
                [*o, (norm, "d0, d1")],
                lambda s, v: s.mul(s.sigmoid(s.add(v[0], v[1])), s.tanh(v[2])),
            )
            return out, [out, self.elementwise([(fresh, "d0, d1")], lambda _, v: v[0])]

        return self.loop([xs], self.start("hc"), self.program.direction == "reverse", step)

    def augru(self) -> list[Value]:
        of = self.of
        first, last = self.gate(of["r"], 0, 2), self.gate(of["r"], 2, 1)

        def step(x: Sequence[Value], states: list[Value]) -> tuple[Value, list[Value]]:
            (h,) = states
            sums = self.product(h, first)
            kept = self.elementwise(
                [(x[0], "d0, 1, d1"), (sums, "d0, 1, d1"), (h, "d0, d1")],
                lambda s, v: s.mul(s.sigmoid(s.add(v[0], v[1])), v[2]), self.real,
            )  # fmt: skip

            def blend(s: Scalars, v: list[str]) -> str:
                u = s.mul(s.one_minus(v[5]), s.sigmoid(s.add(v[0], v[1])))
                return s.add(s.mul(u, v[4]), s.mul(s.one_minus(u), s.tanh(s.add(v[2], v[3]))))

            out = self.elementwise(
                [(x[0], "d0, 0, d1"), (sums, "d0, 0, d1"), (x[0], "d0, 2, d1"),
                 (self.product(kept, last), "d0, d1"), (h, "d0, d1"), (x[1], "d0")], blend,
            )  # fmt: skip
            return out, [out]

        sequences = [self.hoisted(of["w"], of["b"]), of["a"]]
        return self.loop(sequences, self.start("h"), self.program.direction == "reverse", step)

    def mgu(self) -> list[Value]:
        of = self.of
        forget, fresh = self.gate(of["r"], 0, 1), self.gate(of["r"], 1, 1)

        def step(x: Sequence[Value], states: list[Value]) -> tuple[Value, list[Value]]:
            (h,) = states
            xs = self.product(x[0], of["w"], of["b"])
            gate = self.elementwise(
                [(xs, "d0, 0, d1"), (self.product(h, forget), "d0, d1")],
                lambda s, v: s.sigmoid(s.add(*v)), self.real,
            )  # fmt: skip
            kept = self.elementwise([(gate, "d0, d1"), (h, "d0, d1")],
                                    lambda s, v: s.mul(*v), self.real)  # fmt: skip
            out = self.elementwise(
                [(gate, "d0, d1"), (h, "d0, d1"), (xs, "d0, 1, d1"),
                 (self.product(kept, fresh), "d0, d1")],
                lambda s, v: s.add(s.mul(s.one_minus(v[0]), v[1]),
                                   s.mul(v[0], s.tanh(s.add(v[2], v[3])))),
            )  # fmt: skip
            return out, [out]

        return self.loop([of["x"]], self.start("h"), self.program.direction == "reverse", step)


def cell_layer(
    program: Program, graph: Graph, of: Mapping[str, Value], widths: Widths
) -> list[Value]:
    """A cell's y [T, B, H] and final states."""
    return getattr(CellText(program, graph, of, widths), program.kind)()
