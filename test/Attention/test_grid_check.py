"""The grid's checker passes the oracle's own results and finds each kind of wrong one."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np
import pytest
from case_inputs import NUMPY, Case, canonical, inputs_of, poisoned
from crossings import Crossing
from grid_check import check
from oracle import Answer, answer
from program_text import LAYOUTS

Array = np.ndarray
Results = dict[str, Array]


def case_of(**values: object) -> Case:
    return Case(Crossing(**values), 43, 2, 17, 33, "plain", False)  # type: ignore[arg-type]


def arranged(crossing: Crossing, want: Answer) -> Results:
    """An answer in the type and layout of a program's results."""
    dims = LAYOUTS[crossing.layout][3]
    out = want.out.transpose(["bhie".index(dim) for dim in dims])
    results = {"out": out.astype(NUMPY[crossing.dtype])}
    if crossing.has_lse:
        lse = want.lse.transpose(["bhi".index(dim) for dim in dims.replace("e", "")])
        results["lse"] = lse.astype(NUMPY[crossing.working])
    return results


def said(case: Case, *runs: Callable[[Results], Results]) -> str:
    """What the checker says when run after run (one thread, two threads, then both with poison)
    gives the oracle's results as changed; those that are not given are right."""
    changes = iter(runs)

    def entry(**_: Array) -> Results:
        change = next(changes, lambda results: results)
        return change(arranged(case.crossing, answer(case.crossing, inputs_of(case))))

    return check((entry, entry), case).wrong


def moved(by: float) -> Callable[[Results], Results]:
    """Moves the first element of out."""

    def change(results: Results) -> Results:
        results["out"].flat[0] += by
        return results

    return change


EVERY = [
    case_of(),
    case_of(mask="lengths", normalizer="lse", layout="sbhd"),
    case_of(mask="window", normalizer="prob_lse", layout="channels_first", dtype="f16"),
    case_of(mask="bias", normalizer="sink", layout="bshd", dtype="bf16", group="4"),
]


@pytest.mark.parametrize("case", EVERY, ids=str)
def test_right_results_pass(case: Case) -> None:
    assert said(case) == ""


# The crossing of the case, and what the wrong result forgets of it.
FORGOTTEN = [
    ({"mask": mask}, {"mask": "none"})
    for mask in ("causal", "offset", "window", "prefix", "documents", "lengths", "bool", "bias")
] + [
    ({"score": "softcap"}, {"score": "scale"}),
    ({"score": "alibi"}, {"score": "scale"}),
    ({"score": "relative"}, {"score": "scale"}),
    ({"score": "scale"}, {"score": "none"}),
    ({"normalizer": "prob"}, {"normalizer": "softmax"}),
    ({"normalizer": "sink"}, {"normalizer": "softmax"}),
    ({"normalizer": "prob_lse"}, {"normalizer": "lse"}),
]


@pytest.mark.parametrize("dtype", ["f32", "bf16", "f16", "f64"])
@pytest.mark.parametrize(("values", "without"), FORGOTTEN, ids=str)
def test_a_result_that_forgets_something_fails(
    values: dict[str, str], without: dict[str, str], dtype: str
) -> None:
    case = case_of(**values, dtype=dtype)
    wrong = answer(dataclasses.replace(case.crossing, **without), inputs_of(case))
    result = arranged(case.crossing, wrong)
    assert "expected" in said(case, lambda _: result, lambda _: result)


@pytest.mark.parametrize("change", [moved(1e-4), moved(np.nan), moved(np.inf)])
def test_one_wrong_element_fails(change: Callable[[Results], Results]) -> None:
    assert "out[0, 0, 0, 0] is" in said(case_of(), change, change)


def test_results_of_another_shape_or_number_fail() -> None:
    def shorter(results: Results) -> Results:
        return {"out": results["out"][:, :, 1:]}

    assert "has shape" in said(case_of(), shorter, shorter)
    lse = case_of(normalizer="lse")
    assert "outputs ['out']" in said(lse, lambda results: {"out": results["out"]})


def test_threads_that_disagree_fail() -> None:
    assert "between one thread and two" in said(case_of(), moved(0), moved(1e-7))
    late = said(case_of(mask="causal"), moved(0), moved(0), moved(0), moved(1e-7))
    assert "where keys hold NaN" in late or "other bits" in late


def test_poison_that_leaks_fails() -> None:
    """The first batch row keeps no key, so that its rows read no poison."""
    case = case_of(mask="lengths")

    def leaking(results: Results) -> Results:
        want = answer(case.crossing, inputs_of(case))
        _, where = poisoned(case, inputs_of(case))
        reads = np.any(want.kept & where[:, :, None, :], axis=-1)
        out = canonical(case.crossing, "out", results["out"])
        assert not reads.all()
        out[np.where(~reads)[0][0], 0, np.where(~reads)[2][0]] += 1e-7
        return results

    ordinary = moved(0)
    assert "other bits in a row" in said(case, ordinary, ordinary, leaking, leaking)


def test_an_empty_row_is_zero_and_its_logarithm_minus_infinity() -> None:
    case = Case(Crossing(mask="offset", normalizer="lse"), 5, 1, 9, 4, "plain", False)
    given = inputs_of(case) | {"at": np.array(-3, np.int64)}
    want = answer(case.crossing, given)
    assert np.all(want.out[:, :, :3] == 0) and np.all(want.lse[:, :, :3] == -np.inf)
    assert np.all(np.isfinite(want.lse[:, :, 3:]))
    assert np.all(want.lse_bound > 0)
