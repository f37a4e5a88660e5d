"""Keys and values that a mask excludes are not read: they lie in pages that nobody may touch."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import ctypes
import faulthandler
import mmap
import os
import signal
from dataclasses import dataclass, field

import fovea
import ml_dtypes
import numpy as np
import pytest

HEADS, SIZE, KEYS = 2, 64, 2048
DTYPES = {"f32": np.float32, "bf16": ml_dtypes.bfloat16}
POINT = "%b: index, %h: index, %i: index, %j: index"


@dataclass
class Mask:
    """A region's body behind its indices and captures, which are types with the dimensions that
    they have; `away` are the keys that no query keeps."""

    body: str
    away: tuple[int, int]
    captures: dict[str, tuple[str, str]] = field(default_factory=dict)
    values: dict[str, np.ndarray] = field(default_factory=dict)


def limit(predicate: str, value: int, away: tuple[int, int]) -> Mask:
    body = f"""%x = arith.index_cast %n : i64 to index
      %y = arith.cmpi {predicate}, %j, %x : index"""
    return Mask(body, away, {"n": ("tensor<i64>", "")}, {"n": np.array(value)})


def bits(kept: np.ndarray, away: tuple[int, int]) -> Mask:
    body = "%no = arith.constant false\n      %y = arith.cmpi ne, %n, %no : i1"
    return Mask(body, away, {"n": (f"tensor<{KEYS}xi1>", "j")}, {"n": kept})


def documents(queries: int) -> Mask:
    ids = {"a": np.full(queries, 3, np.int32), "c": (np.arange(KEYS) // 200).astype(np.int32)}
    types = {"a": (f"tensor<{queries}xi32>", "i"), "c": (f"tensor<{KEYS}xi32>", "j")}
    return Mask("%y = arith.cmpi eq, %a, %c : i32", (900, KEYS), types, ids)


def window(queries: int) -> Mask:
    body = """%far = arith.constant 100 : index
      %first = arith.subi %i, %far : index
      %behind = arith.cmpi sge, %j, %first : index
      %before = arith.cmpi sle, %j, %i : index
      %y = arith.andi %behind, %before : i1"""
    return Mask(body, (queries + 100, KEYS))


PLACES = np.arange(KEYS)
MASKS = {
    "lengths": lambda queries: limit("slt", 200, (300, KEYS)),
    "suffix": lambda queries: limit("sge", 1500, (0, 1400)),
    "padding": lambda queries: bits(PLACES < 200, (300, KEYS)),
    "middle": lambda queries: bits((PLACES < 200) | (PLACES > 1900), (300, 1800)),
    "documents": documents,
    "window": window,
}
NONE = Mask("%y = arith.constant true", (300, KEYS))


def program(queries: int, dtype: str, mask: Mask) -> str:
    q, k = (f"tensor<1x{HEADS}x{size}x{SIZE}x{dtype}>" for size in (queries, KEYS))
    dims = ["b, h, i, d", "b, h, j, d", "b, h, j, e",
            *(dims for _, dims in mask.captures.values()), "b, h, i, e"]  # fmt: skip
    maps = ", ".join(f"affine_map<(b, h, i, j, d, e) -> ({result})>" for result in dims)
    types = {name: kind for name, (kind, _) in mask.captures.items()}
    inputs = "".join(f', %{n}0: {t} {{fovea.name = "{n}"}}' for n, t in types.items())
    arguments = "".join(f", %{n}: {t[t.rfind('x') + 1:-1].removeprefix('tensor<')}"
                        for n, t in types.items())  # fmt: skip
    captures = f"""captures({", ".join(f"%{n}0" for n in types)} :
      {", ".join(types.values())})""" if types else ""  # fmt: skip
    return f"""
func.func @main(%q: {q} {{fovea.name = "q"}}, %k: {k} {{fovea.name = "k"}},
    %v: {k} {{fovea.name = "v"}}{inputs}) -> ({q} {{fovea.name = "y"}}) {{
  %none = tensor.empty() : {q}
  %o = fovea.attention ins(%q, %k, %v : {q}, {k}, {k}) {captures} outs(%none : {q})
      {{scale = 0.125 : f64, indexing_maps = [{maps}]}} mask {{
    ^bb0({POINT}{arguments}):
      {mask.body}
      fovea.yield %y : i1
  }} -> {q}
  return %o : {q}
}}"""


def guarded(dtype: str, away: tuple[int, int]) -> np.ndarray:
    """Rows of all heads; those of `away` are in pages without access, but for the first and last
    ones of a head, which share theirs with others."""
    kind = np.dtype(DTYPES[dtype])
    row, shape = SIZE * kind.itemsize, (1, HEADS, KEYS, SIZE)
    memory = mmap.mmap(-1, HEADS * KEYS * row)
    rows = np.frombuffer(memory, kind).reshape(shape)
    rows[...] = np.random.default_rng(1).standard_normal(shape).astype(kind)
    libc, start, page = ctypes.CDLL(None), rows.ctypes.data, mmap.PAGESIZE
    for head in range(HEADS):
        first, last = (start + (head * KEYS + key) * row for key in away)
        first, last = -(-first // page) * page, last // page * page
        assert first < last
        assert libc.mprotect(ctypes.c_void_p(first), ctypes.c_size_t(last - first), 0) == 0
    return rows


def end_of(queries: int, dtype: str, mask: Mask) -> int:
    """How a process ends that runs the program: 0, or minus the signal."""
    module = fovea.compile(program(queries, dtype, mask), threads=1)
    child = os.fork()
    if child == 0:
        code = 1
        try:
            faulthandler.disable()
            q = np.zeros((1, HEADS, queries, SIZE), DTYPES[dtype])
            keys, values = (guarded(dtype, mask.away) for _ in range(2))
            out = module(q=q, k=keys, v=values, **mask.values)
            code = 0 if np.isfinite(np.asarray(out["y"], np.float32)).all() else 1
        finally:
            # Nothing of the session goes on in the child.
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("queries", [1, 4, 200])
@pytest.mark.parametrize("mask", MASKS)
def test_excluded_keys_are_not_read(mask: str, queries: int, dtype: str) -> None:
    assert end_of(queries, dtype, MASKS[mask](queries)) == 0


def test_keys_that_are_kept_are_read() -> None:
    assert end_of(4, "f32", NONE) == -signal.SIGSEGV
