"""Products of few tiles whose depth is cut into parts, against float64 under the emulator.

The emulator has 8 blocks of its own, and 256 with a device's schedule. Sums are in f32: an error of
half a unit for each term, in the size of the sum of magnitudes.
"""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import fovea
import pytest
from build_tree import PROGRAM, require
from test_product_forms import check, program

require(PROGRAM, "./dev build")

# Form, dtype, columns as rows of memory, rows, columns, depth, batches, blocks; parts.
CASES = [
    ("tile_product", "f16", True, 16, 128, 4096, 0, 8, 4),
    ("tile_product", "f16", False, 33, 70, 4096, 2, 256, 8),
    ("fma_product", "f32", True, 20, 65, 4096, 0, 8, 4),
    ("warp_product", "f16", True, 1, 13, 4160, 0, 8, 2),
]


def parts_of(module: fovea.Module, form: str) -> list[int]:
    return [record.get("depth_parts", 1) for record in module.ledger["kernels"]
            if record["form"] == form]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=str)
def test_parts_agree_with_float64(case: tuple) -> None:
    form, dtype, as_rows, rows, columns, depth, batches, blocks, parts = case
    text = program(dtype, as_rows, (rows, columns, depth), batches)
    module = fovea.compile(text, target="cuda-emulated", device_blocks=blocks)
    assert parts_of(module, form) == [parts]
    outer = (batches,) if batches else ()
    check(module, (*outer, rows, columns, depth), as_rows, dtype)


def test_a_product_of_many_blocks_stays_whole() -> None:
    module = fovea.compile(program("f16", True, (16, 576, 4096), 0), target="cuda-emulated")
    assert parts_of(module, "tile_product") == [1]
