"""Seeds of the emulator reach kernels, and tests take several."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import itertools
import re
from collections import Counter
from pathlib import Path

import fovea
import numpy as np
import pytest
from build_tree import fovea as program
from build_tree import sound
from emulated_device import OPTIONS, TARGET, SeededModule, with_all_seeds
from emulator_seeds import SEEDS, seed_of
from small_models import linear
from test_seeded_kernel_faults import PRODUCTS, ROWS


@pytest.fixture
def racing(tmp_path: Path) -> Path:
    """A folder with a product in which a barrier is missing: which race is met first depends on the
    order of threads."""
    (tmp_path / "model.mlir").write_text(linear(40, 5))
    sound(program(tmp_path, "compile", "model.mlir", *OPTIONS, "--stop-after=kernel"))
    kernel = tmp_path / "model.kernel.mlir"
    pattern, replacement, _ = PRODUCTS["a_barrier_that_is_missing"]
    text, count = re.subn(pattern, replacement, kernel.read_text())
    assert count == 1
    kernel.write_text(text)
    for name, array in ROWS.items():
        np.save(tmp_path / f"{name}.npy", array)
    return tmp_path


def told(folder: Path, file: str, *options: str) -> str:
    given = [f"--input={name}=@{name}.npy" for name in ROWS]
    done = program(folder, "run", file, *given, *options)
    assert done.returncode == 5, done.stderr
    return done.stderr


def test_a_seed_decides_the_order_of_threads(racing: Path) -> None:
    sound(program(racing, "compile", "model.kernel.mlir", *OPTIONS, "-o", "model.fvm"))
    first, again = (
        [told(racing, "model.fvm", f"--emulate-seed={seed}") for seed in range(6)] for _ in "ab"
    )
    assert first == again
    assert len(set(first)) > 1
    assert told(racing, "model.fvm") == first[0]
    for seed in (1, 4):
        with pytest.raises(fovea.FoveaError) as stopped:
            fovea.load(racing / "model.fvm", emulate_seed=seed)(**ROWS)
        assert str(stopped.value).splitlines()[0] in first[seed]
    compiled = told(racing, "model.kernel.mlir", *OPTIONS, "--emulate-seed=4", "-q")
    assert compiled == told(racing, "model.fvm", "--emulate-seed=4", "-q")


@pytest.mark.parametrize("verb", ["run", "verify"])
def test_what_is_no_seed_is_a_usage_error(tmp_path: Path, verb: str) -> None:
    (tmp_path / "model.mlir").write_text(linear(4, 5))
    for seed in ("-1", "4294967296", "one"):
        done = program(tmp_path, verb, "model.mlir", *OPTIONS, f"--emulate-seed={seed}")
        assert done.returncode == 2
        assert f"--emulate-seed is '{seed}', a number below 2^32 is needed" in done.stderr
    done = program(tmp_path, verb, "model.mlir", "--emulate-seed=1")
    assert done.returncode == 2
    assert "--emulate-seed is for kernels that are emulated" in done.stderr
    for seed in (-1, 1 << 32):
        with pytest.raises(fovea.FoveaError, match=f"emulate_seed is {seed}, expected 0 to"):
            fovea.compile(linear(4, 5), emulate_seed=seed)


def test_tests_take_all_seeds() -> None:
    taken = Counter(seed_of(f"cases test_{number}") for number in range(300))
    assert set(taken) == set(SEEDS)
    assert min(taken.values()) > 60


def test_results_that_depend_on_the_seed_fail() -> None:
    module = with_all_seeds(fovea.compile(linear(40, 5), target=TARGET), 0)
    assert module(**ROWS)["y"].shape == (3, 5)
    assert [info.name for info in module.outputs] == ["y"]
    assert module.entries["main"](**ROWS)["y"].shape == (3, 5)
    numbers = itertools.count()
    made = [lambda: {"y": np.full(2, next(numbers), np.float32)} for _ in SEEDS]
    with pytest.raises(AssertionError, match="'y' depends on the seed"):
        SeededModule(made)()  # type: ignore[arg-type]
