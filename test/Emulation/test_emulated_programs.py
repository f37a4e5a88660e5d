"""Random programs on AArch64: norms, recurrences, elementwise operations and products.

Programs and inputs are of test/Fuzz, and the tolerance is that of `fovea verify`, which this
machine's code passes, too: results are compared with the reference target's.
"""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path

import emulator
import numpy as np
import program_ops as ops
import pytest
from build_tree import ALL, fovea, sound
from case_inputs import NUMPY
from program import Input, Program, Value

SALT = 5
STARTS: list[Callable[[Program], list[Value]]] = [
    ops.recurrence, ops.norm, ops.elementwise, ops.contract,
]  # fmt: skip
COUNT = 200 if ALL else 32

emulator.shared()


def make(number: int) -> tuple[str, list[Input], dict[str, int]]:
    """Module, inputs and sizes; each kind begins every fourth program, another follows."""
    rng = random.Random(f"{SALT}/emulated/{number}")
    program = Program(rng)
    results = STARTS[number % len(STARTS)](program)
    results += rng.choice([ops.elementwise, ops.norm])(program, rng.choice(results))
    return program.text(results), program.inputs, program.used_sizes()


def value_of(given: Input, number: int) -> np.ndarray:
    rng = np.random.default_rng([number, int(given.name[1:])])
    kind, *limits = given.spec.split(":")
    if kind == "randint":
        return rng.integers(int(limits[0]), int(limits[1]), given.shape).astype(NUMPY[given.dtype])
    assert kind == "randn"
    return rng.standard_normal(given.shape).astype(NUMPY[given.dtype])


def wrong(got: np.ndarray, want: np.ndarray, tolerance: float) -> str:
    """What differs beyond the tolerance, or nothing."""
    if got.shape != want.shape:
        return f"shape {got.shape}, expected {want.shape}"
    a, b = got.astype(np.float64), want.astype(np.float64)
    if not np.array_equal(np.isnan(a), np.isnan(b)):
        return "NaN at other places"
    with np.errstate(invalid="ignore"):
        errors = np.where((a == b) | np.isnan(a), 0, np.abs(a - b))
    most = errors.max(initial=0)
    return "" if most <= tolerance else f"off by {most:.3g}, allowed is {tolerance:.3g}"


@pytest.mark.parametrize("number", range(COUNT))
def test_program(tmp_path: Path, number: int) -> None:
    text, inputs, sizes = make(number)
    (tmp_path / "program.mlir").write_text(text)
    values = {given.name: value_of(given, number) for given in inputs}
    for name, x in values.items():
        np.save(tmp_path / f"{name}.npy", x)
    options = [f"--input={name}=@{name}.npy" for name in values]
    verdict = sound(fovea(tmp_path, "verify", "program.mlir", "--json", *options))
    sound(fovea(tmp_path, "run", "program.mlir", "--target=reference", "--out=want.npz", *options))
    with emulator.loaded(text) as (entries,):
        got = next(iter(entries.values()))(**values)
    with np.load(tmp_path / "want.npz") as want:
        for output in json.loads(verdict.stdout)["outputs"]:
            name, expected = output["name"], want[output["name"]]
            if expected.dtype.kind == "V":
                expected = expected.view(NUMPY["bf16"])
            assert wrong(got[name], expected, output["tolerance"]) == "", name


def test_wrong_results_are_found() -> None:
    x = np.arange(6.0).reshape(2, 3)
    with_nan = np.where(x == 2, np.nan, x)
    assert wrong(x, x, 0) == wrong(with_nan, with_nan, 0) == ""
    assert wrong(x + 1e-4, x, 1e-3) == ""
    for got in (x.T, x + 1e-2, with_nan, np.full_like(x, np.inf)):
        assert wrong(got, x, 1e-3)
