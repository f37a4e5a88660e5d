"""Compiled kernels stay within their buffers, whatever indices and lengths the data holds."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path

import checked
import numpy as np
import programs
import pytest
from build_tree import ALL
from small_models import gather

SAMPLE = 60 if ALL else 8
Start = Callable[[], checked.Checked]
Values = dict[str, np.ndarray]


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = checked.build_host(tmp_path_factory.mktemp("host"), "-fsanitize=address")
    if path is None:
        pytest.skip("clang-22 with the runtime of AddressSanitizer is missing")
    return path


@pytest.fixture
def start(host: Path, tmp_path: Path) -> Start:
    return lambda: checked.Checked(host, tmp_path)


# A row of x from an index in the data.
SLICE = """
func.func @main(%x: tensor<9x8xf32> {fovea.name = "x"}, %at: tensor<i64> {fovea.name = "at"})
    -> tensor<1x8xf32> {
  %raw = tensor.extract %at[] : tensor<i64>
  %k = arith.index_cast %raw : i64 to index
  %y = tensor.extract_slice %x[%k, 0] [1, 8] [1, 1] : tensor<9x8xf32> to tensor<1x8xf32>
  return %y : tensor<1x8xf32>
}
"""


# Decoding from a pool of 5 pages.
PAGES = """
func.func @main(%q: tensor<2x2x3x16xf32> {fovea.name = "q"},
    %k: tensor<5x16x2x16xf32> {fovea.name = "k"}, %n: tensor<2xi32> {fovea.name = "n"},
    %p: tensor<2x2xi32> {fovea.name = "pages"}) -> tensor<2x2x3x16xf32> {
  %o = tensor.empty() : tensor<2x2x3x16xf32>
  %r = fovea.attention
      ins(%q, %k, %k : tensor<2x2x3x16xf32>, tensor<5x16x2x16xf32>, tensor<5x16x2x16xf32>)
      lengths(%n : tensor<2xi32>) pages(%p : tensor<2x2xi32>) outs(%o : tensor<2x2x3x16xf32>)
      {indexing_maps = [affine_map<(b, h, i, j, d, e) -> (b, h, i, d)>,
                        affine_map<(b, h, i, j, d, e) -> (j floordiv 16, j mod 16, h, d)>,
                        affine_map<(b, h, i, j, d, e) -> (j floordiv 16, j mod 16, h, e)>,
                        affine_map<(b, h, i, j, d, e) -> (b, h, i, e)>]} -> tensor<2x2x3x16xf32>
  return %r : tensor<2x2x3x16xf32>
}
"""
# Two sequences of 8 queries and keys together.
SEQUENCES = """
func.func @main(%x: tensor<1x8x2x20xf32> {fovea.name = "x"},
    %s: tensor<3xi64> {fovea.name = "starts"}, %t: tensor<3xi64> {fovea.name = "keys"})
    -> tensor<1x8x2x20xf32> {
  %at = arith.constant 0 : index
  %o = tensor.empty() : tensor<1x8x2x20xf32>
  %r = fovea.attention
      ins(%x, %x, %x : tensor<1x8x2x20xf32>, tensor<1x8x2x20xf32>, tensor<1x8x2x20xf32>)
      sequences(%s, %t : tensor<3xi64>, tensor<3xi64>) offset(%at) causal
      outs(%o : tensor<1x8x2x20xf32>)
      {indexing_maps = [affine_map<(b, h, i, j, d, e) -> (b, i, h, d)>,
                        affine_map<(b, h, i, j, d, e) -> (b, j, h, d)>,
                        affine_map<(b, h, i, j, d, e) -> (b, j, h, e)>,
                        affine_map<(b, h, i, j, d, e) -> (b, i, h, e)>]} -> tensor<1x8x2x20xf32>
  return %r : tensor<1x8x2x20xf32>
}
"""


def write(model: str, folder: Path) -> Path:
    """A model of the corpus by its name, or MLIR text."""
    if "\n" in model:
        (folder / "model.mlir").write_text(model)
        return folder / "model.mlir"
    pytest.importorskip("onnx")
    import corpus_onnx
    import onnx

    onnx.save(corpus_onnx.MODELS[model](), folder / f"{model}.onnx")
    return folder / f"{model}.onnx"


RNG = np.random.default_rng(1)
TOKENS = {"ids": np.arange(6).reshape(2, 3) + 14, "mask": np.zeros((2, 1, 1, 3), np.float32)}
PLACES = {"x": RNG.standard_normal((4, 6)).astype("f4"), "at": np.arange(12).reshape(4, 3) % 4}
ROW = {"x": RNG.standard_normal((9, 8)).astype("f4"), "at": np.array([4])}
STEPS = {"x": RNG.standard_normal((5, 2, 4)).astype("f4"), "lengths": np.array([5, 0], np.int32)}
POOL = {
    "q": RNG.standard_normal((2, 2, 3, 16)).astype("f4"), "n": np.array([20, 32], np.int32),
    "k": RNG.standard_normal((5, 16, 2, 16)).astype("f4"),
    "pages": np.array([[4, 0], [1, 4]], np.int32),
}  # fmt: skip
PACKED = {
    "x": RNG.standard_normal((1, 8, 2, 20)).astype("f4"),
    "starts": np.array([0, 3, 8]), "keys": np.array([0, 5, 8]),
}  # fmt: skip


def replaced(values: Values, name: str, number: int) -> Values:
    """The values with one element, in the middle, out of range."""
    changed = values[name].copy()
    changed.flat[changed.size // 2] = number
    return values | {name: changed}


# Model, good values, sizes, the input that goes wrong, and numbers that are out of range.
CASES = {
    "token_ids": ("transformer", TOKENS, {"b": 2, "s": 3}, "ids", [20, -21, 10**9, -(2**40)]),
    "gather_and_scatter": ("indexing", PLACES, {}, "at", [6, -7, 2**31, 2**62]),
    "lengths": ("recurrent", STEPS, {}, "lengths", [6, -1, 2**31 - 1]),
    "slice": (SLICE, ROW, {}, "at", [9, -1, 2**40, -(2**63)]),
    "pages": (PAGES, POOL, {}, "pages", [5, -1, 2**31 - 1]),
    "sequences": (SEQUENCES, PACKED, {}, "starts", [9, -1, 2**40]),
}
# Lengths mask rows, and a page that is none is taken for one: without their checks results are
# wrong, but no address is.
MASKED = ("lengths", "pages")


@pytest.mark.parametrize("case", CASES)
def test_data_in_range_runs_clean(start: Start, tmp_path: Path, case: str) -> None:
    model, values, sizes, *_ = CASES[case]
    run = start()
    run.compile(write(model, tmp_path))
    assert run.run(values, sizes) == (0, "ended\n")


@pytest.mark.parametrize("case", CASES)
def test_data_out_of_range_is_a_fault_with_its_value(
    start: Start, tmp_path: Path, case: str
) -> None:
    model, values, sizes, name, numbers = CASES[case]
    run = start()
    run.compile(write(model, tmp_path))
    for number in numbers:
        code, text = run.run(replaced(values, name, number), sizes)
        assert code == 5, text
        assert f"value {number} limit" in text


@pytest.mark.parametrize("case", [case for case in CASES if case not in MASKED])
def test_a_removed_check_is_found(start: Start, tmp_path: Path, case: str) -> None:
    model, values, sizes, name, numbers = CASES[case]
    run = start()
    run.compile(run.unchecked(write(model, tmp_path)))
    assert run.run(values, sizes)[0] == 0
    # Just behind the last row, where a table of its own has no other bytes around it.
    code, text = run.run(replaced(values, name, numbers[0] + 500), sizes)
    assert code == checked.FOUND, text
    assert "AddressSanitizer" in text


def test_slices_by_bounds_from_data_run_clean(start: Start, tmp_path: Path) -> None:
    """ONNX has bounds mean the nearest ones that there are."""
    run = start()
    run.compile(write("slicing", tmp_path))
    bounds = [0, 2, 4, 7, -3, -9, 2**40, 2**63 - 1, -(2**63)]
    for first, last in itertools.product(bounds, bounds):
        values = {"x": PLACES["x"], "start": np.array([first]), "end": np.array([last])}
        assert run.run(values, {}) == (0, "ended\n"), (first, last)


def test_an_empty_table_is_not_read(start: Start, tmp_path: Path) -> None:
    run = start()
    (tmp_path / "gather.mlir").write_text(gather())
    run.compile(tmp_path / "gather.mlir")
    values = {"x": np.zeros((0, 8), np.float32), "i": np.zeros(3, np.int64)}
    code, text = run.run(values, {"n": 0, "m": 3})
    assert (code, text.split()[0]) == (5, "fault"), text
    assert run.run(values | {"i": np.zeros(0, np.int64)}, {"n": 0, "m": 0})[0] == 0


def make_input(given: programs.Input) -> np.ndarray:
    """Random values within the bounds that the program's arithmetic needs; bf16 by its upper
    bits."""
    if given.spec.startswith("randint"):
        low, high, seed = map(int, given.spec.split(":")[1:])
        kind = {"i1": "?", "i32": "i4", "i64": "i8"}[given.dtype]
        return np.random.default_rng(seed).integers(low, high, given.shape).astype(kind)
    real = np.random.default_rng(2).standard_normal(given.shape).astype("f4")
    if given.dtype == "bf16":
        return (real.view("u4") >> 16).astype("u2")
    return real.astype({"f16": "f2", "f32": "f4", "f64": "f8"}[given.dtype])


@pytest.mark.parametrize("number", range(SAMPLE))
def test_random_programs_run_clean(start: Start, tmp_path: Path, number: int) -> None:
    """Vector tails, masked blocks and packed panels end where the buffers do."""
    made = programs.make(7, number)
    (tmp_path / "program.mlir").write_text(made.text)
    run = start()
    run.compile(tmp_path / "program.mlir")
    values = {given.name: make_input(given) for given in made.inputs}
    code, text = run.run(values, made.sizes)
    assert (code, text) == (0, "ended\n"), made.text
