"""The CPU's integration cases of loops by kernels of a GPU, under the emulator.

Programs, inputs, results and bounds are those of test/Integration/CPU; what is left out there is
about forms that a processor has, and about its threads.
"""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

from pathlib import Path

import fovea
import numpy as np
import pytest
import test_greedy_loop as greedy
import test_loops_beside as beside
import test_wavefronts as wavefronts
import test_weights_of_the_run as weights_of_the_run
import test_while_loops as while_loops
from build_tree import ALL
from fovea.compiler import compile as compile_for_host

# Of many steps, which takes minutes.
LAYERS = wavefronts.SIZES if ALL else [(2, 11, 1, 64), (3, 7, 3, 40)]


@pytest.mark.parametrize("name", greedy.CELLS)
def test_greedy(name: str, tmp_path: Path) -> None:
    arrays = greedy.weights(name, seed=2)
    greedy.check([fovea.compile(greedy.write(tmp_path, name, arrays, greedy.MOST))], name, arrays)


def test_greedy_without_a_bound(tmp_path: Path) -> None:
    arrays = greedy.weights("gru", seed=2)
    greedy.check_marks(fovea.compile(greedy.write(tmp_path, "gru", arrays, None)), arrays)


@pytest.mark.parametrize("y", [True, False] if ALL else [True])
@pytest.mark.parametrize("cell", beside.STATES)
@pytest.mark.parametrize("h, t, b", beside.SIZES)
def test_directions(cell: str, h: int, t: int, b: int, y: bool, tmp_path: Path) -> None:
    beside.check_directions(cell, h, t, b, y, tmp_path, threads=(1,))


def test_independent_recurrences() -> None:
    text, feed = beside.independent()
    got = fovea.compile(text)(**feed)
    for name, value in compile_for_host(text)(**feed).items():
        np.testing.assert_allclose(got[name], value, rtol=0, atol=1e-5)


@pytest.mark.parametrize("cell", wavefronts.GATES)
@pytest.mark.parametrize("every", [True, False])
@pytest.mark.parametrize("layers, t, b, h", LAYERS)
def test_layers(
    cell: str, layers: int, t: int, b: int, h: int, every: bool, tmp_path: Path
) -> None:
    wavefronts.check_layers(cell, layers, t, b, h, every, tmp_path, threads=(1,))


@pytest.mark.parametrize("b, h", weights_of_the_run.SIZES)
def test_weights_that_are_inputs(b: int, h: int, tmp_path: Path) -> None:
    weights_of_the_run.check(b, h, tmp_path, threads=(1,))


@pytest.mark.parametrize("bound", while_loops.BOUNDS.values(), ids=while_loops.BOUNDS)
def test_bound(bound: tuple[str, int]) -> None:
    while_loops.check_bound(bound)


test_bound_alone = while_loops.test_loop_with_a_bound_alone_is_counted


def test_no_bound() -> None:
    while_loops.check_no_bound()


def test_inner() -> None:
    while_loops.check_inner()


def test_backwards() -> None:
    while_loops.check_backwards()


def test_requirement() -> None:
    while_loops.check_requirement()
