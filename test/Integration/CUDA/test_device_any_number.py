"""One module for a prompt and for the steps behind it, by kernels of a GPU under the emulator.

The run chooses a form by the number of queries. Results are compared with float64, and with the
bits of a module that knows the number where that has the same form.
"""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

from dataclasses import dataclass, replace

import fovea
import pytest
from build_tree import PROGRAM, require
from case_inputs import Case, inputs_of, laid_out
from crossings import Crossing
from grid_check import check
from program_text import entry

require(PROGRAM, "./dev build")

DECODES, DECODE_TILES = "decode_attention", "decode_tiles"
TILES, WARPS, ROWS = "tile_attention", "warp_attention", "row_attention"
QUERIES = (0, 1, 3, 16, 17, 40)
# Enough for several parts, fewer than one has, none.
KEYS = (600, 37, 0)


@dataclass(frozen=True)
class AnyNumber:
    """A program of any number of queries; its forms by what the ledger says of numbers."""

    crossing: Crossing
    forms: dict[str, str]

    def __str__(self) -> str:
        return str(self.crossing)


def some(form: str, many: str) -> dict[str, str]:
    """Of heads that have keys of their own."""
    return {"1 query": form, "up to 16 queries": form, "more than 16 queries": many}


def grouped(form: str, many: str) -> dict[str, str]:
    """Of four heads that share keys, four queries of which are sixteen of one head."""
    return {"up to 4 queries": form, **some(form, many)}


PROGRAMS = [
    AnyNumber(Crossing(dtype="bf16", heads=(64, 64), group="4", mask="offset"),
              grouped(DECODE_TILES, TILES)),
    AnyNumber(Crossing(dtype="f16", heads=(64, 64), normalizer="lse_max", layout="bshd"),
              some(DECODE_TILES, TILES)),
    AnyNumber(Crossing(dtype="bf16", heads=(64, 64), layout="pages", mask="lengths", group="4"),
              grouped(DECODE_TILES, TILES)),
    AnyNumber(Crossing(dtype="f32", heads=(64, 64), group="4", normalizer="lse_max", mask="causal"),
              grouped(DECODES, WARPS)),
    AnyNumber(Crossing(dtype="f32", heads=(20, 20), score="alibi", mask="window"),
              {"1 query": DECODES, "up to 16 queries": DECODES, "more than 16 queries": WARPS}),
    AnyNumber(Crossing(dtype="bf16", heads=(33, 80), mask="prefix", normalizer="lse_max"),
              some(WARPS, WARPS)),
    AnyNumber(Crossing(dtype="f32", heads=(64, 64), layout="pages", mask="lengths", group="4"),
              grouped(DECODES, WARPS)),
    AnyNumber(Crossing(dtype="f32", heads=(8, 1040)), some(ROWS, ROWS)),
    AnyNumber(Crossing(dtype="bf16", heads=(64, 64), mask="bool"),
              {"1 query": DECODE_TILES, "any other number of queries": TILES}),
]  # fmt: skip


def records_of(module: fovea.Module) -> list[dict]:
    return [record for record in module.ledger["kernels"] if record["op"] == "fovea.attention"]


def case_of(crossing: Crossing, queries: int, keys: int) -> Case:
    keys -= keys % crossing.page if crossing.layout == "pages" else 0
    return Case(crossing, queries * 1000 + keys, 1, queries, keys, "plain", False)


@pytest.mark.parametrize("program", PROGRAMS, ids=str)
def test_every_number_agrees_with_float64(program: AnyNumber) -> None:
    module = fovea.compile(entry(program.crossing))
    records = records_of(module)
    assert {record["queries"]: record["form"] for record in records} == program.forms
    rounds = any("rounds" in record for record in records)
    for queries in QUERIES:
        for keys in KEYS:
            case = case_of(program.crossing, queries, keys)
            outcome = check((module.entries["main"],), case, rounds_weights=rounds)
            assert not outcome.wrong, outcome.wrong


@pytest.mark.parametrize("program", PROGRAMS[:3] + PROGRAMS[5:6], ids=str)
def test_a_known_number_has_the_same_bits(program: AnyNumber) -> None:
    """Also 16 of heads that share keys, which no form folds."""
    crossing = program.crossing
    any_number = fovea.compile(entry(crossing))
    for queries in (1, 16, 17):
        known = fovea.compile(entry(replace(crossing, queries=queries)))
        for keys in KEYS[:2]:
            case = case_of(crossing, queries, keys)
            feed = laid_out(case, inputs_of(case))
            expected = known(**feed)
            for name, value in any_number(**feed).items():
                assert value.tobytes() == expected[name].tobytes()


def test_the_ledger_says_why_some_are_taken_as_many() -> None:
    *_, other = records_of(fovea.compile(entry(PROGRAMS[-1].crossing)))
    texts = {record["form"]: record["text"] for record in other["refused"]}
    assert "a capture has an element for each query" in texts[DECODE_TILES]
