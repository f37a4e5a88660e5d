"""Heads of every size that models have, by tiles and by decoding, against float64 in the emulator.

Loops over a head are of tiles of 8, 16 or 32 elements, or of the lanes that share a row: sizes that
are no power of two end within one. Types, masks and logarithms of sums take turns.
"""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import pytest
import test_attention_forms as forms
from build_tree import PROGRAM, require
from crossings import Crossing

require(PROGRAM, "./dev build")

HEADS = (32, 48, 80, 96, 112, 160, 192)
TYPES = ("f16", "bf16")
# Of many queries and of few, of which some rows are to exclude keys in any case.
MASKS = ("causal", "bool", "window", "documents")
FEW_MASKS = ("bool", "lengths")
# More than a tile of queries and of keys, and an end of both.
TILES = ((1, 70, 97), (2, 17, 40))
FEW = ((2, 97), (3, 33), (1, 0))


def crossing(place: int, dtype: str, queries: int) -> Crossing:
    """Heads number `place`; every other one has logarithms of sums."""
    masks = FEW_MASKS if queries else MASKS
    size, mask = HEADS[place], masks[place % len(masks)]
    normalizer = "lse_max" if (place + TYPES.index(dtype)) % 2 else "softmax"
    group = "4" if queries in (0, 1) else "1"
    return Crossing(dtype=dtype, heads=(size, size), mask=mask, normalizer=normalizer, group=group,
                    queries=queries)  # fmt: skip


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("place", range(len(HEADS)), ids=lambda place: HEADS[place])
def test_tiles(place: int, dtype: str) -> None:
    forms.run(crossing(place, dtype, 0), forms.TILES, TILES)


@pytest.mark.parametrize("place", range(len(HEADS)), ids=lambda place: HEADS[place])
def test_decoding(place: int) -> None:
    """One query of four heads that share keys, or three; heads of 64 and 128 alone have products of
    tiles, which test_attention_forms.py has."""
    one = crossing(place, TYPES[place % 2], (1, 3)[place // 2 % 2])
    sizes = tuple((batch, one.queries, keys) for batch, keys in FEW)
    forms.run(one, forms.DECODES, sizes)


def test_heads_of_keys_and_values_differ() -> None:
    """Tiles of queries and keys are as deep as a head, and those of values as wide as theirs."""
    for heads in ((96, 48), (32, 192)):
        one = Crossing(dtype="bf16", heads=heads, mask="causal", normalizer="lse_max")
        forms.run(one, forms.TILES, TILES[:1])
