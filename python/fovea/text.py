"""Writes modules in MLIR text, one method per kind of operation.

    graph = Graph()
    table = graph.weight("table", (29, 64), "weights.safetensors", 4096)
    ids = graph.input("ids", "i64", ("time",))
    graph.at("embedding")
    graph.output("rows", graph.gather(table, ids))
    text = graph.text()

Sizes are numbers or names of dynamic dimensions. Nothing is checked here: the compiler verifies
what it reads, and names the line.
"""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Sequence

Sizes = tuple[int | str, ...]


@dataclasses.dataclass(frozen=True)
class Value:
    """An SSA value of ranked tensor type."""

    name: str
    element: str
    shape: Sizes

    @property
    def type(self) -> str:
        sizes = "".join(f"{'?' if isinstance(s, str) else s}x" for s in self.shape)
        return f"tensor<{sizes}{self.element}>"


def affine_map(rank: int, results: Sequence[int]) -> str:
    """affine_map<(d0, ...) -> (...)> over `rank` dimensions."""
    dims = ", ".join(f"d{dim}" for dim in range(rank))
    return f"affine_map<({dims}) -> ({', '.join(f'd{dim}' for dim in results)})>"


def _literal(number: float, element: str) -> str:
    """A number as an attribute of this type; infinities by their bits."""
    if element.startswith("i"):
        return str(int(number))
    if math.isfinite(number):
        return f"{number:e}"
    bits = {"f32": "7F800000", "f64": "7FF0000000000000", "f16": "7C00", "bf16": "7F80"}[element]
    return f"0x{'F' if number < 0 else '7'}{bits[1:]}"


class Graph:
    """A module with one entry function; methods append operations in program order."""

    def __init__(self, name: str = "main") -> None:
        self._name = name
        self._weights: list[str] = []
        self._prologue: list[str] = []
        self._body: list[str] = []
        self._inputs: list[tuple[str, Value]] = []
        self._outputs: list[tuple[str, Value]] = []
        self._sizes: dict[str, str] = {}
        self._constants: dict[int, str] = {}
        self._count = 0
        self._node = ""

    # Names and sizes

    def _fresh(self) -> str:
        self._count += 1
        return f"%v{self._count}"

    def at(self, node: str) -> None:
        """Names the model's node that the following operations stand for; errors quote it."""
        self._node = node

    def _append(self, *lines: str) -> None:
        """Adds one operation, which is located at the current node."""
        place = f' loc("{self._node}")' if self._node else ""
        self._body += [*lines[:-1], lines[-1] + place]

    def index(self, value: int) -> str:
        """The name of an index constant."""
        if value not in self._constants:
            self._constants[value] = f"%c{value}"
            self._prologue.insert(0, f"%c{value} = arith.constant {value} : index")
        return self._constants[value]

    def _dynamic(self, shape: Sizes) -> str:
        return ", ".join(self._sizes[size] for size in shape if isinstance(size, str))

    def empty(self, element: str, shape: Sizes) -> Value:
        result = Value(self._fresh(), element, shape)
        self._append(f"{result.name} = tensor.empty({self._dynamic(shape)}) : {result.type}")
        return result

    # The signature

    def input(self, name: str, element: str, shape: Sizes) -> Value:
        value = Value(f"%arg{len(self._inputs)}", element, shape)
        for dim, size in enumerate(shape):
            if isinstance(size, str) and size not in self._sizes:
                self._sizes[size] = f"%size_{size}"
                dim_name = self.index(dim)
                self._prologue.append(
                    f"%size_{size} = tensor.dim {value.name}, {dim_name} : {value.type}"
                )
        self._inputs.append((name, value))
        return value

    def output(self, name: str, value: Value) -> None:
        self._outputs.append((name, value))

    def weight(
        self, name: str, shape: Sizes, source: str, offset: int, element: str = "f32"
    ) -> Value:
        """A tensor that lies at `offset` of the file `source`, beside the module's own file."""
        value = Value(self._fresh(), element, shape)
        self._weights.append(f'fovea.weight @{name} from "{source}" offset {offset} : {value.type}')
        self._append(f"{value.name} = fovea.get_weight @{name} : {value.type}")
        return value

    # Operations

    def gather(self, table: Value, ids: Value, shape: Sizes | None = None) -> Value:
        """Rows of `table` [N, C] by `ids` [T], as [T, C] or as `shape` with 1s between T and C."""
        rows, width = table.shape
        shape = shape or (ids.shape[0], width)
        init, result = self.empty(table.element, shape), self._fresh()
        rank, extent = len(shape), self.index(int(rows))
        maps = f"[{affine_map(rank, [0])}, {affine_map(rank, range(rank))}]"
        kinds = ", ".join(['"parallel"'] * rank)
        self._append(
            f"{result} = linalg.generic {{indexing_maps = {maps}, iterator_types = [{kinds}]}}"
            f" ins({ids.name} : {ids.type}) outs({init.name} : {init.type}) {{",
            f"^bb0(%id: {ids.element}, %old: {table.element}):",
            f'  %row = fovea.checked_index %id in {extent} node "{self._node}" : {ids.element}',
            f"  %column = linalg.index {rank - 1} : index",
            f"  %element = tensor.extract {table.name}[%row, %column] : {table.type}",
            f"  linalg.yield %element : {table.element}",
            f"}} -> {init.type}",
        )
        return Value(result, table.element, shape)

    def linear(self, x: Value, weight: Value, bias: Value) -> Value:
        """x [M, K] times weight [N, K] transposed, plus bias [N]."""
        shape = (x.shape[0], weight.shape[0])
        init, result = self.empty(x.element, shape), self._fresh()
        maps = ", ".join(affine_map(3, dims) for dims in ([0, 2], [1, 2], [1], [0, 1]))
        self._append(
            f"{result} = fovea.contract ins({x.name}, {weight.name} : {x.type}, {weight.type})"
            f" captures({bias.name} : {bias.type}) outs({init.name} : {init.type})"
            f" {{indexing_maps = [{maps}]}} epilogue {{",
            f"^bb0(%sum: {x.element}, %bias: {x.element}):",
            f"  %total = arith.addf %sum, %bias : {x.element}",
            f"  fovea.yield %total : {x.element}",
            f"}} -> {init.type}",
        )
        return Value(result, x.element, shape)

    def gru(
        self,
        x: Value,
        w: Value,
        r: Value,
        bias: Value,
        initial_h: Value | None = None,
        gate_order: str = "rzn",
        reset: str = "after",
        keep: str = "old",
    ) -> tuple[Value, Value]:
        """A forward GRU over x [T, B, I], in PyTorch's convention unless said otherwise: the
        outputs [T, 1, B, H] and the final state [1, B, H]."""
        steps, batch, _ = x.shape
        hidden = r.shape[2]
        y = Value(self._fresh(), x.element, (steps, 1, batch, hidden))
        y_h = Value(self._fresh(), x.element, (1, batch, hidden))
        start = f" initial_h({initial_h.name} : {initial_h.type})" if initial_h else ""
        gates = ", ".join(f"#fovea.gate<{gate}>" for gate in gate_order)
        self._append(
            f"{y.name}, {y_h.name} = fovea.gru {x.name}, {w.name}, {r.name}"
            f" bias({bias.name} : {bias.type}){start}"
            f" {{gate_order = [{gates}], reset = #fovea.reset<{reset}>,"
            f" keep = #fovea.keep<{keep}>,"
            " activations = [#fovea.activation<sigmoid>, #fovea.activation<tanh>]}"
            f" : {x.type}, {w.type}, {r.type} -> {y.type}, {y_h.type}",
        )
        return y, y_h

    def lstm(
        self, x: Value, w: Value, r: Value, bias: Value, initial: tuple[Value, Value] | None = None
    ) -> tuple[Value, Value, Value]:
        """A forward LSTM over x [T, B, I], in PyTorch's convention, from the states h and c of
        `initial` [1, B, H] on: the outputs [T, 1, B, H] and the final states."""
        steps, batch, _ = x.shape
        hidden = r.shape[2]
        y = Value(self._fresh(), x.element, (steps, 1, batch, hidden))
        h, c = (Value(self._fresh(), x.element, (1, batch, hidden)) for _ in range(2))
        start = "".join(
            f" initial_{name}({value.name} : {value.type})"
            for name, value in zip("hc", initial or (), strict=False)
        )
        self._append(
            f"{y.name}, {h.name}, {c.name} = fovea.lstm {x.name}, {w.name}, {r.name}"
            f" bias({bias.name} : {bias.type}){start}"
            " {gate_order = [#fovea.gate<i>, #fovea.gate<f>, #fovea.gate<c>, #fovea.gate<o>],"
            " activations = [#fovea.activation<sigmoid>, #fovea.activation<tanh>,"
            " #fovea.activation<tanh>]}"
            f" : {x.type}, {w.type}, {r.type} -> {y.type}, {h.type}, {c.type}",
        )
        return y, h, c

    def elementwise(self, operation: str, *operands: Value) -> Value:
        """An operation of arith or math on tensors of one type, like arith.addf or math.tanh."""
        result = dataclasses.replace(operands[0], name=self._fresh())
        names = ", ".join(value.name for value in operands)
        self._append(f"{result.name} = {operation} {names} : {result.type}")
        return result

    def expand(self, x: Value, groups: Sequence[Sequence[int]], shape: Sizes) -> Value:
        """x with every dimension taken apart into those of its group; `shape` is the result's."""
        result = Value(self._fresh(), x.element, shape)
        text = "[" + ", ".join(str(list(group)) for group in groups) + "]"
        sizes = (self._sizes[size] if isinstance(size, str) else str(size) for size in shape)
        self._append(
            f"{result.name} = tensor.expand_shape {x.name} {text}"
            f" output_shape [{', '.join(sizes)}] : {x.type} into {result.type}"
        )
        return result

    def collapse(self, x: Value, groups: Sequence[Sequence[int]], shape: Sizes) -> Value:
        """x with the dimensions of every group joined; `shape` is the result's."""
        result = Value(self._fresh(), x.element, shape)
        text = "[" + ", ".join(str(list(group)) for group in groups) + "]"
        self._append(
            f"{result.name} = tensor.collapse_shape {x.name} {text} : {x.type} into {result.type}"
        )
        return result

    def fill(self, element: str, shape: Sizes, number: float) -> Value:
        """A tensor of one number."""
        scalar = self.scalar(element, number)
        init, result = self.empty(element, shape), self._fresh()
        self._append(
            f"{result} = linalg.fill ins({scalar} : {element}) outs({init.name} : {init.type})"
            f" -> {init.type}"
        )
        return Value(result, element, shape)

    def constant(self, element: str, numbers: Sequence[float]) -> Value:
        """A tensor [N] of these numbers, few enough not to be a weight (64 bytes)."""
        result = Value(self._fresh(), element, (len(numbers),))
        text = ", ".join(_literal(number, element) for number in numbers)
        self._append(f"{result.name} = arith.constant dense<[{text}]> : {result.type}")
        return result

    def argmax(self, x: Value) -> Value:
        """Of each row of x [M, N] the place of its largest element, the first of them or of NaNs,
        as i64 [M]."""
        kept = x.shape[:1]
        best, place = self.fill(x.element, kept, -math.inf), self.fill("i64", kept, 0)
        rows = affine_map(2, [0])
        result, types = self._fresh(), f"{best.type}, {place.type}"
        self._append(
            f"{result}:2 = linalg.generic {{indexing_maps = [{affine_map(2, [0, 1])}, {rows},"
            f' {rows}], iterator_types = ["parallel", "reduction"]}} ins({x.name} : {x.type})'
            f" outs({best.name}, {place.name} : {types}) {{",
            f"^bb0(%x: {x.element}, %best: {x.element}, %place: i64):",
            f"  %larger = arith.cmpf ugt, %x, %best : {x.element}",
            f"  %number = arith.cmpf ord, %best, %best : {x.element}",
            "  %better = arith.andi %larger, %number : i1",
            "  %column = linalg.index 1 : index",
            "  %here = arith.index_cast %column : index to i64",
            f"  %most = arith.select %better, %x, %best : {x.element}",
            "  %at = arith.select %better, %here, %place : i64",
            f"  linalg.yield %most, %at : {x.element}, i64",
            f"}} -> ({types})",
        )
        return Value(f"{result}#1", "i64", kept)

    # Rows

    def rows(self, x: Value, at: str, count: int = 1) -> Value:
        """Rows of x [N, ...] from `at` on, the name of an index, as [count, ...]."""
        shape = (count, *x.shape[1:])
        result = Value(self._fresh(), x.element, shape)
        place = self._place(at, shape)
        self._append(
            f"{result.name} = tensor.extract_slice {x.name}{place} : {x.type} to {result.type}"
        )
        return result

    def with_rows(self, x: Value, rows: Value, at: str) -> Value:
        """x [N, ...] with `rows` [M, ...] in their place from `at` on, the name of an index."""
        result = Value(self._fresh(), x.element, x.shape)
        place = self._place(at, rows.shape)
        self._append(
            f"{result.name} = tensor.insert_slice {rows.name} into {x.name}{place}"
            f" : {rows.type} into {x.type}"
        )
        return result

    def _place(self, at: str, shape: Sizes) -> str:
        """Offsets, sizes and strides of a slice that begins at a row."""
        sizes = (self._sizes[size] if isinstance(size, str) else str(size) for size in shape)
        offsets = ", ".join([at, *["0"] * (len(shape) - 1)])
        return f"[{offsets}] [{', '.join(sizes)}] [{', '.join(['1'] * len(shape))}]"

    # Loops and scalars, which are names

    def element(self, x: Value, *places: str) -> str:
        """The scalar of x at places that are names of indices."""
        result = self._fresh()
        self._append(f"{result} = tensor.extract {x.name}[{', '.join(places)}] : {x.type}")
        return result

    def scalar(self, element: str, number: float) -> str:
        """A constant."""
        result = self._fresh()
        self._append(f"{result} = arith.constant {_literal(number, element)} : {element}")
        return result

    def compare(self, how: str, left: str, right: str, element: str) -> str:
        """Compares scalars of an integer type by a predicate of arith.cmpi."""
        result = self._fresh()
        self._append(f"{result} = arith.cmpi {how}, {left}, {right} : {element}")
        return result

    def following(self, at: str) -> str:
        """The index behind `at`."""
        result = self._fresh()
        self._append(f"{result} = arith.addi {at}, {self.index(1)} : index")
        return result

    def while_loop(
        self,
        carried: Sequence[Value],
        goes_on: Callable[[str, Sequence[Value]], str],
        step: Callable[[str, Sequence[Value]], Sequence[Value]],
        most: int | None = None,
    ) -> tuple[Value, list[Value]]:
        """Carries tensors on while `goes_on` gives true (the name of an i1), at most `most` steps.

        Both functions get the name of the step's index and the carried values, and append
        operations: `goes_on` scalars alone, so that threads can share the steps, and `step` what
        gives the next values, of the same types. Gives the number of steps, i64 [1], and the
        values of the end.
        """
        node = self._node
        types = ", ".join(["index", *(value.type for value in carried)])
        end, before, after = self._fresh(), self._fresh(), self._fresh()
        inits = [self.index(0), *(value.name for value in carried)]

        def arguments(name: str) -> list[Value]:
            return [Value(f"{name}_{place}", value.element, value.shape)
                    for place, value in enumerate(carried)]  # fmt: skip

        firsts = arguments(before)
        names = [before, *(value.name for value in firsts)]
        pairs = ", ".join(f"{name} = {init}" for name, init in zip(names, inits, strict=True))
        outer, self._body = self._body, []
        condition = goes_on(before, firsts)
        if most is not None:
            below, both = self._fresh(), self._fresh()
            limit = self.index(most)
            self._body.append(f"{below} = arith.cmpi slt, {before}, {limit} : index")
            self._body.append(f"{both} = arith.andi {below}, {condition} : i1")
            condition = both
        self._body.append(f"scf.condition({condition}) {', '.join(names)} : {types}")
        tested, self._body = self._body, []
        then = step(after, arguments(after))
        following = self.following(after)
        values = ", ".join([following, *(value.name for value in then)])
        self._body.append(f"scf.yield {values} : {types}")
        stepped, self._body = self._body, outer
        self.at(node)
        block = ", ".join(f"{value.name}: {value.type}" for value in arguments(after))
        self._append(
            f"{end}:{len(names)} = scf.while ({pairs}) : ({types}) -> ({types}) {{",
            *("  " + line for line in tested),
            "} do {",
            f"^bb0({', '.join(filter(None, [f'{after}: index', block]))}):",
            *("  " + line for line in stepped),
            "}",
        )
        ends = [Value(f"{end}#{place + 1}", value.element, value.shape)
                for place, value in enumerate(carried)]  # fmt: skip
        return self._counted(f"{end}#0"), ends

    def _counted(self, index: str) -> Value:
        """An index as a tensor."""
        word, result = self._fresh(), Value(self._fresh(), "i64", (1,))
        self._append(f"{word} = arith.index_cast {index} : index to i64")
        self._append(f"{result.name} = tensor.from_elements {word} : {result.type}")
        return result

    # The module

    @staticmethod
    def _slot(name: str, value: Value) -> str:
        attributes = f'fovea.name = "{name}"'
        if any(isinstance(size, str) for size in value.shape):
            symbols = ", ".join(f'"{s}"' if isinstance(s, str) else '""' for s in value.shape)
            attributes += f", fovea.shape = [{symbols}]"
        return f"{value.type} {{{attributes}}}"

    def text(self) -> str:
        """The module."""
        inputs = ", ".join(f"{v.name}: {self._slot(name, v)}" for name, v in self._inputs)
        outputs = ", ".join(self._slot(name, v) for name, v in self._outputs)
        values = ", ".join(v.name for _, v in self._outputs)
        types = ", ".join(v.type for _, v in self._outputs)
        lines = [
            *self._weights,
            f"func.func @{self._name}({inputs}) -> ({outputs}) attributes {{fovea.entry}} {{",
            *("  " + line for line in (*self._prologue, *self._body)),
            f"  return {values} : {types}",
            "}",
        ]
        return "\n".join(["module {", *("  " + line for line in lines), "}", ""])
