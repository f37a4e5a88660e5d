"""docs/Crossings.md says what the grid runs and what the compiler refuses."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import dataclasses
import itertools
from pathlib import Path

import make_crossings
import pytest
from build_tree import ALL, PROGRAM, fovea, require, sound
from crossings import NAMED, REFUSED, Crossing
from program_text import entry

require(PROGRAM, "./dev build")
# Entries of one module.
ENTRIES = 450
VALUES = [(dim, value) for dim, values in REFUSED.items() for value in values]


def test_the_page_is_up_to_date() -> None:
    assert make_crossings.main(["--check"]) == 0


def test_a_changed_page_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    copy = tmp_path / "Crossings.md"
    copy.write_text(make_crossings.PAGE.read_text().replace("| R1 | dtype", "| R1 | type"))
    monkeypatch.setattr(make_crossings, "PAGE", copy)
    assert make_crossings.main(["--check"]) == 1


def test_no_crossing_is_empty() -> None:
    rows = [line for line in make_crossings.page().splitlines() if line.endswith("R1 |")]
    assert len(rows) == len(NAMED["score"]) * len(NAMED["mask"]) + len(NAMED["normalizer"]) * len(
        NAMED["layout"]
    )
    assert not [row for row in rows if "| 0 |" in row]


def test_every_combination_of_five_passes_the_graph_phase(tmp_path: Path) -> None:
    """Every ninth of them by default."""
    every = list(itertools.product(*NAMED.values()))[:: 1 if ALL else 9]
    for first in range(0, len(every), ENTRIES):
        part = [Crossing(*values, group="2") for values in every[first : first + ENTRIES]]
        text = "".join(entry(one, f"entry_{place}") for place, one in enumerate(part))
        (tmp_path / "all.mlir").write_text(text)
        sound(fovea(tmp_path, "compile", "all.mlir", "--stop-after=graph"))
        done = (tmp_path / "all.graph.mlir").read_text()
        # One query and some have copies of their own.
        copies = done.count('fovea.queries = "1 query"') + done.count(' at a time"')
        assert done.count("fovea.attention ins") - copies == len(part)


@pytest.mark.parametrize(("dim", "value"), VALUES, ids=str)
def test_a_refusal_does_not_depend_on_the_other_values(dim: str, value: str) -> None:
    sentence = make_crossings.refusals()[dim, value]
    assert sentence.startswith("error[FV")
    for other, values in NAMED.items():
        for crossed in values:
            if other != dim:
                assert make_crossings.refused(dim, value, other, crossed) == sentence, crossed


@pytest.mark.parametrize(("dim", "value"), VALUES, ids=str)
def test_the_reference_refuses_the_same(tmp_path: Path, dim: str, value: str) -> None:
    group = "mqa" if value == "shared_head" else "2"
    crossing = dataclasses.replace(Crossing(group=group), **{dim: value})
    (tmp_path / "program.mlir").write_text(entry(crossing))
    sizes = [f"--size={name}=4" for name in "BST"]
    done = fovea(tmp_path, "run", "program.mlir", "--target=reference", *sizes)
    assert done.returncode == 3
    assert make_crossings.refusals()[dim, value] in done.stderr
