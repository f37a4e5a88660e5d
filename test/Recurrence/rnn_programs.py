"""The programs of the recurrence grid: what is crossed with what.

For each kind of cell a greedy covering array: any two values of its dimensions meet in a program.
"""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import functools
import itertools
import random
from collections.abc import Iterator
from dataclasses import dataclass

# Instruction sets of the target "cpu", all of which run every program.
CPUS = ("host", "x86-64-v3")
# Programs of one compilation.
PROGRAMS = 5
# Rows that are tried for each that is taken.
TRIES = 6
Row = dict[str, object]
Activation = tuple[str, float, float]

GATES = {"lstm": "iofc", "gru": "zrn"}
_ORDERS = {
    "lstm": ("iofc", "ifco", "ifoc", "fico", "ocfi", "cfio"),
    "gru": tuple(map("".join, itertools.permutations("zrn"))),
}
# (kind, alpha, beta) for each function of a cell; the second direction takes the next row.
ACTIVATIONS: dict[str, dict[str, list[Activation]]] = {
    "lstm": {
        "usual": [("sigmoid", 1, 0), ("tanh", 1, 0), ("tanh", 1, 0)],
        "hard": [("hard_sigmoid", 0.25, 0.4), ("elu", 0.7, 0), ("softsign", 1, 0)],
        "leaky": [("sigmoid", 1, 0), ("leaky_relu", 0.1, 0), ("scaled_tanh", 1.2, 0.7)],
        "sharp": [("hard_sigmoid", 0.2, 0.5), ("thresholded_relu", 0.3, 0), ("softplus", 1, 0)],
        "line": [("sigmoid", 1, 0), ("relu", 1, 0), ("affine", 0.8, 0.1)],
    },
    "gru": {
        "usual": [("sigmoid", 1, 0), ("tanh", 1, 0)],
        "hard": [("hard_sigmoid", 0.25, 0.4), ("softsign", 1, 0)],
        "leaky": [("sigmoid", 1, 0), ("leaky_relu", 0.1, 0)],
        "sharp": [("hard_sigmoid", 0.2, 0.5), ("elu", 0.7, 0)],
    },
    "rnn": {
        "usual": [("tanh", 1, 0)],
        "relu": [("relu", 1, 0)],
        "sigmoid": [("sigmoid", 1, 0)],
    },
}
# Input, hidden and projected width; 0 is known only at run time.
SIZES = ((5, 8, 3), (3, 17, 8), (1, 1, 1), (16, 64, 24), (8, 33, 16), (0, 0, 0))
_SHARED: dict[str, tuple[object, ...]] = {
    "lengths": ("none", "i32", "i64"),
    "resets": (False, True),
    "outputs": ("all", "y", "last", "finals"),
    "dtype": ("f32", "bf16", "f16", "f64"),
    "held": ("argument", "constant"),
    "sizes": SIZES,
    "batch": (0, 1, 4),
}
_NAMED: dict[str, tuple[object, ...]] = {
    **_SHARED,
    "direction": ("forward", "reverse", "concat", "sum"),
    "layers": (1, 2),
    "batch_major": (False, True),
    "bias": ("none", "one", "two"),
    "clip": (0.0, 0.5),
    "weights": ("same", "bf16", "f16", "f32"),
}
DIMENSIONS: dict[str, dict[str, tuple[object, ...]]] = {
    "lstm": {
        **_NAMED,
        "order": _ORDERS["lstm"],
        "activations": tuple(ACTIVATIONS["lstm"]),
        "initial": ("none", "h", "both"),
        "peephole": (False, True),
        "projection": (False, True),
        "coupled": (False, True),
    },
    "gru": {
        **_NAMED,
        "order": _ORDERS["gru"],
        "activations": tuple(ACTIVATIONS["gru"]),
        "initial": ("none", "h"),
        "reset": ("before", "after"),
        "keep": ("old", "new"),
    },
    "rnn": {
        **_NAMED,
        "activations": tuple(ACTIVATIONS["rnn"]),
        "initial": ("none", "h"),
        "weights": ("same", "bf16"),
    },
    "cell": {
        **_SHARED,
        "kind": ("hand_lstm", "ln_lstm", "augru", "mgu"),
        "direction": ("forward", "reverse"),
        "initial": ("none", "both"),
    },
}


@dataclass(frozen=True)
class Program:
    """One function; what does not apply to a kind keeps its default."""

    kind: str
    dtype: str
    sizes: tuple[int, int, int]
    lengths: str
    resets: bool
    outputs: str
    held: str
    direction: str
    initial: str
    # Rows of the batch; 0 is known only at run time, as the steps always are.
    batch: int = 0
    layers: int = 1
    batch_major: bool = False
    bias: str = "two"
    clip: float = 0.0
    weights: str = "same"
    order: str = ""
    activations: str = "usual"
    peephole: bool = False
    projection: bool = False
    coupled: bool = False
    reset: str = "after"
    keep: str = "old"

    def __str__(self) -> str:
        usual = Program.__dataclass_fields__
        parts = [f"{n}={v}" for n, v in vars(self).items() if v != usual[n].default]
        return " ".join(parts)

    @property
    def weight_type(self) -> str:
        return self.dtype if self.weights == "same" else self.weights

    @property
    def working(self) -> str:
        return "f64" if self.dtype == "f64" else "f32"

    @property
    def directions(self) -> int:
        return 2 if self.direction in ("concat", "sum") else 1

    @property
    def is_cell(self) -> bool:
        return self.kind in DIMENSIONS["cell"]["kind"]

    @property
    def has_c(self) -> bool:
        return self.kind.endswith("lstm")

    def functions(self, direction: int) -> list[Activation]:
        """The activation functions of a direction."""
        rows = list(ACTIVATIONS[self.kind])
        return ACTIVATIONS[self.kind][rows[(rows.index(self.activations) + direction) % len(rows)]]


def legal(row: Row) -> bool:
    if row.get("held") == "constant" and row.get("sizes") == (0, 0, 0):
        return False
    return row.get("weights") != row.get("dtype") or "dtype" not in row


def pairs_of(row: Row) -> Iterator[tuple[tuple[str, object], ...]]:
    """The pairs of values that a whole row has."""
    yield from itertools.combinations(row.items(), 2)


def wanted(kind: str) -> list[tuple[tuple[str, object], ...]]:
    """Every legal pair of values of a kind's dimensions."""
    dimensions = DIMENSIONS[kind]
    pairs = (
        ((one, a), (other, b))
        for one, other in itertools.combinations(dimensions, 2)
        for a, b in itertools.product(dimensions[one], dimensions[other])
    )
    return [pair for pair in pairs if legal(dict(pair))]


def _row(kind: str, missing: dict[object, None], rng: random.Random) -> Row:
    """A row that begins with a missing pair and takes what adds most."""
    row: Row = dict(next(iter(missing)))  # type: ignore[call-overload]
    names = [name for name in DIMENSIONS[kind] if name not in row]
    rng.shuffle(names)
    order = list(DIMENSIONS[kind])

    def gain(name: str, value: object) -> int:
        if not legal(row | {name: value}):
            return -1
        ends = ((pair, (name, value)) for pair in row.items())
        return sum(tuple(sorted(p, key=lambda e: order.index(e[0]))) in missing for p in ends)

    for name in names:
        values = list(DIMENSIONS[kind][name])
        rng.shuffle(values)
        row[name] = max(values, key=lambda value: gain(name, value))
    return {name: row[name] for name in order}


def _cover(kind: str) -> Iterator[Row]:
    rng = random.Random(2026)
    pairs = wanted(kind)
    rng.shuffle(pairs)
    missing: dict[object, None] = dict.fromkeys(pairs)
    while missing:
        made = [_row(kind, missing, rng) for _ in range(TRIES)]
        best = max(made, key=lambda row: sum(pair in missing for pair in pairs_of(row)))
        for pair in pairs_of(best):
            missing.pop(pair, None)
        yield best


@functools.cache
def programs() -> tuple[Program, ...]:
    """All programs of the grid; the kinds in turn, so that a sample has all of them."""
    made = [[Program(**({"kind": kind} | row)) for row in _cover(kind)] for kind in DIMENSIONS]
    turns = itertools.zip_longest(*made)
    return tuple(program for turn in turns for program in turn if program)


@dataclass(frozen=True)
class Group:
    """Numbers of the programs of one compilation, and its instruction set."""

    numbers: tuple[int, ...]
    cpu: str

    def __str__(self) -> str:
        return f"{self.cpu}_from_{self.numbers[0]}"


@functools.cache
def modules() -> tuple[Group, ...]:
    """What is compiled: every program for every instruction set."""
    numbers = range(len(programs()))
    starts = range(0, len(numbers), PROGRAMS)
    return tuple(Group(tuple(numbers[at : at + PROGRAMS]), cpu) for at in starts for cpu in CPUS)
