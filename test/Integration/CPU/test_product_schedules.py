"""Products by a form that their schedule names, also where another one is faster."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

from pathlib import Path

import fovea
import numpy as np
import pytest
from product_cases import bias_of, by_form, check, program, usable, values

# The rows that a target has, type and form.
CASES = {
    "few-rows-by-tiles": (["amx-bf16"], "bf16", "tile_product"),
    "few-rows-of-bytes-by-tiles": (["amx-int8", "avx512vnni"], "i8", "tile_product"),
    "dots-beside-tiles": (["amx-bf16", "avx512bf16"], "bf16", "dot_product"),
    "bytes-by-dots-beside-tiles": (["amx-int8", "avx512vnni"], "i8", "dot_product"),
    "bf16-by-multiply-adds-beside-tiles": (["amx-bf16"], "bf16", "panel_product"),
    "bytes-by-loops-beside-tiles": (["amx-int8"], "i8", "loop_product"),
}


@pytest.mark.parametrize("packed", [True, False], ids=["weight", "input"])
@pytest.mark.parametrize("case", CASES)
def test_the_form_is_the_named_one(case: str, packed: bool, tmp_path: Path) -> None:
    rows, kind, form = CASES[case]
    for row in rows:
        usable(row)
    rng = np.random.default_rng(12)
    w = values(rng, kind, 70, 37)
    (tmp_path / "w.bin").write_bytes(w.tobytes())
    inputs = {"b": bias_of(kind, 37)} | ({} if packed else {"w": w})
    for m in (1, 3, 33, "?"):
        shapes = {"x": f"{m}x70", "w": "70x37", "n": "37", "y": f"{m}x37"}
        text = program(kind, shapes, packed)
        (tmp_path / "model.mlir").write_text(by_form(text, form))
        module = fovea.compile(tmp_path / "model.mlir", target="+".join(["x86-64-v4", *rows]))
        assert [kernel["form"] for kernel in module.ledger["kernels"]] == [form]
        for count in (m,) if m != "?" else (2, 20):
            check(module, kind, values(rng, kind, count, 70), w, inputs)


def test_dots_of_bf16_are_not_taken_unasked(tmp_path: Path) -> None:
    """They are half as fast as multiply-adds where they were measured."""
    w = np.zeros((70, 37), np.uint16)
    (tmp_path / "w.bin").write_bytes(w.tobytes())
    shapes = {"x": "33x70", "w": "70x37", "n": "37", "y": "33x37"}
    (tmp_path / "model.mlir").write_text(program("bf16", shapes, True))
    module = fovea.compile(tmp_path / "model.mlir", target="x86-64-v4+avx512bf16")
    assert [kernel["form"] for kernel in module.ledger["kernels"]] == ["panel_product"]
