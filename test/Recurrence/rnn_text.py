"""The MLIR text of a program: fovea.lstm, fovea.gru, or plain RNN as the ONNX import makes it."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

from collections.abc import Mapping

from cell_text import cell_layer
from graph_text import Graph, Value
from plain_text import PlainText
from rnn_operands import is_constant, operands, output_dim
from rnn_programs import Program


class Layers:
    """Writes the layers of one program."""

    def __init__(self, program: Program, name: str, files: Mapping[str, str]) -> None:
        self.program, self.name, self.graph = program, name, Graph()
        self.widths = {
            letter: str(width or letter) for letter, width in zip("IHP", program.sizes, strict=True)
        }
        self.widths |= {"T": "T", "B": str(program.batch or "B")}
        declared = operands(program)
        self.of: dict[str, Value] = {}
        for key, operand in declared.items():
            sizes = [self.size(dim) for dim in operand.dims]
            if is_constant(program, operand):
                symbol = f"{name}_{key}"
                value = self.graph.constant(symbol, files[key], sizes, operand.element)
            else:
                value = self.graph.argument(key, sizes, operand.element)
            self.of[key] = value

    def size(self, dim: str) -> str:
        """The size that a dimension of an operand has in the text."""
        if dim.isdigit():
            return dim
        factor, size = int(dim[:-1] or 1), self.widths[dim[-1]]
        if size.isdigit():
            return str(factor * int(size))
        return f"{factor}{size}" if factor > 1 else size

    # Named operations

    def order(self) -> str:
        return ", ".join(f"#fovea.gate<{gate}>" for gate in self.program.order)

    def activations(self) -> str:
        listed = []
        for direction in range(self.program.directions):
            for kind, alpha, beta in self.program.functions(direction):
                text = kind
                if kind not in ("sigmoid", "tanh", "relu", "softsign", "softplus"):
                    text += f", alpha = {float(alpha)} : f64, beta = {float(beta)} : f64"
                listed.append(f"#fovea.activation<{text}>")
        return ", ".join(listed)

    def named(self, layer: int, x: Value) -> list[Value]:
        """fovea.lstm or fovea.gru: y and the final states."""
        program, of = self.program, self.of
        direction = program.direction
        if program.directions == 2:
            direction = "bidirectional"
        attributes = [f"gate_order = [{self.order()}]", f"activations = [{self.activations()}]",
                      f"direction = #fovea.direction<{direction}>"]  # fmt: skip
        if program.batch_major:
            attributes.append("layout = #fovea.layout<batch_major>")
        if program.clip:
            attributes.append(f"clip = {program.clip} : f64")
        if program.coupled:
            attributes.append("coupled")
        if program.kind == "gru":
            attributes.append(f"reset = #fovea.reset<{program.reset}>")
            attributes.append(f"keep = #fovea.keep<{program.keep}>")
        optional = {"bias": f"b{layer}", "initial_h": f"h{layer}", "initial_c": f"c{layer}",
                    "peephole": f"p{layer}", "projection": f"q{layer}", "lengths": "lengths",
                    "resets": "resets"}  # fmt: skip
        given = "".join(f" {clause}({of[key].name} : {of[key].type})"
                        for clause, key in optional.items() if key in of)  # fmt: skip
        w, r = of[f"w{layer}"], of[f"r{layer}"]
        t, b, d = self.widths["T"], self.widths["B"], str(program.directions)
        p = self.size(output_dim(program))
        states = [p, self.widths["H"]] if program.has_c else [p]
        shapes = [(b, t, d, p) if program.batch_major else (t, d, b, p)]
        shapes += [(b, d, n) if program.batch_major else (d, b, n) for n in states]
        results = [Value(self.graph.fresh(), shape, program.dtype) for shape in shapes]
        self.graph.lines.append(
            f"{', '.join(value.name for value in results)} = fovea.{program.kind} {x.name},"
            f" {w.name}, {r.name}{given} {{{', '.join(attributes)}}}\n    : {x.type}, {w.type},"
            f" {r.type} -> {', '.join(value.type for value in results)}"
        )
        return results

    def join(self, y: Value) -> Value:
        """[T, D, B, P] as [T, B, .], or [B, T, D, P] as [B, T, .]."""
        program, graph = self.program, self.graph
        outer = [y.sizes[0], y.sizes[1 if program.batch_major else 2]]
        width = y.sizes[-1]
        place = "d0, d1, {}, d2" if program.batch_major else "d0, {}, d1, d2"
        if program.direction == "sum":
            both = [(y, place.format(direction)) for direction in range(2)]
            return graph.generic(both, [*outer, width], y.element, program.working,
                                 lambda s, x: s.add(*x))  # fmt: skip
        if program.direction != "concat":
            groups = "[[0], [1, 2], [3]]" if program.batch_major else "[[0, 1], [2], [3]]"
            return graph.collapse(y, groups, [*outer, width])
        if not program.batch_major:
            y = graph.generic([(y, "d0, d2, d1, d3")], [*outer, "2", width], y.element,
                              program.working, lambda _, x: x[0])  # fmt: skip
        return graph.collapse(y, "[[0], [1], [2, 3]]", [*outer, graph.multiple(2, width)])

    # The entry

    def layer(self, layer: int, x: Value) -> list[Value]:
        if self.program.is_cell:
            return cell_layer(self.program, self.graph, self.of, self.widths)
        if self.program.kind == "rnn":
            return PlainText(self.program, self.graph, self.of, self.widths).layer(layer, x)
        results = self.named(layer, x)
        return [self.join(results[0]), *results[1:]]

    def last(self, y: Value) -> Value:
        """The last step of y."""
        graph, steps = self.graph, self.graph.fresh()
        graph.lines.append(f"{steps} = arith.subi {graph.size('T')}, %k1 : index")
        b, width = self.widths["B"], y.sizes[-1]
        if self.program.batch_major:
            return graph.slice(y, ["0", steps, "0"], [b, "1", width], (b, width))
        return graph.slice(y, [steps, "0", "0"], ["1", b, width], (b, width))

    def finals(self) -> str:
        """Letters of the final states of a layer: those of plain RNN are of its directions."""
        if self.program.kind == "rnn":
            return "hk"[: self.program.directions]
        return "hc" if self.program.has_c else "h"

    def write(self) -> str:
        results: list[tuple[str, Value]] = []
        y = self.of["x"]
        for layer in range(self.program.layers):
            y, *finals = self.layer(layer, y)
            if self.program.outputs in ("all", "finals"):
                named = zip(self.finals(), finals, strict=True)
                results += [(f"y_{letter}{layer}", value) for letter, value in named]
        match self.program.outputs:
            case "all" | "y":
                results.append(("y", y))
            case "last":
                results.append(("last", self.last(y)))
        return self.graph.function(self.name, results)


def entry(program: Program, name: str, files: Mapping[str, str]) -> str:
    """The text of a function of this name; `files` hold the constants."""
    return Layers(program, name, files).write()
