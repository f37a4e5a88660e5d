"""Kernels of whole programs for each architecture: what they need, and their loops.

Without ptxas and nvdisasm (assembled.py) the programs are skipped.
"""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import re
import tomllib
from dataclasses import replace

import program_gate
import pytest
from assembled import TOOLS, Usage
from build_tree import PROGRAM, ROOT, require
from gated_programs import programs
from program_gate import Gated, Kernel

FORM = re.compile(r'(?:LoopForm \S+ = |BoundForm form)\{\s*"(\w+)"')
CLEAN = Kernel("p", "kernel_0", "tile_product", "sm_80", Usage(200, 0, 0, 0, 4096), {}, True)


@pytest.fixture(scope="module")
def gated() -> list[Gated]:
    require(PROGRAM, "./dev build")
    require(TOOLS / "ptxas", "./dev build")
    return program_gate.gate_all(programs())


def test_every_program_is_taken(gated: list[Gated]) -> None:
    assert [f"{one.program}: {one.refused}" for one in gated if one.refused] == []
    assert all(one.kernels for one in gated)


def test_nothing_breaks_the_rules(gated: list[Gated]) -> None:
    assert program_gate.violations(gated) == []


def test_forms_need_what_the_table_says(gated: list[Gated]) -> None:
    table = tomllib.loads(program_gate.TABLE.read_text())
    assert program_gate.changes(program_gate.worst(gated), table) == []


def test_every_form_is_among_them(gated: list[Gated]) -> None:
    """Forms of CUDA devices, as the sources name them, are in the ledgers."""
    names = set()
    for folder in ("CUDA", "Loops"):
        for source in (ROOT / "compiler" / "Targets" / folder).glob("*.cpp"):
            names |= set(FORM.findall(source.read_text()))
    assert len(names) == 16
    reached = {form for one in gated for form in one.forms}
    assert names <= reached and "resident_grid" in reached


@pytest.mark.parametrize(
    ("usage", "counts"),
    [
        (Usage(200, 8, 0, 0, 0), "8 spilled"),
        (Usage(200, 0, 16, 0, 0), "16 stack"),
        (Usage(200, 0, 0, 4, 0), "4 static"),
    ],
)
def test_what_a_kernel_needs_is_counted(usage: Usage, counts: str) -> None:
    assert replace(CLEAN, usage=usage).violations() == counts


def test_loops_and_tensor_instructions_are_counted() -> None:
    assert CLEAN.violations() == ""
    assert replace(CLEAN, calls={"CALL": 2, "LDL": 0, "STL": 1}).violations() == "2 CALL, 1 STL"
    assert replace(CLEAN, tensors=False).violations() == "1 tensors missing"
    assert replace(CLEAN, tensors=False, form="fma_product").violations() == ""


def test_rows_in_local_memory_are_bounded() -> None:
    row = replace(CLEAN, form="row_attention", calls={"CALL": 0, "LDL": 3, "STL": 4})
    assert replace(row, usage=Usage(40, 0, 4096, 0, 0)).violations() == ""
    assert replace(row, usage=Usage(40, 0, 4104, 0, 0)).violations() == "4104 stack, 3 LDL, 4 STL"


def test_violations_are_named() -> None:
    bad = replace(CLEAN, usage=Usage(255, 8, 0, 0, 0))
    assert program_gate.violations([Gated("p", (CLEAN, bad)), Gated("q", (CLEAN,))]) == [
        "p: kernel_0 sm_80: 8 spilled"
    ]


def test_growth_and_unused_room_are_named() -> None:
    needs = program_gate.worst([Gated("p", (CLEAN, replace(CLEAN, arch="sm_90")))])
    form = {"shared": 4096, "sm_80": 200, "sm_90": 200}
    assert needs == {"tile_product": form}
    assert program_gate.changes(needs, {"tile_product": form | {"sm_80": 208}}) == []
    for what, limit in (("sm_80", 199), ("sm_90", 209), ("shared", 4095), ("shared", 4097)):
        (wrong,) = program_gate.changes(needs, {"tile_product": form | {what: limit}})
        assert f"the table has {limit}" in wrong
    assert program_gate.changes(needs, {}) == ["tile_product: not in both"]


TEXT = """
fovea.ledger = [{form = "tile_attention", kernel = "kernel_1_attention", node = ""}]
  func.func private @kernel_1_attention(%a: memref<2xf16>) attributes {fovea_kernel.kernel} {
  func.func private @kernel_loop_2(%a: memref<2xf64>) attributes {fovea_kernel.kernel} {
  func.func private @resident_0(%a: f64) attributes {fovea_kernel.kernel} {
"""


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("kernel_1_attention", "tile_attention"),
        ("kernel_1_attention_4", "tile_attention"),
        ("kernel_loop_2_0", "loop_kernel_f64"),
        ("resident_0", "resident_grid_f64"),
    ],
)
def test_forms_of_kernels(name: str, form: str) -> None:
    assert program_gate.form_of(name, TEXT) == form
