"""products="tf32": contractions of f32 on tensor cores against float64, under the emulator.

The oracle rounds the operands to tf32 by itself. Products of two such are exact in f32, so that the
sums alone round: an error of half a unit of f32 for each term, in the size of the sum of
magnitudes, and one of the result's type.
"""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

from pathlib import Path
from typing import Any

import fovea
import numpy as np
import pytest
from build_tree import PROGRAM, require, sound
from build_tree import fovea as run_fovea
from test_product_forms import program

require(PROGRAM, "./dev build")

# Columns as rows of memory, rows, columns, depth, batches. 130 of them have large tiles.
CASES = [
    (True, 64, 64, 64, 0),
    (True, 17, 100, 96, 0),
    (True, 33, 40, 37, 3),
    (True, 40, 72, 1, 0),
    (True, 33, 70, 20, 130),
    (False, 65, 128, 64, 0),
    (False, 16, 72, 5, 3),
    (False, 40, 1, 64, 0),
    (False, 65, 70, 33, 0),
    (False, 20, 70, 36, 130),
]


def rounded(x: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """To the nearest of 11 significant bits, ties away from 0; as float64."""
    wide = np.asarray(x, np.float64)
    part, exponent = np.frexp(np.where(np.isfinite(wide), wide, 0))
    part = np.trunc(part * 2.0**11 + np.copysign(0.5, part))
    finite = np.ldexp(part, exponent - 11)
    finite = np.where(np.abs(finite) >= 2.0**128, np.copysign(np.inf, finite), finite)
    return np.where(np.isfinite(wide), finite, wide)


def compiled(text: str) -> fovea.Module:
    module = fovea.compile(text, target="cuda-emulated", products="tf32")
    taken = {record["form"]: record.get("rounds") for record in module.ledger["kernels"]}
    assert taken.get("tile_product") == "operands", taken
    return module


def inputs(
    as_rows: bool, rows: int, columns: int, depth: int, batches: int
) -> dict[str, np.ndarray[Any, Any]]:
    rng = np.random.default_rng(rows * 1000 + columns)
    outer = (batches,) if batches else ()
    of_w = (columns, depth) if as_rows else (depth, columns)
    shapes = {"x": (*outer, rows, depth), "w": (*outer, *of_w), "c": (columns,)}
    return {name: rng.standard_normal(shape).astype(np.float32) for name, shape in shapes.items()}


def test_oracle_rounds_ties_away_from_zero() -> None:
    step = 2.0**-10
    x = np.array([1 + step / 2, -1 - step / 2, 1 + step * 0.499, 3.4028e38, np.inf, -np.inf, 0])
    want = [1 + step, -1 - step, 1, np.inf, np.inf, -np.inf, 0]
    assert rounded(x).tolist() == want


@pytest.mark.parametrize("case", CASES)
def test_product(case: tuple[bool, int, int, int, int]) -> None:
    as_rows, rows, columns, depth, batches = case
    module = compiled(program("f32", as_rows, (rows, columns, depth), batches))
    given = inputs(*case)
    got = module(**given)["y"]
    x, w = rounded(given["x"]), rounded(given["w"])
    right = np.swapaxes(w, -1, -2) if as_rows else w
    c = given["c"].astype(np.float64)
    magnitude = np.abs(x) @ np.abs(right) + np.abs(c)
    bound = (depth + 2) * np.finfo(np.float32).eps / 2 * magnitude
    assert (np.abs(got - (x @ right + c)) <= bound).all()
    # As tight as that, products of the operands as they are would be seen.
    if depth > 16:
        exact = given["x"].astype(np.float64) @ (
            np.swapaxes(given["w"], -1, -2) if as_rows else given["w"]
        )
        assert (np.abs(got - (exact + c)) > bound).any()


@pytest.mark.parametrize("as_rows", [True, False])
def test_values_that_are_not_finite(as_rows: bool) -> None:
    """NaN of any bits, infinities, and what is infinite once it is rounded."""
    rows, columns, depth = 20, 24, 16
    module = compiled(program("f32", as_rows, (rows, columns, depth), 0))
    given = inputs(as_rows, rows, columns, depth, 0)
    x = given["x"]
    x[1, 3], x[2, 5], x[3, 7], x[4, 0] = np.nan, np.inf, -np.inf, np.finfo(np.float32).max
    # The bits of this one lie behind those that are kept.
    x[5].view(np.uint32)[2] = 0x7F800001
    x[6, 1] = 0
    right = given["w"].T if as_rows else given["w"]
    right[1, 4] = np.inf
    got = module(**given)["y"]
    with np.errstate(invalid="ignore"):
        want = rounded(x) @ rounded(right) + given["c"].astype(np.float64)
    assert np.isnan(want[1]).all() and np.isnan(want[5]).all() and np.isnan(want[6, 4])
    assert np.isinf(want[4]).any()
    finite = np.isfinite(want)
    np.testing.assert_array_equal(got[~finite], want[~finite])
    np.testing.assert_allclose(got[finite], want[finite], rtol=0, atol=1e-5)


def test_nothing_is_rounded_unasked() -> None:
    case = (True, 33, 70, 64, 0)
    text = program("f32", *case[:1], case[1:4], 0)
    given = inputs(*case)
    exact = given["x"].astype(np.float64) @ given["w"].astype(np.float64).T + given["c"]
    for options in ({}, {"products": "exact"}):
        module = fovea.compile(text, target="cuda-emulated", **options)
        (record,) = (one for one in module.ledger["kernels"] if one["op"] == "fovea.contract")
        assert record["form"] == "fma_product" and "rounds" not in record
        texts = [one["text"] for one in record["refused"] if one["form"] == "tile_product"]
        assert len(texts) == 1 and "products=tf32" in texts[0]
        np.testing.assert_allclose(module(**given)["y"], exact, rtol=0, atol=2e-5)


def test_a_schedule_asks_only_where_the_option_allows() -> None:
    text = program("f32", True, (33, 70, 64), 0)
    schedule = 'schedule = #fovea.schedule<form = "tile_product">'
    asked = text.replace("{indexing_maps", f"{{{schedule}, indexing_maps")
    assert asked != text
    compiled(asked)
    with pytest.raises(fovea.FoveaError, match="(?s)tile_product.*products=tf32"):
        fovea.compile(asked, target="cuda-emulated")


def test_other_values_are_refused() -> None:
    text = program("f32", True, (33, 70, 64), 0)
    with pytest.raises(fovea.FoveaError, match="(?s)'products' is 'bf16'.*exact or tf32"):
        fovea.compile(text, target="cuda-emulated", products="bf16")


@pytest.mark.parametrize("target", ["host", "reference"])
def test_other_targets_refuse(target: str, tmp_path: Path) -> None:
    (tmp_path / "m.mlir").write_text(program("f32", True, (33, 70, 64), 0))
    done = run_fovea(tmp_path, "run", "m.mlir", f"--target={target}", "--products=tf32")
    assert done.returncode == 3 and f"target '{target}' has no products of tf32" in done.stderr


def test_behind_the_schedule_all_is_said(tmp_path: Path) -> None:
    """A module that was stopped has its fragments of tf32; the option would come too late."""
    (tmp_path / "m.mlir").write_text(program("f32", True, (33, 70, 64), 0))
    to = ("--target=cuda", "--emulate")
    asked = (*to, "--products=tf32")
    sound(run_fovea(tmp_path, "compile", "m.mlir", *asked, "--stop-after=graph", "-o", "g.mlir"))
    sound(run_fovea(tmp_path, "compile", "g.mlir", *asked, "--stop-after=schedule", "-o", "s.mlir"))
    assert "xtf32, a>" in (tmp_path / "s.mlir").read_text()
    late = run_fovea(tmp_path, "compile", "s.mlir", *asked, "-o", "late.fvm")
    assert late.returncode == 3 and "'products' comes too late" in late.stderr
    sound(run_fovea(tmp_path, "compile", "s.mlir", *to, "-o", "resumed.fvm"))
    sound(run_fovea(tmp_path, "compile", "m.mlir", *asked, "-o", "straight.fvm"))
    assert (tmp_path / "resumed.fvm").read_bytes() == (tmp_path / "straight.fvm").read_bytes()
