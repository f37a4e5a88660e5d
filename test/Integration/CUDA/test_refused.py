"""The list of refused tests, and what counts samples, fail where they must."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import re

import expectations
import fovea
import pytest
from build_tree import NOT_YET
from emulated_device import LIST, Refusal, listed, replace_target
from grid_sample import Sample
from rnn_grid import Tally

FAILURE = pytest.fail.Exception


def test_a_refusal_that_is_not_listed_fails() -> None:
    refusal = Refusal("cases test_it", expected=False)
    with pytest.raises(FAILURE, match="not in refused.txt: cases test_it"):
        refusal.skip()


def test_a_listed_test_that_is_not_refused_fails() -> None:
    refusal = Refusal("cases test_it", expected=True)
    with pytest.raises(FAILURE, match="no longer refused"):
        refusal.close()
    with pytest.raises(pytest.skip.Exception, match=NOT_YET):
        refusal.skip()
    refusal.close()


@pytest.mark.parametrize(("code", "ends"), [(NOT_YET, pytest.skip.Exception),
                                            ("FV0405", fovea.FoveaError)])  # fmt: skip
def test_one_error_of_the_compiler_is_a_refusal(
    monkeypatch: pytest.MonkeyPatch, code: str, ends: type[BaseException]
) -> None:
    def compile_nothing(*_: object, **__: object) -> None:
        raise fovea.FoveaError("refused", code=code)

    monkeypatch.setattr(fovea, "compile", compile_nothing)
    replace_target(monkeypatch, Refusal("cases test_it", expected=True))
    with pytest.raises(ends):
        fovea.compile("model.mlir")


def test_lines_about_nodes_are_of_cases_that_pass_on_the_cpu() -> None:
    outcomes = expectations.parse(expectations.LIST.read_text())
    names = [f"nodes [{name}-{form}]" for (name, form), words in outcomes.items()
             if words == "pass"]  # fmt: skip
    lines = [line for line in LIST.read_text().splitlines() if line.startswith("nodes")]

    def stray(lines: list[str]) -> list[str]:
        return [line for line in lines if not any(re.fullmatch(line, name) for name in names)]

    assert not stray(lines)
    made = [r"nodes \[test_abs-static\]", r"nodes \[test_no_such_case-static\]"]
    assert stray(made) == made[1:]
    assert not listed().fullmatch("nodes [test_abs-static]")


@pytest.mark.parametrize(("modules", "cases", "used"), [(2, 20, 0.2), (3, 29, 0.2), (3, 30, 0.05)])
def test_samples_of_which_too_little_ran_fail(modules: int, cases: int, used: float) -> None:
    tally = Tally(modules=modules, cases=cases, used={"f32": used})
    sample = Sample(range(4), tuple, None, tally, 10, seen={0, 1, 2, 3})  # type: ignore[arg-type]
    with pytest.raises(AssertionError):
        sample.check_counts(refused=1, least=30)
        sample.check_bounds({"f32": 0.1})


def test_a_whole_sample_passes_and_a_part_is_skipped() -> None:
    tally = Tally(modules=3, cases=30, used={"f32": 0.2})
    sample = Sample(range(4), tuple, None, tally, 10, seen={0, 1, 2, 3})  # type: ignore[arg-type]
    sample.check_counts(refused=1, least=30)
    sample.check_bounds({"f32": 0.1})
    sample.seen.remove(2)
    with pytest.raises(pytest.skip.Exception):
        sample.check_counts(refused=1, least=30)
