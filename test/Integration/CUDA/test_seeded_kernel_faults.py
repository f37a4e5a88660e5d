"""Faults in kernels: the emulator names the operation that broke a rule, and no result is left.

A fault is put into the module between the phases kernel and llvm, where a wrong schedule would have
left it.
"""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from build_tree import Done, fovea, sound
from emulated_device import OPTIONS
from small_models import gather, linear
from test_product_forms import program

INDICES = np.array([3, 0, 8, -1, 5], np.int64)
TABLE = np.arange(72, dtype=np.float32).reshape(9, 8)
ROWS = {
    "x": np.ones((3, 40), np.float32),
    "w": np.ones((5, 40), np.float32),
    "b": np.arange(5, dtype=np.float32),
}
KERNEL = r"kernel 'kernel_0_\w+', block 0, thread"

# What a kernel says by a pattern, what the faulty one says, and what the emulator finds.
LOOKUPS = {
    "a_thread_too_many": (
        r"arith.cmpi ult", "arith.cmpi ule",
        f"{KERNEL} 40: 'load at model.mlir:9' reads 8 bytes at input 'i' [+] 40, which has 40 ",
    ),
    "an_index_that_is_not_checked": (
        r"= fovea.checked_index (%\w+) in .* : i64", r"= arith.index_cast \1 : i64 to index",
        f"{KERNEL} 2[4-9]: 'load at model.mlir:15' reads 4 bytes at input 'x' - ",
    ),
    "a_result_written_to_an_input": (
        r"(memref.load (%arg3\[.*\]) : .*\n\s*memref.store %\w+), .*\] ", r"\1, \2 ",
        f"{KERNEL} .*: 'store at model.mlir:9' writes 4 bytes at input 'x' [+] [0-9]+, which is "
        "not to be written",
    ),
    "a_result_written_behind_the_output": (
        r"(memref.store %\w+, %\w+)\[%\w+, %\w+\]", r"\1[%arg2, %arg2]",
        f"{KERNEL} .*: 'store at model.mlir:9' writes 4 bytes at output 'y' [+] 324, which has "
        "160 bytes",
    ),
}  # fmt: skip
# Of three blocks.
MANY = {
    "blocks_that_overlap": (
        r"muli (%arg\w+), %c128 ", r"muli \1, %c8 ",
        r"kernel 'kernel_0_\w+', block [0-2], thread [0-9]+: 'store at model.mlir:9' writes 4 "
        "bytes of global memory that block [0-2] used at 'store at model.mlir:9', which may run at "
        "the same time",
    ),
}  # fmt: skip
PRODUCTS = {
    "a_barrier_that_is_missing": (
        r"gpu.barrier .*\n(\s*%.* = scf.for )", r"\1",
        # The one that comes second is named, with the other.
        f"{KERNEL} [0-9]+: '(load|store) at model.mlir:8' .* bytes at shared [+] [0-9]+, a race "
        "with a (read|write) of thread [0-9]+ at '(load|store) at model.mlir:8'",
    ),
    "a_vector_between_two": (
        r"(memref.store %\w+, (%\w+)\[%\w+, (%\w+)\](?:.*\n)*?.* = vector.load \2\[%\w+, )%\w+\]",
        r"\1\3] {alignment = 16 : i64}",
        f"{KERNEL} [0-9]+: 'load at model.mlir:8' uses 16 bytes at an address that is [48] behind "
        "a multiple of 16",
    ),
}  # fmt: skip

# Copies go on beside the products of tiles.
EARLY = (
    f"{KERNEL} [0-9]+: 'ldmatrix at model.mlir:5' reads 16 bytes at shared [+] [0-9]+, which "
    "belongs to a copy that has not been waited for of thread [0-9]+ at 'cp.async at model.mlir:5'"
)
COPIES = {
    "a_wait_that_is_missing": (r"fovea_warp.wait %\w+ pending 2 .*\n", r"\n", EARLY),
    "a_wait_that_leaves_too_many": (r"(fovea_warp.wait %\w+ pending) 2 ", r"\1 3 ", EARLY),
    "a_barrier_that_is_missing_behind_a_wait": (
        r"(fovea_warp.wait %\w+ pending 2 .*\n)\s*gpu.barrier .*\n", r"\1",
        f"{KERNEL} [0-9]+: 'ldmatrix at model.mlir:5' reads 16 bytes at shared [+] [0-9]+, a race "
        "with a write of thread [0-9]+ at 'cp.async at model.mlir:5'",
    ),
}  # fmt: skip


def run(folder: Path, inputs: dict[str, np.ndarray]) -> Done:
    """Goes on from model.kernel.mlir; results are to be in y.npz."""
    for name, array in inputs.items():
        np.save(folder / f"{name}.npy", array)
    given = [f"--input={name}=@{name}.npy" for name in inputs]
    return fovea(folder, "run", "model.kernel.mlir", *OPTIONS, *given, "--out=y.npz")


def check(
    folder: Path, text: str, fault: tuple[str, str, str], inputs: dict[str, np.ndarray]
) -> None:
    (folder / "model.mlir").write_text(text)
    sound(fovea(folder, "compile", "model.mlir", *OPTIONS, "--stop-after=kernel"))
    sound(run(folder, inputs))
    (folder / "y.npz").unlink()
    kernel = folder / "model.kernel.mlir"
    pattern, replacement, sentence = fault
    faulty, count = re.subn(pattern, replacement, kernel.read_text())
    assert count == 1, kernel.read_text()
    kernel.write_text(faulty)
    done = run(folder, inputs)
    assert done.returncode == 5, done.stderr
    assert re.search(f"error: run: a kernel stopped: {sentence}", done.stderr), done.stderr
    assert not (folder / "y.npz").exists()


@pytest.mark.parametrize("name", LOOKUPS)
def test_faults_of_lookups_are_found(tmp_path: Path, name: str) -> None:
    check(tmp_path, gather(wrap=True), LOOKUPS[name], {"x": TABLE, "i": INDICES})


@pytest.mark.parametrize("name", MANY)
def test_faults_between_blocks_are_found(tmp_path: Path, name: str) -> None:
    indices = np.arange(40, dtype=np.int64) % 9
    check(tmp_path, gather(wrap=True), MANY[name], {"x": TABLE, "i": indices})


@pytest.mark.parametrize("name", PRODUCTS)
def test_faults_of_products_are_found(tmp_path: Path, name: str) -> None:
    check(tmp_path, linear(40, 5), PRODUCTS[name], ROWS)


@pytest.mark.parametrize("name", COPIES)
def test_faults_of_copies_are_found(tmp_path: Path, name: str) -> None:
    """Where they touch memory: a token that is not waited for is no fault by itself, as the last
    groups of a ring are not."""
    inputs = {"x": np.ones((33, 128), np.float16), "w": np.ones((40, 128), np.float16),
              "c": np.ones(40, np.float32)}  # fmt: skip
    check(tmp_path, program("f16", True, (33, 40, 128), 0), COPIES[name], inputs)
