"""Runs cases of a crossing and says what is wrong with the results, in words."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from case_inputs import Case, canonical, inputs_of, laid_out, poisoned
from crossings import Crossing
from oracle import Answer, answer

Array = np.ndarray
Results = dict[str, Array]
Entry = Callable[..., Results]


def _beyond(name: str, got: Array, want: Array, bound: Array) -> tuple[str, float]:
    """What is further off than the bound, or nothing; and the largest part of the bound used."""
    if got.shape != want.shape:
        return f"{name} has shape {got.shape}, expected {want.shape}", 0.0
    if got.size == 0:
        return "", 0.0
    with np.errstate(invalid="ignore"):
        error = np.where(got == want, 0, np.abs(got.astype(want.dtype) - want))
    used = error / bound
    if np.all(used <= 1):
        return "", float(used.max())
    at = np.unravel_index(np.argmax(np.where(np.isnan(used), np.inf, used)), used.shape)
    place = ", ".join(map(str, at))
    return f"{name}[{place}] is {got[at]}, expected {want[at]} +- {bound[at]:.3g}", 0.0


def disagreement(crossing: Crossing, results: Results, want: Answer) -> tuple[str, float]:
    """Of results in the program's layout."""
    expected = {"out": (want.out, want.out_bound)}
    if crossing.has_lse:
        expected["lse"] = (want.lse, want.lse_bound)
    if crossing.has_max:
        expected["max"] = (want.max, want.max_bound)
    if list(results) != list(expected):
        return f"outputs {list(results)}", 0.0
    most = 0.0
    for name, (exact, bound) in expected.items():
        wrong, used = _beyond(name, canonical(crossing, name, results[name]), exact, bound)
        if wrong:
            return wrong, 0.0
        most = max(most, used)
    return "", most


def different_bits(one: Results, other: Results) -> str:
    """The name of a result whose bits are not the same in both."""
    for name, x in one.items():
        if x.tobytes() != other[name].tobytes():
            return name
    return ""


def leak(crossing: Crossing, clean: Results, bad: Results, reads: Array) -> str:
    """What is wrong with a run whose keys hold poison: rows [B, H, S] that read none of it must
    have the bits of the clean run."""
    for name in clean:
        x, y = (canonical(crossing, name, results[name])[~reads] for results in (clean, bad))
        if x.tobytes() != y.tobytes():
            return f"{name} has other bits in a row that excludes the keys with NaN or infinity"
    return ""


@dataclass
class Outcome:
    """What is wrong with a case, or nothing; the largest part of its bound that an error was;
    whether rows that exclude poison were compared; whether there are rows without a key."""

    wrong: str
    used: float = 0.0
    guarded: bool = False
    empty: bool = False


def run_alike(entries: Sequence[Entry], arguments: Results) -> tuple[Results, str]:
    """The results, and the name of one whose bits are not the same by all entries."""
    one, *others = (entry(**arguments) for entry in entries)
    return one, next(filter(None, (different_bits(one, other) for other in others)), "")


def check(entries: Sequence[Entry], case: Case, rounds_weights: bool = False) -> Outcome:
    """Runs a case by one thread, and by two where there is an entry for it, and again with poison
    in its keys."""
    crossing, given = case.crossing, inputs_of(case)
    want = answer(crossing, given, rounds_weights)
    one, name = run_alike(entries, laid_out(case, given))
    wrong, used = disagreement(crossing, one, want)
    if not wrong and name:
        wrong = f"{name} differs between one thread and two"
    empty = bool(np.any(~want.kept.any(axis=-1)))
    # -inf in a sum excludes nothing: NaN stays NaN.
    if wrong or crossing.mask == "bias":
        return Outcome(f"{case}: {wrong}" if wrong else "", used, empty=empty)
    bad, where = poisoned(case, given)
    shared = np.repeat(where, crossing.ratio, axis=1)[:, :, None, :]
    reads = np.any(want.kept & shared, axis=-1)
    bad_one, name = run_alike(entries, laid_out(case, bad))
    wrong = leak(crossing, one, bad_one, reads)
    if not wrong and name:
        wrong = f"{name} differs between one thread and two where keys hold NaN or infinity"
    guarded = bool(where.any() and not reads.all())
    return Outcome(f"{case}: {wrong}" if wrong else "", used, guarded, empty)
