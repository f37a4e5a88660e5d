"""Contractions whose maps read an operand as the panels of packed weights, or nearly so.

Such an operand has no column sums, no zeros behind its columns and depth, and any strides.
"""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import fovea
import numpy as np
import pytest
from product_cases import NUMPY, Array, by_form, usable

TARGETS = {"i8": ("x86-64-v4+avx512vnni", "x86-64-v4+amx-int8", "x86-64-v4"),
           "bf16": ("x86-64-v4+avx512bf16", "x86-64-v4+amx-bf16", "x86-64-v4"),
           "f32": ("x86-64-v4", "x86-64-v3")}  # fmt: skip

# Where element (k, n) of the columns lies, as an affine map and as indices of numpy.
Place = Callable[[Array, Array], tuple[Array, ...]]
WORDS = {group: (f"n floordiv 16, k floordiv {group}, n mod 16, k mod {group}",
                 lambda k, n, group=group: (n // 16, k // group, n % 16, k % group))
         for group in (2, 4)}  # fmt: skip
PANELS = ("n floordiv 16, k, n mod 16", lambda k, n: (n // 16, k, n % 16))
DEPTH_FIRST = ("k, n floordiv 16, n mod 16", lambda k, n: (k, n // 16, n % 16))
# Whose vectors lie evenly, so that instructions of vectors can take them.
EVEN = [WORDS[2][0], PANELS[0], DEPTH_FIRST[0]]
NARROW = ("n floordiv 4, k, n mod 4", lambda k, n: (n // 4, k, n % 4))
PAIRS = ("k, n floordiv 2", lambda k, n: (k, n // 2))


def program(
    kind: str, rows: str, shapes: dict[str, tuple[int, ...]], columns: str, bias: str = "n"
) -> str:
    """y = x w + b in the type of sums, all of them inputs."""
    total = "i32" if kind == "i8" else "f32"
    x, w, y, b = (f"tensor<{'x'.join(map(str, shapes[name]))}x{total if name in 'yb' else kind}>"
                  for name in "xwyb")  # fmt: skip
    add = "addi" if kind == "i8" else "addf"
    return "\n".join([
        f'func.func @main(%x: {x} {{fovea.name = "x"}}, %w: {w} {{fovea.name = "w"}},',
        f'    %b: {b} {{fovea.name = "b"}}) -> ({y} {{fovea.name = "y"}}) {{',
        f"  %o = tensor.empty() : {y}",
        f"  %y = fovea.contract ins(%x, %w : {x}, {w}) captures(%b : {b}) outs(%o : {y})",
        f"    {{indexing_maps = [affine_map<(m, n, k) -> ({rows}, k)>,",
        f"    affine_map<(m, n, k) -> ({columns})>, affine_map<(m, n, k) -> ({bias})>,",
        "    affine_map<(m, n, k) -> (m, n)>]} epilogue {",
        f"    ^bb0(%sum: {total}, %bias: {total}):",
        f"      %z = arith.{add} %sum, %bias : {total}",
        f"      fovea.yield %z : {total}",
        f"    }} -> {y}",
        f"  return %y : {y}",
        "}",
    ])  # fmt: skip


def values(kind: str, shape: tuple[int, ...]) -> Array:
    rng = np.random.default_rng(3)
    if kind == "i8":
        return rng.integers(-128, 128, shape).astype(np.int8)
    return rng.integers(-4, 5, shape).astype(NUMPY[kind])


def check(kind: str, target: str, layout: tuple[str, Place], folder: Path, halve: bool) -> None:
    """Small integers, whose sums are exact in every type."""
    for row in target.split("+")[1:]:
        usable(row)
    columns, place = layout
    for m, k, n in ((7, 8, 5), (40, 5, 37), (33, 70, 48)):
        ks, ns = np.arange(k)[:, None], np.arange(n)[None, :]
        at = np.broadcast_arrays(*place(ks, ns))
        w = values(kind, tuple(int(index.max()) + 1 for index in at[:-1]) + (last_of(layout, at),))
        by = 2 if halve else 1
        x = values(kind, (-(-m // by), k))
        b = np.arange(-(-n // by)).astype(np.int32 if kind == "i8" else np.float32)
        shapes = {"x": x.shape, "w": w.shape, "b": b.shape, "y": (m, n)}
        halves = ("m floordiv 2", "n floordiv 2") if halve else ("m", "n")
        text = program(kind, halves[0], shapes, columns, halves[1])
        if "avx512bf16" in target and layout[0] in EVEN:
            text = by_form(text, "dot_product")
        (folder / "m.mlir").write_text(text)
        module = fovea.compile(folder / "m.mlir", target=target)
        sums = x.astype(np.int64)[np.arange(m) // by] @ w.astype(np.int64)[tuple(at)]
        want = sums + b.astype(np.int64)[np.arange(n) // by]
        assert np.array_equal(np.asarray(module(x=x, w=w, b=b)["y"]).astype(np.int64), want)


def last_of(layout: tuple[str, Place], at: list[Array]) -> int:
    """Panels are whole, also behind the last column."""
    modulus = layout[0].rsplit(" mod ", 1)[1:]
    return int(modulus[0]) if modulus else int(at[-1].max()) + 1


@pytest.mark.parametrize(
    "kind, target", [(k, t) for k, targets in TARGETS.items() for t in targets]
)
@pytest.mark.parametrize("layout", ["words", "panels", "depth-first", "narrow", "pairs"])
def test_any_map_of_columns(layout: str, kind: str, target: str, tmp_path: Path) -> None:
    layouts = {"words": WORDS[2 if kind == "bf16" else 4], "panels": PANELS,
               "depth-first": DEPTH_FIRST, "narrow": NARROW, "pairs": PAIRS}  # fmt: skip
    check(kind, target, layouts[layout], tmp_path, halve=False)


@pytest.mark.parametrize("kind", TARGETS)
def test_rows_and_captures_that_occur_twice(kind: str, tmp_path: Path) -> None:
    for target in TARGETS[kind]:
        check(kind, target, ("k, n", lambda k, n: (k, n)), tmp_path, halve=True)
