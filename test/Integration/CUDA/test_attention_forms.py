"""The forms of attention of a GPU against float64, under the emulator: sizes around their tiles.

A tile has 64 queries and 64 keys, or 32 with large heads; warps take groups of 32 keys. As in
test/Attention, runs with NaN and infinities in keys and values must give rows that exclude them the
bits that they had.
"""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import fovea
import numpy as np
import pytest
from build_tree import PROGRAM, require
from case_inputs import Case
from crossings import Crossing
from grid_check import check
from program_text import entry

require(PROGRAM, "./dev build")

TARGET = "cuda-emulated"
TILES, WARPS = "tile_attention", "warp_attention"
DECODES, DECODE_TILES = "decode_attention", "decode_tiles"
SIZES = ((1, 1, 1), (2, 64, 64), (1, 65, 63), (1, 130, 97), (1, 20, 0), (0, 3, 5), (1, 70, 200))
FEW = ((1, 0), (2, 33), (1, 129), (0, 7))
# Crossings of many queries, by form.
MANY = {
    TILES: [
        Crossing(dtype="bf16", heads=(64, 64)),
        Crossing(dtype="f16", heads=(64, 64), mask="causal", normalizer="lse_max", group="2"),
        Crossing(dtype="bf16", heads=(128, 128), mask="window", group="4", layout="bshd"),
        Crossing(dtype="bf16", heads=(64, 64), mask="documents", score="softcap"),
        Crossing(dtype="f16", heads=(16, 16), mask="bool", normalizer="prob_lse"),
        Crossing(dtype="bf16", heads=(256, 256), mask="offset", normalizer="lse_max"),
        Crossing(dtype="bf16", heads=(128, 128), mask="bias", score="alibi", layout="sbhd"),
        Crossing(dtype="f16", heads=(64, 64), mask="prefix", score="relative"),
        Crossing(dtype="bf16", heads=(16, 16), layout="packed", mask="lengths"),
        Crossing(dtype="f16", heads=(256, 256), mask="bool", group="dynamic"),
    ],
    WARPS: [
        Crossing(dtype="f32", heads=(64, 64), mask="causal", normalizer="lse_max"),
        Crossing(dtype="bf16", heads=(33, 80), mask="bool", group="2"),
        Crossing(dtype="f16", heads=(72, 40), score="softcap", mask="window", layout="bshd"),
        Crossing(dtype="f32", heads=(20, 20), mask="documents", normalizer="prob_lse"),
        Crossing(dtype="f32", heads=(1, 3), mask="lengths", layout="channels_first"),
        Crossing(dtype="bf16", heads=(64, 64), mask="causal", layout="keys_transposed"),
    ],
}
# Those whose queries are few and known: the warps of a block split the keys.
SPLIT = [
    Crossing(dtype="f32", heads=(64, 64), mask="bool", normalizer="prob_lse", queries=4),
    Crossing(dtype="bf16", heads=(33, 80), mask="window", score="alibi", queries=7),
    Crossing(dtype="f32", heads=(20, 20), mask="documents", layout="keys_transposed", queries=3),
]
# And those whose rows are whole pieces of 16 bytes: queries share the keys.
FEW_ROWS = {
    DECODES: [
        Crossing(dtype="f32", heads=(128, 128), group="4", normalizer="lse_max", queries=1),
        Crossing(dtype="f32", heads=(256, 256), mask="documents", queries=3),
        Crossing(
            dtype="f32", heads=(64, 64), mask="causal", group="4", normalizer="lse_max", queries=4
        ),
        Crossing(dtype="f32", heads=(20, 20), mask="window", score="alibi", queries=7),
        Crossing(dtype="f32", heads=(16, 16), mask="bool", layout="bshd", group="2", queries=5),
        Crossing(dtype="f16", heads=(72, 40), score="softcap", mask="window", queries=2),
        Crossing(dtype="bf16", heads=(256, 256), mask="documents", queries=3),
    ],
    DECODE_TILES: [
        Crossing(dtype="f16", heads=(128, 128), group="4", normalizer="lse_max", queries=1),
        Crossing(dtype="bf16", heads=(64, 64), mask="causal", group="mqa", queries=2),
        Crossing(dtype="bf16", heads=(128, 128), mask="bool", layout="bshd", queries=16),
        Crossing(dtype="f16", heads=(64, 64), mask="documents", normalizer="lse_max", queries=12),
        Crossing(dtype="f16", heads=(128, 128), mask="window", score="softcap", queries=3),
        Crossing(dtype="bf16", heads=(64, 64), mask="prefix", score="alibi", queries=5),
    ],
}


def forms_of(module: fovea.Module) -> set[str]:
    """Of attention to as many queries as there are; copies for few of them have others."""
    return {record["form"] for record in module.ledger["kernels"]
            if record["op"] == "fovea.attention"
            and record.get("queries", "more").startswith(("more", "any other"))}  # fmt: skip


def run(crossing: Crossing, form: str, sizes: tuple[tuple[int, int, int], ...]) -> None:
    """All sizes (batch, queries, keys) of a crossing, by the form that it must have."""
    module = fovea.compile(entry(crossing), target=TARGET, threads=1)
    assert forms_of(module) == {form}
    main = module.entries["main"]
    guarded = False
    for number, (batch, queries, keys) in enumerate(sizes):
        keys = queries if crossing.layout == "packed" else keys
        case = Case(crossing, number, batch, queries, keys, "plain", False)
        outcome = check((main,), case, rounds_weights=form in (TILES, DECODE_TILES))
        assert not outcome.wrong, outcome.wrong
        guarded |= outcome.guarded
    assert guarded or crossing.mask in ("none", "bias")


@pytest.mark.parametrize("crossing", MANY[TILES], ids=str)
def test_tiles_agree_with_float64(crossing: Crossing) -> None:
    run(crossing, TILES, SIZES)


@pytest.mark.parametrize("crossing", MANY[WARPS], ids=str)
def test_warps_agree_with_float64(crossing: Crossing) -> None:
    run(crossing, WARPS, SIZES)


@pytest.mark.parametrize("crossing", SPLIT, ids=str)
def test_warps_that_split_keys_agree_with_float64(crossing: Crossing) -> None:
    run(crossing, WARPS, tuple((batch, crossing.queries, keys) for batch, keys in FEW))


@pytest.mark.parametrize("crossing", FEW_ROWS[DECODES], ids=str)
def test_queries_that_share_keys_agree_with_float64(crossing: Crossing) -> None:
    run(crossing, DECODES, tuple((batch, crossing.queries, keys) for batch, keys in FEW))


@pytest.mark.parametrize("crossing", FEW_ROWS[DECODE_TILES], ids=str)
def test_queries_that_share_products_agree_with_float64(crossing: Crossing) -> None:
    run(crossing, DECODE_TILES, tuple((batch, crossing.queries, keys) for batch, keys in FEW))


CAUSAL = """
func.func @main(%q: tensor<1x1x?x64xf16> {fovea.name = "q", fovea.shape = ["", "", "S", ""]},
    %w: tensor<?x64xf16> {fovea.name = "w", fovea.shape = ["N", ""]})
    -> (tensor<1x1x?x64xf16> {fovea.name = "y", fovea.shape = ["", "", "S", ""]}) {
  %c0 = arith.constant 0 : index
  %c2 = arith.constant 2 : index
  %s = tensor.dim %q, %c2 : tensor<1x1x?x64xf16>
  %init = tensor.empty(%s) : tensor<1x1x?x64xf16>
  %y = fovea.attention ins(%q, %q, %q : tensor<1x1x?x64xf16>, tensor<1x1x?x64xf16>,
      tensor<1x1x?x64xf16>) offset(%c0) causal outs(%init : tensor<1x1x?x64xf16>)
      {scale = 0.01 : f64, indexing_maps = [affine_map<(b, h, i, j, d, e) -> (b, h, i, d)>,
        affine_map<(b, h, i, j, d, e) -> (b, h, j, d)>,
        affine_map<(b, h, i, j, d, e) -> (b, h, j, e)>,
        affine_map<(b, h, i, j, d, e) -> (b, h, i, e)>]} -> tensor<1x1x?x64xf16>
  return %y : tensor<1x1x?x64xf16>
}
"""


def unaligned(x: np.ndarray) -> np.ndarray:
    """The same elements, 2 bytes behind a multiple of 16."""
    memory = np.zeros(x.size + 16, x.dtype)
    start = (-memory.ctypes.data % 16) // x.itemsize + 1
    moved = memory[start : start + x.size].reshape(x.shape)
    moved[...] = x
    assert moved.ctypes.data % 16 == 2
    return moved


@pytest.mark.parametrize("queries", [1, 64, 90])
def test_rows_that_lie_anywhere_give_the_same_bits(queries: int) -> None:
    module = fovea.compile(CAUSAL, target=TARGET, threads=1)
    assert forms_of(module) == {TILES}
    q = np.random.default_rng(queries).standard_normal((1, 1, queries, 64)).astype(np.float16)
    w = np.zeros((1, 64), np.float16)
    expected, got = (module(q=x, w=w)["y"] for x in (q, unaligned(q)))
    assert expected.tobytes() == got.tobytes()


# Form, head and queries. Rows of tiles spill weights over queries (64), or over half a row of keys
# each; up to 8 queries have half of the products.
INFINITE = [(TILES, 64, 70), (TILES, 112, 70), (TILES, 256, 70), (DECODE_TILES, 64, 12),
            (DECODE_TILES, 64, 8)]  # fmt: skip


@pytest.mark.parametrize("poison", [np.inf, -np.inf, np.nan])
@pytest.mark.parametrize("form, head, queries", INFINITE)
def test_rows_that_keep_an_infinite_value_have_it(
    form: str, head: int, queries: int, poison: float
) -> None:
    """And no other row has: it is in channel 5 of a key that queries from its own on keep."""
    key = 40 if form == TILES else 5
    q = np.random.default_rng(1).standard_normal((1, 1, queries, head)).astype(np.float16)
    text = CAUSAL.replace("ins(%q, %q, %q", "ins(%q, %q, %v").replace("%w: tensor<?x64xf16>",
        "%v: tensor<1x1x?x64xf16>").replace('"w", fovea.shape = ["N", ""]',
        '"v", fovea.shape = ["", "", "S", ""]').replace("x64x", f"x{head}x")  # fmt: skip
    if form == DECODE_TILES:
        text = text.replace("1x1x?x64", f"1x1x{queries}x64")
        text = text.replace(', fovea.shape = ["", "", "S", ""]', "")
        text = text.replace("tensor.empty(%s)", "tensor.empty()")
    module = fovea.compile(text, target=TARGET, threads=1)
    assert forms_of(module) == {form}
    clean = module(q=q, v=q)["y"]
    v = q.copy()
    v[0, 0, key, 5] = poison
    bad = module(q=q, v=v)["y"]
    column = bad[0, 0, :, 5].copy()
    np.testing.assert_array_equal(column[key:], np.full(queries - key, poison, np.float16))
    bad[0, 0, key:, 5] = clean[0, 0, key:, 5]
    assert bad.tobytes() == clean.tobytes()
