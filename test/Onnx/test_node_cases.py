"""Every case of the onnx package must have exactly the outcome that expected.txt lists.

A case that is listed as something else than `pass`, and does just that, is reported as skipped with
its outcome as the reason: it is counted, and not mistaken for a result that was compared.
"""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import expectations
import pytest
from node_cases import collect
from outcome import Outcome
from run import find_outcomes

LISTED = expectations.parse(expectations.LIST.read_text())
CASES = collect()
KEYS = sorted({(name, form) for name in CASES for form in expectations.FORMS} | set(LISTED))


@pytest.fixture(scope="session")
def outcomes() -> dict[expectations.Key, Outcome]:
    """What becomes of each case, by name and form; all of them are run before the first test."""
    found = {key: outcome for key, outcome, _ in find_outcomes(CASES)}
    print(expectations.summary({key: outcome.words for key, outcome in found.items()}))
    return found


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
