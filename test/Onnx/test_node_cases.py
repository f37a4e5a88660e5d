"""Every case of the onnx package must have exactly the outcome that expected.txt lists.

A case that is listed as something else than `pass`, and does just that, is reported as skipped with
its outcome as the reason: it is counted, and not mistaken for a result that was compared.
"""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import expectations
import pytest
from node_cases import collect
from outcome import Outcome

LISTED = expectations.parse(expectations.LIST.read_text())
CASES = collect()
KEYS = sorted({(name, form) for name in CASES for form in expectations.FORMS} | set(LISTED))


@pytest.fixture(scope="session")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[expectations.Key, Outcome]:
    """What becomes of each case, by name and form; all of them are run before the first test.

    In a process of their own: workers that are forked where other tests have used the compiler
    would inherit its locks.
    """
    file = tmp_path_factory.mktemp("outcomes") / "outcomes.json"
    program = Path(expectations.__file__).with_name("run.py")
    subprocess.run([sys.executable, program, "--json", file], check=False)
    records = json.loads(file.read_text())
    return {(name, form): Outcome(words, text) for name, form, words, text in records}


@pytest.mark.parametrize("key", KEYS, ids=[f"{name}-{form}" for name, form in KEYS])
def test_outcome_is_the_listed_one(
    key: expectations.Key, outcomes: dict[expectations.Key, Outcome]
) -> None:
    found, listed = outcomes.get(key), LISTED.get(key)
    why = expectations.disagreement(listed, found.words if found else None)
    assert not why, f"{why}\n{found.text if found else ''}"
    if listed != "pass":
        pytest.skip(f"as listed: {listed}")


def test_nothing_wrong_is_listed() -> None:
    """A wrong result, a crash or a fault of Fovea's own may not become an expectation."""
    never = ("wrong", "failed", "crash", "timeout")
    assert [key for key, words in LISTED.items() if words.startswith(never)] == []


def test_list_is_as_update_writes_it() -> None:
    assert expectations.LIST.read_text() == expectations.render(LISTED)
