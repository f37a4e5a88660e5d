"""Every row of the table of products that this machine has, on sizes around those of its tiles."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import ctypes
import json
import mmap
from pathlib import Path

import fovea
import numpy as np
import pytest
from build_tree import ROOT, require
from build_tree import fovea as run_fovea
from product_cases import (
    BF16,
    EMULATED,
    EXECUTED,
    Array,
    bias_of,
    check,
    compiled,
    program,
    usable,
    values,
)

# Fewer rows than tiles take, parts of one and of two tiles, and more than a task's strips.
ROWS = (1, 3, 5, 16, 19, 32, 33, 47, 70, 530)
COLUMNS = (1, 5, 16, 33, 70)
# Parts of a word, of a step, whole steps, and more than what is copied at a time.
DEPTHS = (1, 3, 32, 65, 128, 1031)
LONG = 4101
# More columns than a task takes whose panels share strips of rows.
WIDE = (600, 70)


OF_THE_RUN = """
!x = tensor<3x?xf32>
!w = tensor<?x?xf32>
func.func @main(%x: !x {fovea.name = "x", fovea.shape = ["", "K"]},
    %w: !w {fovea.name = "w", fovea.shape = ["K", "N"]},
    %b: tensor<?xf32> {fovea.name = "b", fovea.shape = ["N"]}) -> (!x {fovea.name = "y"}) {
  %c1 = arith.constant 1 : index
  %n = tensor.dim %w, %c1 : !w
  %o = tensor.empty(%n) : !x
  %y = fovea.contract ins(%x, %w : !x, !w) captures(%b : tensor<?xf32>) outs(%o : !x)
      {indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (k, n)>,
                        affine_map<(m, n, k) -> (n)>, affine_map<(m, n, k) -> (m, n)>]} epilogue {
      ^bb0(%sum: f32, %bias: f32):
        %z = arith.addf %sum, %bias : f32
        fovea.yield %z : f32
      } -> !x
  return %y : !x
}
"""
# Rows and columns of products with a matrix of the run, and what they sum: tiles of one to eight
# rows, several tasks, panels with vectors and columns left over, blocks of the depth with a rest.
STREAMED = ((1, 17, 64), (2, 130, 96), (3, 1100, 32), (4, 64, 2080), (5, 333, 160), (6, 48, 544),
            (7, 16, 1056), (8, 210, 1568))  # fmt: skip


def form_of_columns(row: str, m: int | str, n: int) -> str:
    """The form of a product with a matrix [K, N] of the run."""
    lanes = 8 if row == "avx2" else 16
    return "streamed_product" if m != "?" and m <= 8 and n >= lanes else "panel_product"


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
            form = "panel_product" if row == "amx-bf16" and m in (1, 2) else ""
            if not packed and (form or EXECUTED[row][2] == "panel_product"):
                form = form_of_columns(row, m, n)
            module = compiled(program(kind, shapes, packed), tmp_path, row, w, form)
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


@pytest.mark.parametrize("kind", ["f32", "bf16", "f16"])
@pytest.mark.parametrize("row", ["avx512", "avx2"])
def test_few_rows_stream_a_matrix_of_the_run(row: str, kind: str, tmp_path: Path) -> None:
    """Both orders of the matrix; of [K, N] depths that are no multiple of anything as well."""
    usable(row)
    rng = np.random.default_rng(12)
    for m, n, k in STREAMED if kind == "f32" else (STREAMED[place] for place in (0, 3, 7)):
        bias = {"b": bias_of(kind, n)}
        for depth in (k, k - 27):
            shapes = {"x": f"{m}x{depth}", "w": f"{depth}x{n}", "n": str(n), "y": f"{m}x{n}"}
            w = before_a_hole(values(rng, kind, depth, n))
            text = program(kind, shapes, False)
            module = compiled(text, tmp_path, row, w, "streamed_product")
            check(module, kind, before_a_hole(values(rng, kind, m, depth)), w, bias | {"w": w})
        shapes = {"x": f"2x{m}x{k}", "w": f"2x{n}x{k}", "n": str(n), "y": f"2x{m}x{n}"}
        w = before_a_hole(values(rng, kind, 2, n, k))
        text = program(kind, shapes, False, batch=True)
        module = compiled(text, tmp_path, row, w, "streamed_product")
        x = before_a_hole(values(rng, kind, 2, m, k))
        check(module, kind, x, w.transpose(0, 2, 1), bias | {"w": w})


@pytest.mark.parametrize("row", ["avx512", "avx2"])
def test_columns_and_depths_that_the_run_says(row: str, tmp_path: Path) -> None:
    usable(row)
    rng = np.random.default_rng(13)
    (tmp_path / "model.mlir").write_text(OF_THE_RUN)
    module = fovea.compile(tmp_path / "model.mlir", target=EXECUTED[row][0])
    assert [kernel["form"] for kernel in module.ledger["kernels"]] == ["streamed_product"]
    for n, k in ((1, 5), (15, 33), (64, 8), (100, 1), (1030, 70), (513, 1030)):
        x, w = values(rng, "f32", 3, k), before_a_hole(values(rng, "f32", k, n))
        check(module, "f32", x, w, {"w": w, "b": bias_of("f32", n)})


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
    kind = EXECUTED[row][1]
    rng = np.random.default_rng(11)
    w = values(rng, kind, 130, 40)
    shapes = {"x": "?x130", "w": "130x40", "n": "40", "y": "?x40"}
    module = compiled(program(kind, shapes, True), tmp_path, row, w, optimization=0)
    for count in (3, 50):
        check(module, kind, values(rng, kind, count, 130), w, {"b": bias_of(kind, 40)})


@pytest.mark.parametrize("row", [row for row in EXECUTED if EXECUTED[row][1] == "bf16"])
def test_subnormal_numbers_count_as_zero(row: str, tmp_path: Path) -> None:
    """As docs/Rationale/Products.md says of these instructions."""
    usable(row)
    shapes = {"x": "20x32", "w": "32x16", "n": "16", "y": "20x16"}
    x, w = np.full((20, 32), 2.0**-130, BF16), np.full((32, 16), 2.0**100, BF16)
    text, zeros = program("bf16", shapes, True), np.zeros(16, np.float32)
    module = compiled(text, tmp_path, row, w)
    assert (np.asarray(module(x=x, b=zeros)["y"]) == 0).all()
    # Multiply-adds of f32 do not lose them.
    (tmp_path / "model.mlir").write_text(text)
    module = fovea.compile(tmp_path / "model.mlir", target="x86-64-v4")
    assert (np.asarray(module(x=x, b=zeros)["y"]) == 2.0**-25).all()


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
        form = form_of_columns(row, m, n) if EXECUTED[row][2] == "panel_product" else ""
        module = compiled(program(kind, shapes, False), tmp_path, row, w, form)
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
