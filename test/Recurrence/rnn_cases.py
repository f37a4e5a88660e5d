"""Seeded cases of a program: numbers of steps and rows, values, and poison that no result may read.

Poison is NaN behind a row's end in every sequence, and in the initial state of a row that a flag
clears in front of its first step.
"""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import ml_dtypes
import numpy as np
from rnn_operands import extent, is_constant, operands
from rnn_programs import Program

Array = np.ndarray
NUMPY = {
    "f32": np.dtype(np.float32), "f16": np.dtype(np.float16),
    "f64": np.dtype(np.float64), "bf16": np.dtype(ml_dtypes.bfloat16), "i1": np.dtype(np.bool_),
    "i32": np.dtype(np.int32), "i64": np.dtype(np.int64),
}  # fmt: skip
STEPS = (3, 1, 5, 0, 7, 2, 4, 9)
BATCH = (2, 1, 5, 3, 8, 0, 17, 4)
# Lengths of rows: all of the steps, none, and any.
PATTERNS = ("any", "any", "any", "full", "none", "any", "any", "full")


@dataclass(frozen=True)
class Case:
    """One run; `number` seeds its values."""

    program: Program
    number: int
    steps: int
    batch: int
    pattern: str

    def __str__(self) -> str:
        return f"{self.program}: T={self.steps} B={self.batch} {self.pattern} seed={self.number}"


def cases_of(program: Program, number: int, count: int) -> list[Case]:
    """`count` cases of program `number`; a case of T 0 has no last step."""
    cases = []
    for index in range(count):
        place = number + index
        steps = STEPS[place % len(STEPS)]
        if program.outputs == "last":
            steps = max(steps, 1)
        batch = program.batch or BATCH[(place + number // len(STEPS)) % len(BATCH)]
        pattern = PATTERNS[(place // 2) % len(PATTERNS)]
        cases.append(Case(program, number * 100 + index, steps, batch, pattern))
    return cases


def _values(program: Program, name: str, shape: tuple[int, ...], seed: int) -> Array:
    """Weights are small enough for errors not to grow, and large enough for gates to move."""
    rng = np.random.default_rng([seed, zlib.crc32(name.encode())])
    if name.startswith(("w", "r", "q")):
        return rng.uniform(-1, 1, shape) * 1.2 / np.sqrt(shape[-1])
    if name.startswith("n"):
        return rng.uniform(0.5, 1.5, shape)
    if name == "a":
        return rng.uniform(0, 1, shape)
    values = rng.uniform(-1, 1, shape)
    if name.startswith("b") and program.bias == "one" and not program.is_cell:
        values[:, shape[1] // 2 :] = 0
    return values


def constants(program: Program, number: int) -> dict[str, Array]:
    """The weights that are part of the module."""
    return {
        name: _values(program, name, shape, number).astype(NUMPY[operand.element])
        for name, operand in operands(program).items()
        if is_constant(program, operand)
        for shape in [tuple(extent(program, dim, 0, 0) for dim in operand.dims)]
    }


def write_constants(program: Program, number: int, folder: Path) -> dict[str, str]:
    """Files of raw bytes in `folder` by the names of operands."""
    files = {}
    for name, values in constants(program, number).items():
        files[name] = f"{number}_{name}.bin"
        (folder / files[name]).write_bytes(values.tobytes())
    return files


def _lengths(case: Case, rng: np.random.Generator) -> Array:
    match case.pattern:
        case "full":
            return np.full(case.batch, case.steps)
        case "none":
            return np.zeros(case.batch, int)
    return rng.integers(0, case.steps + 1, case.batch)


def inputs_of(case: Case) -> dict[str, Array]:
    """All operands by name, poison included."""
    program, given = case.program, {}
    rng = np.random.default_rng([case.number, 1])
    lengths, flags = _lengths(case, rng), rng.random((case.steps, case.batch)) < 0.3
    first = np.zeros(case.batch, int)
    if program.direction == "reverse":
        first = (lengths if "lengths" in operands(program) else np.full(case.batch, case.steps)) - 1
    fixed = constants(program, case.number // 100)
    for name, operand in operands(program).items():
        shape = tuple(extent(program, dim, case.steps, case.batch) for dim in operand.dims)
        match name:
            case "lengths":
                values = lengths
            case "resets":
                values = flags.T if program.batch_major else flags
            case _:
                values = fixed.get(name)
                if values is None:
                    values = _values(program, name, shape, case.number)
        given[name] = values.astype(NUMPY[operand.element])
    _poison(case, given, flags, first)
    return given


def _poison(case: Case, given: dict[str, Array], flags: Array, first: Array) -> None:
    program = case.program
    ended = np.zeros((case.steps, case.batch), bool)
    if "lengths" in given:
        ended = np.arange(case.steps)[:, None] >= given["lengths"]
    for name in ("x", "a"):
        if name in given:
            given[name][ended.T if program.batch_major and name == "x" else ended] = np.nan
    runs = (given.get("lengths", np.full(case.batch, case.steps)) > 0) & (case.steps > 0)
    if not program.resets or not runs.any() or program.directions == 2:
        return
    rows = np.flatnonzero(runs & flags[np.clip(first, 0, None), np.arange(case.batch)])
    for name in given:
        if name[0] in "hc":
            axis = given[name].ndim - 2 if not program.batch_major else 0
            np.moveaxis(given[name], axis, 0)[rows] = np.nan


def arguments(case: Case, given: Mapping[str, Array]) -> dict[str, Array]:
    """What the entry is called with."""
    declared = operands(case.program)
    return {n: v for n, v in given.items() if not is_constant(case.program, declared[n])}
