"""Masks that exclude whole blocks, against float64: each is compiled once and run at many sizes.

Keys that no query keeps hold NaN: a kernel that weighs one by 0 instead of leaving it out fails.
"""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import fovea
import numpy as np
import pytest

Array = np.ndarray
HEADS, DEPTH = 2, 32
DIMS = "b, h, i, j, d, e"
# Around the sizes of a block of queries (64), of keys (96), and of the parts that are cut off (24).
SIZES = ((1, 1), (1, 500), (5, 23), (16, 97), (63, 64), (64, 96), (65, 25), (130, 300), (300, 130))


@dataclass(frozen=True)
class Mask:
    """The text of a region and of its captures, and the same in numpy."""

    name: str
    body: str
    keep: Callable[[Array, Array, dict[str, Array]], Array]
    captures: tuple[tuple[str, str, str], ...] = ()  # name, type, map

    def values(self) -> tuple[int, ...]:
        """Of the captured number, where there is one."""
        if not any(name == "at" for name, _, _ in self.captures):
            return (0,)
        far = (2**31 - 20, 2**32 + 70, -(2**40)) if self.name == "wrapped" else ()
        return (0, 1, 70, 400, *far)

    def text(self) -> str:
        sized = f"tensor<1x{HEADS}x?x{DEPTH}xf32>"
        arguments = ", ".join(
            f'%{name}: {sized} {{fovea.name = "{name}", fovea.shape = ["", "", "{size}", ""]}}'
            for name, size in (("q", "S"), ("k", "T"), ("v", "T"))
        )
        for name, kind, _ in self.captures:
            shape = '["T"]' if "?" in kind else "[]"
            arguments += f', %{name}: {kind} {{fovea.name = "{name}", fovea.shape = {shape}}}'
        captured = ", ".join(f"%{name}" for name, _, _ in self.captures)
        kinds = ", ".join(kind for _, kind, _ in self.captures)
        maps = ", ".join(
            f"affine_map<({DIMS}) -> ({results})>"
            for results in ("b, h, i, d", "b, h, j, d", "b, h, j, e",
                            *(results for _, _, results in self.captures), "b, h, i, e")
        )  # fmt: skip
        inner = "".join(
            f", %{name}_: {kind.removeprefix('tensor<').removeprefix('?x').removesuffix('>')}"
            for name, kind, _ in self.captures
        )
        return f"""
func.func @main({arguments}) -> {sized} {{
  %c2 = arith.constant 2 : index
  %s = tensor.dim %q, %c2 : {sized}
  %o = tensor.empty(%s) : {sized}
  %y = fovea.attention ins(%q, %k, %v : {sized}, {sized}, {sized})
      {f"captures({captured} : {kinds})" if captured else ""} outs(%o : {sized})
      {{scale = 0.25 : f64, indexing_maps = [{maps}]}} mask {{
      ^bb0(%b: index, %h: index, %i: index, %j: index{inner}):{self.body}
        fovea.yield %keep : i1
      }} -> {sized}
  return %y : {sized}
}}"""


INDEX = """
        %n = arith.index_cast %at_ : i64 to index"""
CAUSAL = """
        %keep = arith.cmpi sle, %j, %i : index"""
UNSIGNED_CAUSAL = """
        %keep = arith.cmpi uge, %i, %j : index"""
UNSIGNED_WINDOW = """
        %c = arith.constant 31 : index
        %x = arith.subi %i, %j : index
        %keep = arith.cmpi ult, %x, %c : index"""
REMAINDER = """
        %c = arith.constant 7 : index
        %x = arith.remsi %i, %c : index
        %y = arith.floordivsi %j, %c : index
        %keep = arith.cmpi sle, %y, %x : index"""
FUTURE = """
        %keep = arith.cmpi slt, %i, %j : index"""
WINDOW = """
        %c = arith.constant 30 : index
        %low = arith.subi %i, %c : index
        %a = arith.cmpi sge, %j, %low : index
        %d = arith.cmpi sle, %j, %i : index
        %keep = arith.andi %a, %d : i1"""
PREFIX = (
    INDEX
    + """
        %a = arith.cmpi slt, %j, %n : index
        %d = arith.cmpi sge, %i, %j : index
        %keep = arith.ori %a, %d : i1"""
)
LENGTH = (
    INDEX
    + """
        %keep = arith.cmpi ugt, %n, %j : index"""
)
SIGNED_LENGTH = (
    INDEX
    + """
        %keep = arith.cmpi sgt, %n, %j : index"""
)
PADDED = """
        %d = arith.cmpi sle, %j, %i : index
        %keep = arith.andi %d, %there_ : i1"""
TILES = """
        %c = arith.constant 50 : index
        %x = arith.floordivsi %i, %c : index
        %y = arith.divsi %j, %c : index
        %differ = arith.cmpi ne, %x, %y : index
        %true = arith.constant true
        %keep = arith.xori %differ, %true : i1"""
DIAGONAL = """
        %keep = arith.cmpi eq, %i, %j : index"""
CHOICE = (
    INDEX
    + """
        %first = arith.cmpi slt, %i, %n : index
        %a = arith.cmpi slt, %j, %n : index
        %d = arith.cmpi sge, %j, %n : index
        %keep = arith.select %first, %a, %d : i1"""
)
PRODUCT = """
        %c = arith.constant -2 : index
        %x = arith.muli %i, %c : index
        %y = arith.maxsi %x, %c : index
        %z = arith.addi %y, %j : index
        %c9 = arith.constant 9 : index
        %w = arith.minsi %z, %c9 : index
        %keep = arith.cmpi ne, %w, %c9 : index"""
WRAPPED = """
        %low = arith.trunci %at_ : i64 to i32
        %x = arith.index_cast %j : index to i32
        %y = arith.subi %x, %low : i32
        %zero = arith.constant 0 : i32
        %keep = arith.cmpi slt, %y, %zero : i32"""
PER_HEAD = """
        %c = arith.constant 40 : index
        %n = arith.muli %h, %c : index
        %low = arith.addi %i, %n : index
        %keep = arith.cmpi sle, %j, %low : index"""
NOTHING = """
        %keep = arith.constant false"""

AT = (("at", "tensor<i64>", ""),)
MASKS = (
    Mask("causal", CAUSAL, lambda i, j, c: j <= i),
    Mask("unsigned causal", UNSIGNED_CAUSAL, lambda i, j, c: j <= i),
    Mask("unsigned window", UNSIGNED_WINDOW, lambda i, j, c: (j > i - 31) & (j <= i)),
    Mask("remainder", REMAINDER, lambda i, j, c: j // 7 <= i % 7),
    Mask("future", FUTURE, lambda i, j, c: i < j),
    Mask("window", WINDOW, lambda i, j, c: (j >= i - 30) & (j <= i)),
    Mask("prefix", PREFIX, lambda i, j, c: (j < c["at"]) | (i >= j), AT),
    Mask("length", LENGTH, lambda i, j, c: np.broadcast_to(j < c["at"], (len(i), j.size)), AT),
    Mask("signed length", SIGNED_LENGTH,
         lambda i, j, c: np.broadcast_to(j < c["at"], (len(i), j.size)), AT),
    Mask("padded", PADDED, lambda i, j, c: (j <= i) & c["there"][None, :],
         (("there", "tensor<?xi1>", "j"),)),
    Mask("tiles", TILES, lambda i, j, c: i // 50 == j // 50),
    Mask("diagonal", DIAGONAL, lambda i, j, c: i == j),
    Mask("choice", CHOICE, lambda i, j, c: np.where(i < c["at"], j < c["at"], j >= c["at"]), AT),
    Mask("product", PRODUCT, lambda i, j, c: np.minimum(np.maximum(-2 * i, -2) + j, 9) != 9),
    Mask("wrapped", WRAPPED,
         lambda i, j, c: np.broadcast_to((j - c["at"]).astype(np.int32) < 0, (len(i), j.size)), AT),
    Mask("nothing", NOTHING, lambda i, j, c: np.zeros((len(i), j.size), bool)),
)  # fmt: skip


def expected(q: Array, k: Array, v: Array, keep: Array) -> Array:
    scores = np.where(keep, q.astype(np.float64) @ k.astype(np.float64).swapaxes(-1, -2) * 0.25,
                      -np.inf)  # fmt: skip
    weights = np.exp(scores - np.max(scores, axis=-1, keepdims=True, initial=-1e300))
    total = weights.sum(axis=-1, keepdims=True)
    return np.nan_to_num(weights / np.where(total == 0, 1, total)) @ v.astype(np.float64)


def check(module: fovea.Module, mask: Mask, queries: int, keys: int, at: int) -> None:
    rng = np.random.default_rng(queries * 1000 + keys)
    q = rng.standard_normal((1, HEADS, queries, DEPTH)).astype(np.float32)
    k, v = rng.standard_normal((2, 1, HEADS, keys, DEPTH)).astype(np.float32)
    captures = {"at": np.array(at), "there": rng.random(keys) < 0.7}
    used = {name: captures[name] for name, _, _ in mask.captures}
    i, j = np.arange(queries)[:, None], np.arange(keys)[None, :]
    keep = mask.keep(i, j, captures)
    want = expected(q, k, v, keep)
    unread = ~keep.any(axis=0)
    v[:, :, unread] = np.nan
    k[:, :, unread] = np.nan
    got = module(q=q, k=k, v=v, **used)["result0"]
    limit = 2e-6 * max(1.0, np.abs(want).max()) * np.sqrt(DEPTH)
    assert np.abs(got - want).max() <= limit


@pytest.mark.parametrize("tile", [[1, 14], [3, 4], [7, 2], [10, 1], [13, 1]], ids=str)
@pytest.mark.parametrize("target", ["host", "x86-64-v3"])
def test_any_tile_of_a_schedule_cuts_blocks_that_agree(tile: list[int], target: str) -> None:
    """Blocks of keys, and the parts that are cut off, are whole numbers of the tile's rows."""
    mask = next(mask for mask in MASKS if mask.name == "window")
    text = mask.text().replace("{scale", f"{{schedule = #fovea.schedule<tiles = {tile}>, scale")
    module = fovea.compile(text, target=target)
    for queries, keys in SIZES:
        check(module, mask, queries, keys, 0)


@pytest.mark.parametrize("mask", MASKS, ids=lambda mask: mask.name)
@pytest.mark.parametrize("target", ["host", "x86-64-v3"])
def test_blocks_agree_with_float64(mask: Mask, target: str) -> None:
    module = fovea.compile(mask.text(), target=target)
    for queries, keys in SIZES:
        for at in mask.values():
            check(module, mask, queries, keys, at)


def test_heads_have_masks_of_their_own() -> None:
    module = fovea.compile(Mask("per head", PER_HEAD, lambda i, j, c: j <= i).text())
    keep = [np.arange(200)[None, :] <= np.arange(150)[:, None] + 40 * h for h in range(HEADS)]
    per_head = Mask("", PER_HEAD, lambda i, j, c: np.stack(keep))
    rng = np.random.default_rng(7)
    q = rng.standard_normal((1, HEADS, 150, DEPTH)).astype(np.float32)
    k, v = rng.standard_normal((2, 1, HEADS, 200, DEPTH)).astype(np.float32)
    got = module(q=q, k=k, v=v)["result0"]
    want = expected(q, k, v, per_head.keep(np.zeros(0), np.zeros(0), {}))
    assert np.abs(got - want).max() <= 2e-5


def test_a_causal_region_by_hand_is_the_artefact_of_causal(tmp_path: Path) -> None:
    """Faults name lines: the attention stands on the same one in both."""
    zero = "%c0 = arith.constant 0 : index\n  %c2 = arith"
    by_hand = Mask("", CAUSAL, lambda i, j, c: j <= i).text().replace("%c2 = arith", zero)
    sugar = re.sub(r" mask \{.*?\n      \}", "", by_hand, flags=re.DOTALL)
    sugar = sugar.replace("outs(%o", "offset(%c0) causal outs(%o")
    assert "causal" in sugar
    artefacts = []
    for name, text in (("hand", by_hand), ("sugar", sugar)):
        fovea.compile(text).save(tmp_path / name)
        artefacts.append((tmp_path / name).read_bytes())
    assert artefacts[0] == artefacts[1]
