"""Compiled kernels stay within their buffers, whatever indices and lengths the data holds."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).resolve().parents[1] / "Fuzz")]

import checked  # noqa: E402
import programs  # noqa: E402

SAMPLE = 60 if os.environ.get("FOVEA_TEST_ALL") == "1" else 8
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
    build = Path(os.environ.get("FOVEA_BUILD_DIR", checked.ROOT / "build"))
    return lambda: checked.Checked(build / "bin" / "fovea", host, tmp_path)


def onnx_model(name: str, folder: Path) -> Path:
    pytest.importorskip("onnx")
    import corpus_onnx
    import onnx

    onnx.save(corpus_onnx.MODELS[name](), folder / f"{name}.onnx")
    return folder / f"{name}.onnx"


# Rows of x by indices; x may have none.
GATHER = """
func.func @main(%x: tensor<?x8xf32> {fovea.name = "x", fovea.shape = ["n", ""]},
    %i: tensor<?xi64> {fovea.name = "i", fovea.shape = ["m"]}) -> tensor<?x8xf32> {
  %c0 = arith.constant 0 : index
  %n = tensor.dim %x, %c0 : tensor<?x8xf32>
  %m = tensor.dim %i, %c0 : tensor<?xi64>
  %e = tensor.empty(%m) : tensor<?x8xf32>
  %r = linalg.generic {indexing_maps = [affine_map<(a, b) -> (a)>, affine_map<(a, b) -> (a, b)>],
                       iterator_types = ["parallel", "parallel"]}
      ins(%i : tensor<?xi64>) outs(%e : tensor<?x8xf32>) {
  ^bb0(%raw: i64, %o: f32):
    %k = fovea.checked_index %raw in %n node "pick" : i64
    %b = linalg.index 1 : index
    %v = tensor.extract %x[%k, %b] : tensor<?x8xf32>
    linalg.yield %v : f32
  } -> tensor<?x8xf32>
  return %r : tensor<?x8xf32>
}
"""
RNG = np.random.default_rng(1)
TOKENS = {"ids": np.arange(6).reshape(2, 3) + 14, "mask": np.zeros((2, 1, 1, 3), np.float32)}
PLACES = {"x": RNG.standard_normal((4, 6)).astype("f4"), "at": np.arange(12).reshape(4, 3) % 4}
STEPS = {"x": RNG.standard_normal((5, 2, 4)).astype("f4"), "lengths": np.array([5, 0], np.int32)}


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
}


@pytest.mark.parametrize("case", CASES)
def test_data_in_range_runs_clean(start: Start, tmp_path: Path, case: str) -> None:
    model, values, sizes, *_ = CASES[case]
    run = start()
    run.compile(onnx_model(model, tmp_path))
    assert run.run(values, sizes) == (0, "ended\n")


@pytest.mark.parametrize("case", CASES)
def test_data_out_of_range_is_a_fault_with_its_value(
    start: Start, tmp_path: Path, case: str
) -> None:
    model, values, sizes, name, numbers = CASES[case]
    run = start()
    run.compile(onnx_model(model, tmp_path))
    for number in numbers:
        code, text = run.run(replaced(values, name, number), sizes)
        assert code == 5, text
        assert f"value {number} limit" in text


@pytest.mark.parametrize("case", ["token_ids", "gather_and_scatter"])
def test_a_removed_check_is_found(start: Start, tmp_path: Path, case: str) -> None:
    model, values, sizes, name, numbers = CASES[case]
    run = start()
    run.compile(run.unchecked(onnx_model(model, tmp_path)))
    assert run.run(values, sizes)[0] == 0
    # Just behind the last row, where a table of its own has no other bytes around it.
    code, text = run.run(replaced(values, name, numbers[0] + 500), sizes)
    assert code == checked.FOUND, text
    assert "AddressSanitizer" in text


def test_an_empty_table_is_not_read(start: Start, tmp_path: Path) -> None:
    run = start()
    (tmp_path / "gather.mlir").write_text(GATHER)
    run.compile(tmp_path / "gather.mlir")
    values = {"x": np.zeros((0, 8), np.float32), "i": np.zeros(3, np.int64)}
    code, text = run.run(values, {"n": 0, "m": 3})
    assert (code, text.split()[0]) == (5, "fault"), text
    assert run.run(values | {"i": np.zeros(0, np.int64)}, {"n": 0, "m": 0})[0] == 0


def make_input(kind: str, shape: list[int], spec: str) -> np.ndarray:
    """Values as the command line makes them from `spec`; bf16 by its upper bits."""
    if spec.startswith("randint"):
        low, high, seed = map(int, spec.split(":")[1:])
        types = {"bool": "?", "i32": "i4", "i64": "i8"}
        return np.random.default_rng(seed).integers(low, high, shape).astype(types[kind])
    real = np.random.default_rng(2).standard_normal(shape).astype("f4")
    if kind == "bf16":
        return (real.view("u4") >> 16).astype("u2")
    return real.astype({"f16": "f2", "f32": "f4"}[kind])


@pytest.mark.parametrize("number", range(SAMPLE))
def test_random_programs_run_clean(start: Start, tmp_path: Path, number: int) -> None:
    """Vector tails, masked blocks and packed panels end where the buffers do."""
    made = programs.make(7, number)
    (tmp_path / "program.mlir").write_text(made.text)
    run = start()
    run.compile(tmp_path / "program.mlir")
    named = dict(option.split("=", 1)[1].split("=") for option in made.options)
    sizes = {name: int(text) for name, text in named.items() if text.isdigit()}
    values = {}
    pattern = r"%(a\d+): tensor<([^>]*)> \{fovea.name = \"a\d+\"(?:, fovea.shape = \[([^\]]*)\])?"
    for name, kind, symbols in re.findall(pattern, made.text):
        *shape, dtype = kind.split("x")
        names = [symbol.strip().strip('"') for symbol in symbols.split(",")]
        full = [sizes[s] if d == "?" else int(d) for d, s in zip(shape, names * 9, strict=False)]
        values[name] = make_input("bool" if dtype == "i1" else dtype, full, named[name])
    code, text = run.run(values, sizes)
    assert (code, text) == (0, "ended\n"), made.text
