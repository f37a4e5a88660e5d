"""The grid's check finds results of another convention, poison, and what a bound would hide."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

from dataclasses import replace

import fovea
import numpy as np
import pytest
from balls import Ball, activation
from build_tree import PROGRAM, require
from rnn_cases import NUMPY, Case, arguments, inputs_of
from rnn_grid import disagreement
from rnn_oracle import answer
from rnn_programs import Program
from rnn_text import entry

_USUAL = {"dtype": "f32", "sizes": (5, 8, 8), "lengths": "i64", "resets": True, "outputs": "all",
          "held": "argument", "direction": "reverse"}  # fmt: skip
LSTM = Program(kind="lstm", order="iofc", initial="both", peephole=True, clip=0.5, **_USUAL)
GRU = Program(kind="gru", order="zrn", initial="h", **_USUAL)
# What a compiler that mixes something up would compute instead.
OTHERS = [
    (LSTM, replace(LSTM, order="ifoc")),
    (LSTM, replace(LSTM, order="oifc")),
    (LSTM, replace(LSTM, clip=0.0)),
    (LSTM, replace(LSTM, peephole=False)),
    (LSTM, replace(LSTM, coupled=True)),
    (LSTM, replace(LSTM, direction="forward")),
    (LSTM, replace(LSTM, activations="hard")),
    (GRU, replace(GRU, order="rzn")),
    (GRU, replace(GRU, reset="before")),
    (GRU, replace(GRU, keep="new")),
]


def rounded(program: Program, balls: dict[str, Ball]) -> dict[str, np.ndarray]:
    """The exact values as results."""
    return {name: ball.value.astype(NUMPY[program.dtype]) for name, ball in balls.items()}


def case_of(program: Program) -> Case:
    return Case(program, 12300, 6, 4, "any")


@pytest.mark.parametrize("dtype", ["f32", "bf16"])
@pytest.mark.parametrize(("program", "other"), OTHERS, ids=lambda p: f"{p.kind}_{p.order}")
def test_another_convention_is_found(program: Program, other: Program, dtype: str) -> None:
    program, other = replace(program, dtype=dtype), replace(other, dtype=dtype)
    given = inputs_of(case_of(program))
    want = answer(program, given)
    assert disagreement(rounded(program, want), want)[0] == ""
    assert disagreement(rounded(program, answer(other, given)), want)[0]


@pytest.mark.parametrize("missing", ["lengths", "resets", "h0", "b0"])
def test_an_operand_that_is_not_read_is_found(missing: str) -> None:
    given = inputs_of(case_of(GRU))
    without = {name: values for name, values in given.items() if name != missing}
    assert disagreement(rounded(GRU, answer(GRU, without)), answer(GRU, given))[0]


def test_nan_and_other_shapes_are_found() -> None:
    want = answer(GRU, inputs_of(case_of(GRU)))
    results = rounded(GRU, want)
    results["y"][0, 0, 0] = np.nan
    assert "is nan" in disagreement(results, want)[0]
    assert "has shape" in disagreement(results | {"y": results["y"][:-1]}, want)[0]
    assert "outputs" in disagreement({"y": results["y"]}, want)[0]


def test_a_ball_holds_what_a_narrow_computation_gives() -> None:
    """The same formula in float32, of numpy."""
    rng = np.random.default_rng(5)
    x, w = rng.uniform(-1, 1, (4, 9)).astype(np.float32), rng.uniform(-1, 1, (7, 9))
    w = w.astype(np.float32)
    ball = activation(Ball.exact(x, "f32").times(Ball.exact(w, "f32")), "tanh", 1, 0)
    error = np.abs(np.tanh(x @ w.T).astype(np.float64) - ball.value)
    assert np.all(error <= ball.error)
    assert np.all(ball.error < 1e-5)


def test_a_length_beyond_the_steps_stops_the_run() -> None:
    require(PROGRAM, "./dev build")
    program = replace(GRU, direction="forward")
    given = inputs_of(case_of(program))
    given["lengths"][2] = 7
    module = fovea.compile(entry(program, "main", {}), threads=1)
    with pytest.raises(fovea.FoveaError, match=r"length 7 is out of range \[0, 6\]"):
        module(**arguments(case_of(program), given))
