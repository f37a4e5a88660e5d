"""Operations with a schedule: computed by the form that it names, with the numbers of the
reference, or refused with the reason."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import json
from pathlib import Path

import pytest
from build_tree import Run, sound

TARGETS = ["host", "x86-64-v3"]


def scheduled(folder: Path, model: str, schedule: str) -> str:
    """A copy of a model whose operation has a schedule; the name of its file."""
    text = (folder / f"{model}.mlir").read_text()
    assert text.count("indexing_maps") == 1
    given = f"schedule = #fovea.schedule<{schedule}>, indexing_maps"
    (folder / "scheduled.mlir").write_text(text.replace("indexing_maps", given))
    return "scheduled.mlir"


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize(
    ("model", "form", "tiles"),
    [
        ("attention", "row_attention", None),
        ("attention", "transposed_attention", None),
        ("attention", "transposed_attention", [10, 1]),
        ("attention", "transposed_attention", [3, 3]),
        ("attention", "transposed_attention", [1, 14]),
        ("linear", "loop_product", None),
        ("linear", "panel_product", [5, 2]),
        ("linear", "panel_product", [14, 1]),
        ("weighted", "loop_product", None),
        ("weighted", "panel_product", [7, 2]),
        ("weighted", "panel_product", [2, 5]),
    ],
)
def test_the_form_and_the_tile_are_those_asked_for(
    fovea: Run, tmp_path: Path, target: str, model: str, form: str, tiles: list[int] | None
) -> None:
    schedule = f'form = "{form}"' + (f", tiles = {tiles}" if tiles else "")
    source = scheduled(tmp_path, model, schedule)
    options = [f"--target={target}", *(["--dim=n=13"] if model != "attention" else [])]
    sound(fovea("verify", source, *options))
    kernels = json.loads(sound(fovea("explain", source, *options, "--json")).stdout)["kernels"]
    asked = {"form": form} | ({"tiles": tiles} if tiles else {})
    assert [(k["form"], k["schedule"]) for k in kernels if "schedule" in k] == [(form, asked)]
    shown = sound(fovea("explain", source, *options)).stdout
    assert f" by {form}, as scheduled: form = {form}" in shown
    sound(fovea("compile", source, *options, "--require-fused"))


def test_parts_of_the_keys_are_shown(fovea: Run, tmp_path: Path) -> None:
    source = scheduled(tmp_path, "attention", "kv_split = 3")
    sound(fovea("verify", source))
    shown = sound(fovea("explain", source)).stdout
    assert " on 3 parts of the keys, as scheduled: kv_split = 3\n" in shown
    kernels = json.loads(sound(fovea("explain", source, "--json")).stdout)["kernels"]
    assert [k["key_parts"] for k in kernels if k["op"] == "fovea.attention"] == [3]


def test_parts_that_a_module_claims_are_refused(fovea: Run, tmp_path: Path) -> None:
    text = (tmp_path / "attention.mlir").read_text()
    claimed = text.replace("indexing_maps", "fovea.key_parts = 2, indexing_maps")
    (tmp_path / "claimed.mlir").write_text(claimed)
    result = fovea("verify", "claimed.mlir")
    assert result.returncode == 3
    assert 'attribute "fovea.key_parts" is not taken in a model' in result.stderr


@pytest.mark.parametrize(
    ("model", "schedule", "reason"),
    [
        ("attention", 'form = "by_rows"', "the CPU computes fovea.attention by one of"),
        ("linear", 'form = "row_attention"', "the CPU computes fovea.contract by one of"),
        ("attention", 'form = "row_attention", tiles = [6, 2]', "it has no register tile"),
        ("linear", "tiles = [31, 1]", "more than the 30 sums that 32 registers hold"),
        ("weighted", "tiles = [1, 576460752303423488]", "more than the 30 sums"),
        ("attention", "kv_split = 65", "kv_split: there are at most 64 parts"),
        ("double", 'form = "transposed_attention"', "scores and sums on the lanes are in f32"),
    ],
)
def test_a_schedule_that_cannot_be_followed_is_refused(
    fovea: Run, tmp_path: Path, model: str, schedule: str, reason: str
) -> None:
    if model == "double":
        text = (tmp_path / "attention.mlir").read_text()
        (tmp_path / "double.mlir").write_text(text.replace("xf32>", "xf64>"))
    source = scheduled(tmp_path, model, schedule)
    result = fovea("compile", source, "--target=x86-64-v4")
    assert (result.returncode, result.stdout) == (3, "")
    assert result.stderr.count("error[") == 1
    assert f"{source}: error[FV0403]: fovea." in result.stderr
    assert f"cannot follow #fovea.schedule<{schedule}>" in result.stderr
    assert reason in result.stderr.partition("\n  why: ")[2].partition("\n  try: ")[0]
    assert "change the schedule as the reasons say, or leave it out" in result.stderr


def test_the_reference_ignores_schedules(fovea: Run, tmp_path: Path) -> None:
    source = scheduled(tmp_path, "attention", 'form = "none of these", tiles = [99, 99]')
    sound(fovea("run", source, "--target=reference"))
