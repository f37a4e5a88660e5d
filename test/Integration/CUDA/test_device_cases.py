"""The CPU's integration cases by kernels of a GPU, under the emulator.

Programs, inputs, results and bounds are those of test/Integration/CPU; what is left out there is
about forms that a processor has.
"""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

from pathlib import Path

import fovea
import numpy as np
import product_cases as products
import pytest
import test_decoder_step as decoder
import test_mask_blocks as mask_blocks
import test_packed_sequences as packed_sequences
import test_packed_weights as packed_weights
import test_pages as pages
import test_query_groups as query_groups
import test_recurrent_cells as cells
import test_split_keys as split_keys
from build_tree import ALL
from emulated_device import TARGET
from grid import rounds_weights

# A case that names a form of the CPU differs from another one in that alone.
PARTS = [case for case in split_keys.CASES if case.form is None]
PAGED = list({str(case.text()): case for case in pages.CASES}.values())
# Those whose lengths the host need not read, by each form that reads pages.
PAGED += [
    pages.Case(page=16, queries=1, element="bf16", parts=2, lengths=False),
    pages.Case(page=16, queries=4, element="bf16", lengths=False),
    pages.Case(page=8, queries=2, element="f32", lengths=False),
    pages.Case(page=16, queries=20, element="bf16", lengths=False),
]
KEYS = split_keys.KEYS if ALL else [keys for keys in split_keys.KEYS if keys < 1000]


@pytest.mark.parametrize("mask", mask_blocks.MASKS, ids=lambda mask: mask.name)
def test_masks(mask: mask_blocks.Mask) -> None:
    mask_blocks.test_blocks_agree_with_float64(mask, TARGET)


test_masks_of_heads = mask_blocks.test_heads_have_masks_of_their_own


@pytest.mark.parametrize("case", PARTS, ids=str)
def test_parts_of_keys(case: split_keys.Case) -> None:
    split_keys.check_sizes(fovea.compile(case.text()), case, KEYS)


@pytest.mark.parametrize("case", PAGED, ids=str)
def test_pages(case: pages.Case) -> None:
    module = fovea.compile(case.text())
    pages.check(module, case, any(rounds_weights(module)))


test_faults_of_pages = pages.test_what_is_not_there_stops_the_run


@pytest.mark.parametrize("case", packed_sequences.CASES, ids=str)
def test_packed_sequences(case: packed_sequences.Case) -> None:
    packed_sequences.test_each_sequence_agrees_with_float64(case, TARGET)


test_starts_of_sequences = packed_sequences.test_starts_that_are_none_stop_the_run
test_query_groups = query_groups.test_one_query_a_head


@pytest.mark.parametrize("dtype", packed_weights.TYPES if ALL else ["bf16"])
def test_weights(dtype: str) -> None:
    packed_weights.test_products_agree_with_float64(dtype, TARGET)


@pytest.mark.parametrize("batch", [False, True])
@pytest.mark.parametrize("kind", products.NUMPY)
def test_products(kind: str, batch: bool) -> None:
    rng = np.random.default_rng(8)
    for rows, columns, depth in ((1, 16, 64), (3, 33, 70), (50, 17, 131), (0, 5, 9)):
        groups = (2,) if batch else ()
        sizes = {"x": (*groups, rows, depth), "y": (*groups, rows, columns), "n": (columns,),
                 "w": (2, columns, depth) if batch else (depth, columns)}  # fmt: skip
        shapes = {name: "x".join(map(str, size)) for name, size in sizes.items()}
        module = fovea.compile(products.program(kind, shapes, weight=False, batch=batch))
        x, w = (products.values(rng, kind, *sizes[name]) for name in "xw")
        given = {"w": w, "b": products.bias_of(kind, columns)}
        products.check(module, kind, x, w.swapaxes(1, 2) if batch else w, given)


@pytest.mark.parametrize("form", ["four", "one", "norm"])
@pytest.mark.parametrize("b, h", [(1, 100), (3, 37), (33, 20)])
def test_cells_by_hand(form: str, b: int, h: int, tmp_path: Path) -> None:
    path, values = cells.saved(tmp_path, cells.by_hand(form, 9, b, h), h)
    x = np.random.default_rng(4).standard_normal((9, b, h)).astype(np.float32)
    y = fovea.compile(path)(x=x)["y"]
    np.testing.assert_allclose(y, cells.expected(form, x, values), rtol=0, atol=2e-5)


@pytest.mark.parametrize("has_lengths", [False, True])
@pytest.mark.parametrize("batch", [1, 5])
def test_steps_of_a_decoder(batch: int, has_lengths: bool) -> None:
    decoder.check(fovea.compile(decoder.module(batch, has_lengths)), batch, has_lengths)
