"""Every row of the table of products that this machine has, on sizes around those of its tiles."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import ctypes
import json
import mmap
from pathlib import Path

import fovea
import ml_dtypes
import numpy as np
import pytest
from build_tree import ROOT, require
from build_tree import fovea as run_fovea

Array = np.ndarray
BF16 = np.dtype(ml_dtypes.bfloat16)

# The rows that the tests of this file execute where the processor has them, with their targets.
# They are the proven ones: whoever adds a row here has seen it run.
EXECUTED = {
    "amx-bf16": ("x86-64-v4+amx-bf16", "bf16", "tile_product"),
    "avx512bf16": ("x86-64-v4+avx512bf16", "bf16", "dot_product"),
    "amx-int8": ("x86-64-v4+amx-int8", "i8", "tile_product"),
    "avx512vnni": ("x86-64-v4+avx512vnni", "i8", "dot_product"),
    "avx512": ("x86-64-v4", "f32", "panel_product"),
    "avx2": ("x86-64-v3", "f32", "panel_product"),
}
# Those that an emulator executes.
EMULATED = {"neon": "test/Emulation/test_emulated_products.py"}
FLAGS = {"amx-bf16": "amx_bf16", "avx512bf16": "avx512_bf16", "amx-int8": "amx_int8",
         "avx512vnni": "avx512_vnni", "avx512": "avx512vl", "avx2": "avx2"}  # fmt: skip
NUMPY = {"f32": np.dtype(np.float32), "bf16": BF16, "i8": np.dtype(np.int8)}

# Fewer rows than tiles take, parts of one and of two tiles, and more than a task's strips.
ROWS = (1, 4, 5, 16, 19, 32, 33, 47, 70, 530)
COLUMNS = (1, 5, 16, 33, 70)
# Parts of a word, of a step, whole steps, and more than what is copied at a time.
DEPTHS = (1, 3, 32, 65, 128, 1031)
LONG = 4101
# More columns than a task takes whose panels share strips of rows.
WIDE = (600, 70)


def usable(row: str) -> None:
    """Skips a row whose instructions this machine lacks."""
    if FLAGS[row] not in Path("/proc/cpuinfo").read_text().split():
        pytest.skip(f"this processor has no {FLAGS[row]}")


def program(kind: str, shapes: dict[str, str], weight: bool, batch: bool = False) -> str:
    """y = x w + b in the type of sums, w an input or a weight, transposed when a batch has it."""
    total = "i32" if kind == "i8" else "f32"
    add = "addi" if kind == "i8" else "addf"
    dims, outer = ("g, m, n, k", "g, ") if batch else ("m, n, k", "")
    inner = "n, k" if batch else "k, n"
    x, w, y = (f"tensor<{shapes[name]}x{kind if name != 'y' else total}>" for name in "xwy")
    sizes = [f"%d{place} = tensor.dim %x, %c{place} : {x}"
             for place in range(2) if shapes["x"].split("x")[place] == "?"]  # fmt: skip
    dynamic = ", ".join(line.split()[0] for line in sizes)
    given = f'%w: {w} {{fovea.name = "w"}}, ' if not weight else ""
    return "\n".join([
        f'fovea.weight @w from "w.bin" : {w}' if weight else "",
        f'func.func @main(%x: {x} {{fovea.name = "x"{names(shapes["x"])}}}, {given}'
        f'%b: tensor<{shapes["n"]}x{total}> {{fovea.name = "b"}})'
        f' -> ({y} {{fovea.name = "y"}}) {{',
        *(f"  %c{place} = arith.constant {place} : index" for place in range(2)),
        *(f"  {line}" for line in sizes),
        f"  %w = fovea.get_weight @w : {w}" if weight else "",
        f"  %o = tensor.empty({dynamic}) : {y}",
        f"  %y = fovea.contract ins(%x, %w : {x}, {w})",
        f"    captures(%b : tensor<{shapes['n']}x{total}>)",
        f"    outs(%o : {y}) {{indexing_maps = [affine_map<({dims}) -> ({outer}m, k)>,",
        f"    affine_map<({dims}) -> ({outer}{inner})>, affine_map<({dims}) -> (n)>,",
        f"    affine_map<({dims}) -> ({outer}m, n)>]}} epilogue {{",
        f"    ^bb0(%sum: {total}, %bias: {total}):",
        f"      %z = arith.{add} %sum, %bias : {total}",
        f"      fovea.yield %z : {total}",
        f"    }} -> {y}",
        f"  return %y : {y}",
        "}",
    ])  # fmt: skip


def names(shape: str) -> str:
    extents = shape.split("x")
    if "?" not in extents:
        return ""
    listed = ", ".join('"M"' if extent == "?" else '""' for extent in extents)
    return f", fovea.shape = [{listed}]"


def values(rng: np.random.Generator, kind: str, *shape: int) -> Array:
    if kind == "i8":
        return rng.integers(-128, 128, shape).astype(np.int8)
    return rng.standard_normal(shape).astype(NUMPY[kind])


def check(module: fovea.Module, kind: str, x: Array, w: Array, inputs: dict[str, Array]) -> None:
    """Integers are exact; floats as near to float64 as sums in f32 come."""
    bias = inputs["b"]
    got = np.asarray(module(x=x, **inputs)["y"])
    if kind == "i8":
        assert np.array_equal(got, x.astype(np.int64) @ w.astype(np.int64) + bias)
        return
    wide, by = x.astype(np.float64), w.astype(np.float64)
    want, terms = wide @ by + bias, np.abs(wide) @ np.abs(by) + np.abs(bias)
    bound = 2.0**-24 * np.sqrt(w.shape[-2]) * terms * 2 + 3 * 2.0**-24 * np.abs(want)
    assert (np.abs(got.astype(np.float64) - want) <= bound).all()


def compiled(text: str, folder: Path, row: str, w: Array, few: bool = False) -> fovea.Module:
    """The program for the row's target; it is computed by the row's form."""
    target, _, form = EXECUTED[row]
    (folder / "w.bin").write_bytes(w.tobytes())
    (folder / "model.mlir").write_text(text)
    module = fovea.compile(folder / "model.mlir", target=target)
    forms = [kernel["form"] for kernel in module.ledger["kernels"]]
    assert forms == [form] or (few and forms == ["panel_product"] and row == "amx-bf16"), forms
    return module


def bias_of(kind: str, columns: int) -> Array:
    return (np.arange(columns) * 3 - 7).astype(np.int32 if kind == "i8" else np.float32)


@pytest.mark.parametrize("packed", [True, False], ids=["weight", "input"])
@pytest.mark.parametrize("row", EXECUTED)
def test_products_agree_with_the_oracle(row: str, packed: bool, tmp_path: Path) -> None:
    usable(row)
    kind = EXECUTED[row][1]
    rng = np.random.default_rng(7)
    cases = [*((n, k) for n in COLUMNS for k in DEPTHS), (33, LONG), WIDE]
    for place, (n, k) in enumerate(cases):
        w = values(rng, kind, k, n)
        # Every number of rows meets every width and every depth over the places.
        for m in (ROWS[place % len(ROWS)], ROWS[(place + 5) % len(ROWS)], "?"):
            shapes = {"x": f"{m}x{k}", "w": f"{k}x{n}", "n": str(n), "y": f"{m}x{n}"}
            module = compiled(program(kind, shapes, packed), tmp_path, row, w, m in (1, 2, 3))
            inputs = {"b": bias_of(kind, n)} | ({} if packed else {"w": w})
            for count in (m,) if m != "?" else (1, 3, 23, 90):
                check(module, kind, values(rng, kind, count, k), w, inputs)


@pytest.mark.parametrize("row", EXECUTED)
def test_batches_of_transposed_columns(row: str, tmp_path: Path) -> None:
    usable(row)
    kind = EXECUTED[row][1]
    rng = np.random.default_rng(8)
    for m, n, k in ((5, 9, 7), (33, 40, 70), (64, 64, 64)):
        shapes = {"x": f"3x{m}x{k}", "w": f"3x{n}x{k}", "n": str(n), "y": f"3x{m}x{n}"}
        w = values(rng, kind, 3, n, k)
        module = compiled(program(kind, shapes, False, batch=True), tmp_path, row, w)
        inputs = {"b": bias_of(kind, n), "w": w}
        check(module, kind, values(rng, kind, 3, m, k), w.transpose(0, 2, 1), inputs)


@pytest.mark.parametrize("row", [row for row in EXECUTED if EXECUTED[row][1] == "bf16"])
def test_what_lies_behind_rows_and_columns_does_not_count(row: str, tmp_path: Path) -> None:
    """NaN in the rows and columns of others, and behind an odd depth, stays where it is."""
    usable(row)
    rng = np.random.default_rng(9)
    shapes = {"x": "40x37", "w": "37x33", "n": "33", "y": "40x33"}
    x, w = values(rng, "bf16", 40, 37), values(rng, "bf16", 37, 33)
    x[7], w[:, 11] = np.nan, np.nan
    inputs = {"b": bias_of("bf16", 33)}
    module = compiled(program("bf16", shapes, True), tmp_path, row, w)
    got = np.isnan(np.asarray(module(x=x, **inputs)["y"]))
    want = np.zeros((40, 33), bool)
    want[7], want[:, 11] = True, True
    assert np.array_equal(got, want)


@pytest.mark.parametrize("row", EXECUTED)
def test_code_that_is_not_optimized(row: str, tmp_path: Path) -> None:
    usable(row)
    target, kind, _ = EXECUTED[row]
    rng = np.random.default_rng(11)
    w = values(rng, kind, 130, 40)
    (tmp_path / "w.bin").write_bytes(w.tobytes())
    shapes = {"x": "?x130", "w": "130x40", "n": "40", "y": "?x40"}
    (tmp_path / "model.mlir").write_text(program(kind, shapes, True))
    module = fovea.compile(tmp_path / "model.mlir", target=target, optimization=0)
    for count in (3, 50):
        check(module, kind, values(rng, kind, count, 130), w, {"b": bias_of(kind, 40)})


@pytest.mark.parametrize("row", [row for row in EXECUTED if EXECUTED[row][1] == "bf16"])
def test_subnormal_numbers_count_as_zero(row: str, tmp_path: Path) -> None:
    """As docs/Rationale/Products.md says of these instructions."""
    usable(row)
    shapes = {"x": "20x32", "w": "32x16", "n": "16", "y": "20x16"}
    x, w = np.full((20, 32), 2.0**-130, BF16), np.full((32, 16), 2.0**100, BF16)
    x[:, 5] = 1
    module = compiled(program("bf16", shapes, True), tmp_path, row, w)
    got = np.asarray(module(x=x, b=np.zeros(16, np.float32))["y"])
    assert (got == 2.0**100).all()
    x[:, 5] = 0
    assert (np.asarray(module(x=x, b=np.zeros(16, np.float32))["y"]) == 0).all()


def before_a_hole(array: Array) -> Array:
    """A copy that ends where a page that nobody may read begins: tiles go by AddressSanitizer."""
    size = -(-array.nbytes // mmap.PAGESIZE) * mmap.PAGESIZE
    memory = mmap.mmap(-1, size + mmap.PAGESIZE)
    start = ctypes.addressof(ctypes.c_char.from_buffer(memory))
    libc = ctypes.CDLL(None, use_errno=True)
    assert libc.mprotect(ctypes.c_void_p(start + size), mmap.PAGESIZE, 0) == 0
    copy = np.frombuffer(memory, np.uint8)[size - array.nbytes : size]
    copy = copy.view(array.dtype).reshape(array.shape)
    copy[...] = array
    return copy


@pytest.mark.parametrize("row", EXECUTED)
def test_nothing_behind_operands_is_read(row: str, tmp_path: Path) -> None:
    usable(row)
    kind = EXECUTED[row][1]
    rng = np.random.default_rng(10)
    for m, k, n in ((5, 37, 19), (33, 70, 33), ("?", 129, 47)):
        shapes = {"x": f"{m}x{k}", "w": f"{k}x{n}", "n": str(n), "y": f"{m}x{n}"}
        w = before_a_hole(values(rng, kind, k, n))
        module = compiled(program(kind, shapes, False), tmp_path, row, w)
        for count in (m,) if m != "?" else (3, 17, 35):
            x = before_a_hole(values(rng, kind, count, k))
            check(module, kind, x, w, {"b": bias_of(kind, n), "w": w})


def test_proven_rows_are_those_that_tests_execute() -> None:
    require(ROOT, "./dev build")
    rows = json.loads(run_fovea(ROOT, "doctor", "--json").stdout)["products"]
    assert {row["name"] for row in rows if row["proven"]} == {*EXECUTED, *EMULATED}
    assert all((ROOT / path).exists() for path in EMULATED.values())
    unproven = [row for row in rows if not row["proven"]]
    assert unproven, "nothing shows what becomes of unproven rows"
    text = run_fovea(ROOT, "doctor").stdout
    for row in unproven:
        assert not row["host"]
        assert f"{row['name']}: no test has executed" in text
