#!/usr/bin/env python3
"""Writes docs/Crossings.md from the programs of test/Attention and the compiler's refusals.

Example: scripts/make_crossings.py --check
"""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import dataclasses
import functools
import itertools
import math
import re
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / folder) for folder in ("python", "test", "test/Attention")]

import fovea  # noqa: E402
from cover import count, modules, programs  # noqa: E402
from crossings import CPUS, GROUPS, HEADS, MEANINGS, NAMED, REFUSED, Crossing  # noqa: E402
from grid import CASES  # noqa: E402
from program_text import entry  # noqa: E402

PAGE = ROOT / "docs" / "Crossings.md"
HEAD = """# Crossings of attention

Written by `scripts/make_crossings.py` from the tests of `test/Attention` and from what the compiler
refuses; do not edit.

`fovea.attention` ([specification](Spec.md)) has a score change, a mask, a normalizer, a layout and
an element type, each apart from the others. {programs} programs of one attention each cross them:
any three values of different kinds are together in one of them at least, and any two with

- the group sizes {groups}: query heads for each key head, `mqa` all of them;
- the head sizes {heads}:
  channels of query and value, `?` known only at run time.

Batch sizes and sequence lengths are dynamic. Every program runs on both targets, `cpu` (for the
instructions of the machine, and for `x86-64-v3`) and `reference`, and is compared with numpy in
float64 within a bound derived from the roundings (`test/Attention/oracle.py`). On `cpu` each has
{each} cases for each of the two, {cases} in all from {modules} compilations: odd lengths, no keys,
rows that keep none, peaked scores, ties; each by one thread and by two with the same bits; and
again with NaN and infinities in keys and values, after which rows that exclude them must have the
bits they had (not so with `bias`: a sum excludes nothing). All of it runs with `./dev test --all`,
a sample without.

A number in a table is that of tested programs, the same on each of both targets; `R` and a number
is a refusal, whatever the value is crossed with, on both targets. All {combinations} combinations
of five values that are not refused pass the checks and the graph phase of the compiler.
"""


def refused(dim: str, value: str, other: str = "", crossed: str = "") -> str:
    """The compiler's sentence for a value that it refuses, crossed with another one."""
    values = {dim: value} | ({other: crossed} if other else {})
    group = "mqa" if value == "shared_head" else "2"
    try:
        fovea.compile(entry(dataclasses.replace(Crossing(group=group), **values)))
    except fovea.FoveaError as error:
        first = str(error).splitlines()[0]
        return re.sub(r"^<text>:\d+:\d+: ", "", first)
    return ""


@functools.cache
def refusals() -> dict[tuple[str, str], str]:
    """Sentences by dimension and value."""
    return {
        (dim, value): refused(dim, value) for dim, values in REFUSED.items() for value in values
    }


def line(cells: Sequence[object]) -> str:
    return "| " + " | ".join(map(str, cells)) + " |\n"


def marks(dim: str) -> list[str]:
    """The refusals of a dimension as they stand in a table."""
    return [f"R{place}" for place, (of, _) in enumerate(refusals(), 1) if of == dim]


def columns(*dims: str) -> str:
    heads = [
        f"{dim} {value}" if value == "none" else value
        for dim in dims
        for value in (*NAMED[dim], *REFUSED.get(dim, ()))
    ]
    return " | ".join(heads) + " |\n"


def crossing_table(rows: tuple[str, str], *dims: str) -> str:
    """How many programs have the values of two rows' dimensions and of each column."""
    number = sum(len(NAMED[dim]) + len(REFUSED.get(dim, ())) for dim in dims)
    text = f"| {rows[0]} | {rows[1]} | " + columns(*dims) + line(["---"] * (number + 2))
    for first, second in itertools.product(NAMED[rows[0]], NAMED[rows[1]]):
        cells: list[object] = [first, second]
        for dim in dims:
            values = {rows[0]: first, rows[1]: second}
            cells += [count(programs(), **values, **{dim: value}) for value in NAMED[dim]]
            cells += marks(dim)
        text += line(cells)
    return text


def meanings() -> str:
    text = ""
    for dim, words in MEANINGS.items():
        text += f"\n### {dim.capitalize()}\n" + line([dim, "meaning"]) + line(["---", "---"])
        text += "".join(line(pair) for pair in words.items())
    return text


def refusal_table() -> str:
    text = line(["", "value", "the compiler's sentence"]) + line(["---"] * 3)
    for place, ((dim, value), sentence) in enumerate(refusals().items(), 1):
        text += line([f"R{place}", f"{dim} `{value}`", f"`{sentence}`"])
    return text


def page() -> str:
    """The whole of docs/Crossings.md."""
    sizes = [f"{depth or '?'}:{width or '?'}" for depth, width in HEADS]
    head = HEAD.format(
        programs=len(programs()), groups=", ".join(GROUPS), heads=", ".join(sizes), each=CASES,
        cases=len(programs()) * CASES * len(CPUS), modules=len(modules()),
        combinations=math.prod(map(len, NAMED.values())),
    )  # fmt: skip
    return "".join([
        head, "\n## Score, mask and each of the others\n",
        crossing_table(("score", "mask"), "normalizer", "layout", "dtype"),
        "\n## Normalizer, layout and each of the others\n",
        crossing_table(("normalizer", "layout"), "score", "mask", "dtype"),
        "\n## Refused\n", refusal_table(), "\n## Values\n", meanings().lstrip("\n"),
    ])  # fmt: skip


def main(argv: list[str]) -> int:
    text = page()
    if "--check" not in argv:
        PAGE.write_text(text)
        return 0
    if PAGE.exists() and PAGE.read_text() == text:
        return 0
    print("docs/Crossings.md is not what the tests run: run scripts/make_crossings.py")
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
