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
    order = ["bhi".index(dim) for dim in dims.replace("e", "")]
    if crossing.has_lse:
        results["lse"] = want.lse.transpose(order).astype(NUMPY[crossing.working])
    if crossing.has_max:
        results["max"] = want.max.transpose(order).astype(NUMPY[crossing.working])
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
    case_of(mask="lengths", normalizer="lse_max", layout="sbhd"),
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
    ({"normalizer": "prob_lse"}, {"normalizer": "lse_max"}),
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
    lse = case_of(normalizer="prob_lse")
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
    case = Case(Crossing(mask="offset", normalizer="lse_max"), 5, 1, 9, 4, "plain", False)
    given = inputs_of(case) | {"at": np.array(-3, np.int64)}
    want = answer(case.crossing, given)
    assert np.all(want.out[:, :, :3] == 0) and np.all(want.lse[:, :, :3] == -np.inf)
    assert np.all(np.isfinite(want.lse[:, :, 3:]))
    assert np.all(want.lse_bound > 0)
    np.testing.assert_array_equal(want.max[:, :, :3], -np.inf)
    assert np.all(want.max[:, :, 3:] <= want.lse[:, :, 3:])


@pytest.mark.parametrize("mask", ["none", "causal", "offset", "window", "prefix", "documents"])
def test_packed_sequences_are_attended_to_each_by_itself(mask: str) -> None:
    crossing = Crossing(mask=mask, score="alibi", normalizer="lse_max", layout="sequences")
    given = inputs_of(Case(crossing, 5, 1, 40, 90, "plain", False))
    want = answer(crossing, given)
    queries, keys = given["q_starts"], given["k_starts"]
    assert len(queries) > 3
    for n in range(len(queries) - 1):
        rows, columns = slice(*queries[n : n + 2]), slice(*keys[n : n + 2])
        own = given | {"q": given["q"][:, :, rows]}
        own |= {name: given[name][:, :, columns] for name in "kv"}
        if mask == "offset":
            own["at"] = given["at"] + own["k"].shape[2] - own["q"].shape[2]
        if mask == "documents":
            own |= {"own": given["own"][:, rows], "ids": given["ids"][n : n + 1]}
            own["ids"] = own["ids"][:, : own["k"].shape[2]]
        alone = answer(dataclasses.replace(crossing, layout="bhsd"), own)
        for name in ("out", "lse", "max"):
            got = getattr(want, name)[:, :, rows]
            np.testing.assert_allclose(got, getattr(alone, name), rtol=1e-12, atol=1e-12)
