"""The text of plain RNN as the ONNX import makes it: the input product of all steps, and a cell."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

from collections.abc import Sequence

from cell_text import CellText
from graph_text import Scalars, Value


class PlainText(CellText):
    """Writes the layers of a program of kind "rnn"."""

    def row(self, value: Value, direction: int, first: str = "0", size: str = "") -> Value:
        """A direction of an operand [D, N, K], or `size` numbers from `first` on of one [D, N]."""
        rest = (size,) if size else value.sizes[1:]
        offsets = [str(direction), first, *["0"] * (len(rest) - 1)]
        return self.graph.slice(value, offsets, ["1", *rest], rest)

    def state(self, layer: int, direction: int) -> Value:
        """[B, H] of [D, B, H] or [B, D, H]."""
        initial = self.of.get(f"h{layer}")
        if initial is None:
            return self.graph.zeros((self.b, self.h), self.program.dtype)
        offsets, sizes = [str(direction), "0", "0"], ["1", self.b, self.h]
        if self.program.batch_major:
            offsets, sizes = ["0", str(direction), "0"], [self.b, "1", self.h]
        return self.graph.slice(initial, offsets, sizes, (self.b, self.h))

    def function(self, s: Scalars, x: str, direction: int) -> str:
        if self.program.clip:
            x = s.two("maximumf", x, s.number(-self.program.clip))
            x = s.two("minimumf", x, s.number(self.program.clip))
        match self.program.functions(direction)[0][0]:
            case "tanh":
                return s.tanh(x)
            case "sigmoid":
                return s.sigmoid(x)
        return s.two("maximumf", x, s.number(0))

    def one(self, layer: int, x: Value, direction: int) -> list[Value]:
        """y [T, B, H] and h [B, H] of a direction."""
        biases = []
        if f"b{layer}" in self.of:
            bias = self.of[f"b{layer}"]
            biases = [
                self.row(bias, direction, at, self.h) for at in ("0", self.graph.size(self.h))
            ]
        maps = ["bti" if self.program.batch_major else "tbi", "hi", *["h"] * len(biases), "tbh"]
        weight = self.row(self.of[f"w{layer}"], direction)
        pre = self.graph.contract(x, weight, maps, (self.t, self.b, self.h), self.real, biases)
        recurrent = self.row(self.of[f"r{layer}"], direction)

        def step(xs: Sequence[Value], states: list[Value]) -> tuple[Value, list[Value]]:
            inputs = [(xs[0], "d0, d1"), (self.product(states[0], recurrent), "d0, d1")]
            out = self.elementwise(inputs, lambda s, v: self.function(s, s.add(*v), direction))
            return out, [out]

        reverse = self.program.direction == "reverse" or direction == 1
        return self.loop([pre], [self.state(layer, direction)], reverse, step)

    def layer(self, layer: int, x: Value) -> list[Value]:
        """y, joined, and the final state of each direction."""
        graph, t, b = self.graph, self.t, self.b
        parts = [self.one(layer, x, direction) for direction in range(self.program.directions)]
        y, finals = parts[0][0], [part[1] for part in parts]
        if self.program.direction == "concat":
            sizes = (t, b, graph.multiple(2, self.h))
            kinds = ", ".join(part[0].type for part in parts)
            names = ", ".join(part[0].name for part in parts)
            shape = Value("", sizes, y.element).type
            y = graph.add(f"tensor.concat dim(2) {names} : ({kinds}) -> {shape}", sizes, y.element)
        elif self.program.direction == "sum":
            both = [(part[0], "d0, d1, d2") for part in parts]
            y = graph.generic(both, y.sizes, y.element, self.real, lambda s, v: s.add(*v))
        if self.program.batch_major:
            y = graph.generic([(y, "d1, d0, d2")], (b, t, y.sizes[2]), y.element, self.real,
                              lambda _, v: v[0])  # fmt: skip
        return [y, *finals]
