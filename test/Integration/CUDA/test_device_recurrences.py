"""The recurrence grid by kernels of a GPU, under the emulator: a sample of its programs, or all.

Results, bounds and poison are checked as in test/Recurrence.
"""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import pytest
import test_onnxruntime
import test_weight_layouts
from build_tree import ALL, PROGRAM, require
from grid_sample import Sample
from rnn_grid import CASES, Tally, run_module
from rnn_programs import Group, programs

require(PROGRAM, "./dev build")
# Kinds take turns, so that the first programs have all of them.
NUMBERS = range(len(programs()) if ALL else 75)
SAMPLE = Sample(NUMBERS, Group, run_module, Tally(), CASES)


@pytest.mark.parametrize("number", NUMBERS)
def test_agrees_with_float64(number: int) -> None:
    SAMPLE.check(number)


def test_all_cases_ran_many_with_poison() -> None:
    SAMPLE.check_counts(refused=0, least=600)
    assert SAMPLE.tally.guarded > SAMPLE.tally.cases / 4


def test_sequences_are_one_launch() -> None:
    """But one in fifty: blocks of two sizes wait for themselves, or need more memory than a
    block may have."""
    loops = SAMPLE.require_whole().loops
    taken = loops["resident_grid"]
    assert taken >= len(NUMBERS)
    assert loops.total() - taken <= taken // 50


def test_bounds_are_near_what_errors_are() -> None:
    SAMPLE.check_bounds({"f32": 0.05, "f64": 0.02, "f16": 0.3, "bf16": 0.3})


# Operators of ONNX against onnxruntime, and weights in the layouts of torch and Keras.
test_operators = test_onnxruntime.test_import_agrees_with_onnxruntime
test_torch_layout = test_weight_layouts.test_torch_layout
test_keras_layout = test_weight_layouts.test_keras_layout
