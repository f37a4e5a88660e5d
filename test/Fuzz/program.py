"""A module of the fovea dialect under construction: arguments, operations and results as text."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import dataclasses
import random
from collections.abc import Sequence

FLOATS = ("f32", "f32", "f32", "f16", "bf16")


@dataclasses.dataclass(frozen=True)
class Dim:
    """A size; with a symbol it is dynamic in the module and has this value in the run."""

    size: int
    symbol: str = ""

    def __str__(self) -> str:
        return "?" if self.symbol else str(self.size)


@dataclasses.dataclass(frozen=True)
class Value:
    """A tensor of the module."""

    name: str
    shape: tuple[Dim, ...]
    dtype: str

    @property
    def type(self) -> str:
        return f"tensor<{''.join(f'{dim}x' for dim in self.shape)}{self.dtype}>"


@dataclasses.dataclass(frozen=True)
class Input:
    """What a run gives an argument; `spec` describes its values to the command line."""

    name: str
    shape: tuple[int, ...]
    dtype: str
    spec: str


class Program:
    """Collects a module and what it is run with."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.arguments: list[str] = []
        self.lines: list[str] = []
        self.inputs: list[Input] = []
        self.sizes: dict[str, int] = {}
        self._dims: dict[str, str] = {}
        self._count = 0

    def dim(self, *sizes: int) -> Dim:
        """One of the sizes, dynamic now and then; equal dynamic sizes share a symbol or do not."""
        size = self.rng.choice(sizes)
        if self.rng.random() > 0.3:
            return Dim(size)
        known = [name for name, value in self.sizes.items() if value == size]
        symbol = self.rng.choice([*known, f"s{len(self.sizes)}"])
        self.sizes[symbol] = size
        return Dim(size, symbol)

    def name(self) -> str:
        self._count += 1
        return f"%v{self._count}"

    def argument(self, shape: Sequence[Dim], dtype: str, spec: str = "") -> Value:
        """A new argument; `spec` says what the run gives it."""
        label = f"a{len(self.arguments)}"
        value = Value(f"%{label}", tuple(shape), dtype)
        attributes = f'fovea.name = "{label}"'
        if any(dim.symbol for dim in shape):
            symbols = ", ".join(f'"{dim.symbol}"' for dim in shape)
            attributes += f", fovea.shape = [{symbols}]"
        self.arguments.append(f"{value.name}: {value.type} {{{attributes}}}")
        for place, dim in enumerate(shape):
            if dim.symbol and dim.symbol not in self._dims:
                index, size = self.constant(place), self.name()
                self.lines.append(f"{size} = tensor.dim {value.name}, {index} : {value.type}")
                self._dims[dim.symbol] = size
        spec = spec or f"randn:{self.rng.randrange(1000)}"
        self.inputs.append(Input(label, tuple(dim.size for dim in shape), dtype, spec))
        return value

    def constant(self, value: int) -> str:
        name = self.name()
        self.lines.append(f"{name} = arith.constant {value} : index")
        return name

    def empty(self, shape: Sequence[Dim], dtype: str) -> Value:
        value = Value(self.name(), tuple(shape), dtype)
        sizes = ", ".join(self._dims[dim.symbol] for dim in shape if dim.symbol)
        self.lines.append(f"{value.name} = tensor.empty({sizes}) : {value.type}")
        return value

    def filled(self, shape: Sequence[Dim], dtype: str, number: str) -> Value:
        init, scalar = self.empty(shape, dtype), self.name()
        self.lines.append(f"{scalar} = arith.constant {number} : {dtype}")
        out = Value(self.name(), tuple(shape), dtype)
        self.lines.append(
            f"{out.name} = linalg.fill ins({scalar} : {dtype}) outs({init.name} : {init.type})"
            f" -> {init.type}"
        )
        return out

    def result(self, shape: Sequence[Dim], dtype: str) -> Value:
        return Value(self.name(), tuple(shape), dtype)

    def used_sizes(self) -> dict[str, int]:
        """Symbols that some argument has, and what they stand for."""
        return {symbol: self.sizes[symbol] for symbol in self._dims}

    def text(self, results: Sequence[Value]) -> str:
        types = ", ".join(value.type for value in results)
        body = "".join(f"  {line}\n" for line in self.lines)
        names = ", ".join(value.name for value in results)
        arguments = ",\n    ".join(self.arguments)
        body += f"  return {names} : {types}\n"
        return f"func.func @main({arguments})\n    -> ({types}) {{\n{body}}}\n"


class Scalars:
    """A region's body: scalar operations on values of one float type."""

    def __init__(self, program: Program, dtype: str = "f32") -> None:
        self._program = program
        self.rng = program.rng
        self.dtype = dtype
        self.lines: list[str] = []

    def op(self, text: str) -> str:
        name = self._program.name()
        self.lines.append(f"{name} = {text}")
        return name

    def constant(self, number: float) -> str:
        return self.op(f"arith.constant {number:.6e} : {self.dtype}")

    def widened(self, value: str, dtype: str) -> str:
        """A float of any type in the type of the body."""
        if dtype == self.dtype:
            return value
        narrow = {"f16": 0, "bf16": 0, "f32": 1, "f64": 2}
        kind = "extf" if narrow[dtype] < narrow[self.dtype] else "truncf"
        return self.op(f"arith.{kind} {value} : {dtype} to {self.dtype}")

    def distance(self, left: str, right: str) -> str:
        """left - right of two indices as a float, a tenth of it."""
        gap = self.op(f"arith.subi {left}, {right} : index")
        word = self.op(f"arith.index_cast {gap} : index to i32")
        return self._scaled(self.op(f"arith.sitofp {word} : i32 to {self.dtype}"), 0.1)

    def _scaled(self, value: str, factor: float) -> str:
        return self.op(f"arith.mulf {value}, {self.constant(factor)} : {self.dtype}")

    def unary(self, value: str) -> str:
        """A function without poles, so that errors do not grow without bound."""
        kind = self.rng.choice(["tanh", "erf", "sin", "cos", "absf", "gauss", "root", "negf",
                                "sigmoid", "relu", "exp"])  # fmt: skip
        if kind == "negf":
            return self.op(f"arith.negf {value} : {self.dtype}")
        if kind == "relu":
            return self.op(f"arith.maximumf {value}, {self.constant(0)} : {self.dtype}")
        if kind in ("gauss", "root", "sigmoid", "exp"):
            size = self.op(f"math.absf {value} : {self.dtype}")
            if kind == "root":
                more = self.op(f"arith.addf {size}, {self.constant(0.5)} : {self.dtype}")
                return self.op(f"math.{self.rng.choice(['sqrt', 'log', 'rsqrt'])} {more}"
                               f" : {self.dtype}")  # fmt: skip
            down = self.op(f"arith.negf {size} : {self.dtype}")
            exp = self.op(f"math.exp {down} : {self.dtype}")
            if kind != "sigmoid":
                return exp
            more = self.op(f"arith.addf {exp}, {self.constant(1)} : {self.dtype}")
            return self.op(f"arith.divf {self.constant(1)}, {more} : {self.dtype}")
        return self.op(f"math.{kind} {value} : {self.dtype}")

    def chain(self, values: Sequence[str], length: int) -> str:
        """Mixes the values, all of the body's type, by `length` random operations."""
        pool = list(values)
        result = pool[0]
        for other in pool[1:]:
            result = self.binary(result, other)
        for _ in range(length):
            result = self.unary(result) if self.rng.random() < 0.6 else self.binary(
                result, self.rng.choice([*pool, self.constant(self.rng.uniform(-2, 2))])
            )  # fmt: skip
        return result

    def binary(self, left: str, right: str) -> str:
        kind = self.rng.choice(["addf", "subf", "mulf", "maximumf", "minimumf", "select"])
        if kind == "select":
            order = self.op(f"arith.cmpf ogt, {left}, {right} : {self.dtype}")
            return self.op(f"arith.select {order}, {right}, {left} : {self.dtype}")
        return self.op(f"arith.{kind} {left}, {right} : {self.dtype}")
