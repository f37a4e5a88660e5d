"""The onnx package's cases by kernels of a GPU, under the emulator.

Each must have the outcome that test/Onnx lists for the CPU. Without --all: attention, recurrences,
products, normalizations, softmax and lookups, and a sample of the others.
"""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import json
import random
import re
import subprocess
import sys
from pathlib import Path

import expectations
import pytest
from build_tree import ALL, NOT_YET, PROGRAM, require
from emulated_device import TARGET, Refusal
from outcome import Outcome

require(PROGRAM, "./dev build")
LISTED = expectations.parse(expectations.LIST.read_text())
ALWAYS = re.compile("attention|lstm|gru|rnn|softmax|matmul|gemm|gather|norm")
# Of the other cases, one of so many.
OTHERS = 8
# Results that were compared; the others may be refused.
LEAST_PASSED = 1000
PASSED: set[expectations.Key] = set()


def chosen() -> list[str]:
    """Names of cases that pass on the CPU, in one form at least."""
    names = sorted({name for (name, _), words in LISTED.items() if words == "pass"})
    others = [name for name in names if not ALWAYS.search(name)]
    few = set(random.Random(3).sample(others, len(others) // OTHERS))
    return [name for name in names if ALL or ALWAYS.search(name) or name in few]


KEYS = [(name, form) for name in chosen() for form in expectations.FORMS]


@pytest.fixture(scope="session")
def device_outcomes(
    tmp_path_factory: pytest.TempPathFactory,
) -> dict[expectations.Key, Outcome]:
    """What becomes of each case; all of them are run before the first test, by a process that has
    not used the compiler when it forks."""
    file = tmp_path_factory.mktemp("outcomes") / "outcomes.json"
    program = Path(expectations.__file__).with_name("run.py")
    command = [sys.executable, program, "--json", file, "--target", TARGET, *chosen()]
    subprocess.run(command, check=False, stdout=subprocess.DEVNULL)
    records = json.loads(file.read_text())
    return {(name, form): Outcome(words, text) for name, form, words, text in records}


@pytest.mark.parametrize("key", KEYS, ids=[f"{name}-{form}" for name, form in KEYS])
def test_outcome_is_that_of_the_cpu(
    key: expectations.Key,
    device_outcomes: dict[expectations.Key, Outcome],
    refusal: Refusal,
) -> None:
    found = device_outcomes[key]
    if found.words == f"refused {NOT_YET}":
        refusal.skip()
    assert found.words == LISTED[key], found.text
    if found.words == "pass":
        PASSED.add(key)


def test_enough_results_were_compared(request: pytest.FixtureRequest) -> None:
    taken = [item for item in request.session.items if item.fspath == request.path]
    if len(taken) < len(KEYS):
        pytest.skip("some of the sample was deselected")
    assert len(PASSED) >= LEAST_PASSED
