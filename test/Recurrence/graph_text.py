"""Writes the text of one entry: values with types of sizes that are numbers or names of symbols."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

WIDTH = {"f16": 16, "bf16": 16, "f32": 32, "f64": 64}
Sizes = tuple[str, ...]


def type_of(sizes: Sequence[str], element: str) -> str:
    known = "".join(f"{size if size.isdigit() else '?'}x" for size in sizes)
    return f"tensor<{known}{element}>"


@dataclass(frozen=True)
class Value:
    name: str
    sizes: Sizes
    element: str

    @property
    def type(self) -> str:
        return type_of(self.sizes, self.element)


class Scalars:
    """Scalar arithmetic in the body of an elementwise operation, in one type."""

    def __init__(self, real: str) -> None:
        self.real, self.lines, self.count = real, [], 0

    def op(self, text: str) -> str:
        self.count += 1
        self.lines.append(f"%s{self.count} = {text}")
        return f"%s{self.count}"

    def to(self, x: str, source: str, target: str) -> str:
        if source == target:
            return x
        if WIDTH[source] == WIDTH[target]:
            return self.to(self.to(x, source, "f32"), "f32", target)
        name = "arith.extf" if WIDTH[source] < WIDTH[target] else "arith.truncf"
        return self.op(f"{name} {x} : {source} to {target}")

    def number(self, x: float) -> str:
        return self.op(f"arith.constant {x:e} : {self.real}")

    def two(self, name: str, x: str, y: str) -> str:
        return self.op(f"arith.{name} {x}, {y} : {self.real}")

    def add(self, x: str, y: str) -> str:
        return self.two("addf", x, y)

    def mul(self, x: str, y: str) -> str:
        return self.two("mulf", x, y)

    def one_minus(self, x: str) -> str:
        return self.two("subf", self.number(1), x)

    def tanh(self, x: str) -> str:
        return self.op(f"math.tanh {x} : {self.real}")

    def sigmoid(self, x: str) -> str:
        power = self.op(f"math.exp {self.op(f'arith.negf {x} : {self.real}')} : {self.real}")
        return self.two("divf", self.number(1), self.add(self.number(1), power))


Body = Callable[[Scalars, list[str]], str]


class Graph:
    """Lines of a function's body; fresh names for what they make."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.arguments: list[str] = []
        self.weights: list[str] = []
        # Values of sizes by name; the names that are symbols of arguments.
        self.sized: dict[str, str] = {}
        self.symbols: set[str] = set()
        self.count = 0
        for index in range(3):
            self.lines.append(f"%k{index} = arith.constant {index} : index")

    def fresh(self) -> str:
        self.count += 1
        return f"%v{self.count}"

    def add(self, text: str, sizes: Sequence[str], element: str) -> Value:
        value = Value(self.fresh(), tuple(sizes), element)
        self.lines.append(f"{value.name} = {text}")
        return value

    # Operands

    def slot(self, name: str, sizes: Sequence[str], element: str) -> str:
        """An argument or a result; of its sizes, what an argument has is the name of a symbol."""
        symbols = ", ".join(f'"{size}"' if size in self.symbols else '""' for size in sizes)
        shape = f", fovea.shape = [{symbols}]" if sizes else ""
        return f'{type_of(sizes, element)} {{fovea.name = "{name}"{shape}}}'

    def argument(self, name: str, sizes: Sequence[str], element: str) -> Value:
        value = Value(f"%{name}", tuple(sizes), element)
        self.symbols.update(size for size in sizes if not size.isdigit())
        self.arguments.append(f"%{name}: {self.slot(name, sizes, element)}")
        for place, size in enumerate(sizes):
            if not size.isdigit() and size not in self.sized:
                self.sized[size] = f"%n_{size}"
                self.lines.append(f"%n_{size} = tensor.dim %{name}, %k{place} : {value.type}")
        return value

    def constant(self, symbol: str, source: str, sizes: Sequence[str], element: str) -> Value:
        kind = type_of(sizes, element)
        self.weights.append(f'fovea.weight @{symbol} from "{source}" offset 0 : {kind}')
        return self.add(f"fovea.get_weight @{symbol} : {kind}", sizes, element)

    def size(self, name: str) -> str:
        return name if name.isdigit() else self.sized[name]

    def multiple(self, factor: int, size: str) -> str:
        """The name of a multiple of a size."""
        if size.isdigit() or factor == 1:
            return str(factor * int(size)) if size.isdigit() else size
        name = f"{factor}{size}"
        if name not in self.sized:
            self.sized[name] = self.fresh()
            self.lines.append(f"{self.sized[name]}_f = arith.constant {factor} : index")
            self.lines.append(
                f"{self.sized[name]} = arith.muli {self.size(size)}, {self.sized[name]}_f : index"
            )
        return name

    # Operations

    def empty(self, sizes: Sequence[str], element: str) -> Value:
        known = ", ".join(self.size(size) for size in sizes if not size.isdigit())
        return self.add(f"tensor.empty({known}) : {type_of(sizes, element)}", sizes, element)

    def zeros(self, sizes: Sequence[str], element: str) -> Value:
        init = self.empty(sizes, element)
        zero = self.fresh()
        self.lines.append(f"{zero} = arith.constant 0.0 : {element}")
        text = f"linalg.fill ins({zero} : {element}) outs({init.name} : {init.type})"
        return self.add(f"{text} -> {init.type}", sizes, element)

    def generic(
        self, inputs: Sequence[tuple[Value, str]], sizes: Sequence[str], element: str, real: str,
        body: Body,
    ) -> Value:  # fmt: skip
        """Elementwise: each input with the results of its map over (d0, d1, ...); flags stay i1."""
        init = self.empty(sizes, element)
        dims = ", ".join(f"d{place}" for place in range(len(sizes)))
        maps = [f"affine_map<({dims}) -> ({results})>" for results in
                [*(results for _, results in inputs), dims]]  # fmt: skip
        scalars = Scalars(real)
        names = [f"%i{place}" for place in range(len(inputs))]
        wide = [name if value.element == "i1" else scalars.to(name, value.element, real)
                for name, (value, _) in zip(names, inputs, strict=True)]  # fmt: skip
        result = scalars.to(body(scalars, wide), real, element)
        listed = ", ".join(f"{n}: {v.element}" for n, (v, _) in zip(names, inputs, strict=True))
        kinds = ", ".join(['"parallel"'] * len(sizes))
        lines = "\n    ".join(scalars.lines)
        return self.add(
            f"linalg.generic {{indexing_maps = [{', '.join(maps)}], iterator_types = [{kinds}]}}\n"
            f"    ins({', '.join(value.name for value, _ in inputs)} :"
            f" {', '.join(value.type for value, _ in inputs)}) outs({init.name} : {init.type}) {{\n"
            f"    ^bb0({listed}, %old: {element}):\n    {lines}\n"
            f"    linalg.yield {result} : {element}\n  }} -> {init.type}", sizes, element,
        )  # fmt: skip

    def contract(
        self, lhs: Value, rhs: Value, maps: Sequence[str], sizes: Sequence[str], element: str,
        captures: Sequence[Value] = (),
    ) -> Value:  # fmt: skip
        """A product, plus captures, in `element`. Maps are of lhs, rhs, captures and out."""
        init = self.empty(sizes, element)
        real = "f64" if "f64" in (lhs.element, rhs.element) else "f32"
        letters = "".join([maps[-1], *maps])
        dims = ", ".join(dict.fromkeys(letters))
        listed = ", ".join(f"affine_map<({dims}) -> ({', '.join(each)})>" for each in maps)
        scalars = Scalars(real)
        names = [f"%i{place}" for place in range(len(captures))]
        total = "%sum"
        for name, value in zip(names, captures, strict=True):
            total = scalars.add(total, scalars.to(name, value.element, real))
        total = scalars.to(total, real, element)
        arguments = [f"%sum: {real}", *(f"{n}: {v.element}"
                                        for n, v in zip(names, captures, strict=True))]  # fmt: skip
        extra = ""
        if captures:
            kinds = ", ".join(value.type for value in captures)
            extra = f" captures({', '.join(value.name for value in captures)} : {kinds})"
        lines = "\n    ".join(scalars.lines)
        return self.add(
            f"fovea.contract ins({lhs.name}, {rhs.name} : {lhs.type}, {rhs.type}){extra}"
            f" outs({init.name} : {init.type}) {{indexing_maps = [{listed}]}} epilogue {{\n"
            f"    ^bb0({', '.join(arguments)}):\n    {lines}\n"
            f"    fovea.yield {total} : {element}\n  }} -> {init.type}", sizes, element,
        )  # fmt: skip

    def slice(self, x: Value, offsets: Sequence[str], sizes: Sequence[str], kept: Sizes) -> Value:
        """A part of x with strides of 1; `kept` are the sizes that stay."""
        extents = ", ".join(self.size(size) for size in sizes)
        strides = ", ".join(["1"] * len(sizes))
        return self.add(
            f"tensor.extract_slice {x.name}[{', '.join(offsets)}] [{extents}] [{strides}]"
            f" : {x.type} to {type_of(kept, x.element)}", kept, x.element,
        )  # fmt: skip

    def collapse(self, x: Value, groups: str, sizes: Sequence[str]) -> Value:
        kind = type_of(sizes, x.element)
        return self.add(
            f"tensor.collapse_shape {x.name} {groups} : {x.type} into {kind}", sizes, x.element
        )

    def function(self, name: str, results: Sequence[tuple[str, Value]]) -> str:
        """The weights and the function; results by name."""
        signature = ", ".join(self.slot(n, v.sizes, v.element) for n, v in results)
        body = "\n  ".join(self.lines)
        names, kinds = (
            ", ".join(v.name for _, v in results),
            ", ".join(v.type for _, v in results),
        )
        weights = "".join(f"{line}\n" for line in self.weights)
        return (
            f"{weights}func.func @{name}({', '.join(self.arguments)})\n    -> ({signature})"
            f" attributes {{fovea.entry}} {{\n  {body}\n  return {names} : {kinds}\n}}\n"
        )
