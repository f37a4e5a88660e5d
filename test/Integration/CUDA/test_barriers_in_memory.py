"""Barriers in the memory of a block, in kernels between the phases kernel and llvm: what the first
warps write is handed to others without a barrier of the block.
"""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from build_tree import Done, fovea, sound
from emulated_device import OPTIONS
from small_models import gather

TABLE = np.arange(72, dtype=np.float32).reshape(9, 8)
# One block of 128 threads, an element each.
INDICES = np.arange(16, dtype=np.int64) % 9
STATES = "memref<1xi64, #gpu.address_space<workgroup>>"
WORDS = "memref<128xf32, #gpu.address_space<workgroup>>"
WAIT = f"""
        scf.while : () -> () {{
          %done = fovea_warp.mbarrier_try_wait %state[%zero] parity %parity : {STATES}
          %true = arith.constant true
          %again = arith.xori %done, %true : i1
          scf.condition(%again)
        }} do {{
          scf.yield
        }}"""
# In place of the store of an element: it goes to the thread at the other end of the block.
HANDOVER = rf"""
        %state = fovea_warp.shared : {STATES}
        %words = fovea_warp.shared : {WORDS}
        %thread = gpu.thread_id x
        %zero = arith.constant 0 : index
        %count = arith.constant COUNT : i32
        %parity = arith.constant 0 : i32
        %first = arith.cmpi eq, %thread, %zero : index
        scf.if %first {{
          fovea_warp.mbarrier_init %state[%zero], %count : {STATES}
        }}
        gpu.barrier
        memref.store \1, %words[%thread] : {WORDS}
        fovea_warp.mbarrier_arrive %state[%zero] : {STATES}WAIT
        %last = arith.constant 127 : index
        %other = arith.subi %last, %thread : index
        %given = memref.load %words[%other] : {WORDS}
        memref.store %given, \2
"""


def run(folder: Path, count: int, wait: str) -> Done:
    (folder / "model.mlir").write_text(gather(wrap=True))
    sound(fovea(folder, "compile", "model.mlir", *OPTIONS, "--stop-after=kernel"))
    kernel = folder / "model.kernel.mlir"
    text = HANDOVER.replace("COUNT", str(count)).replace("WAIT", wait)
    changed, times = re.subn(
        r"memref.store (%\w+), (%\w+\[%\w+, %\w+\] .*)", text, kernel.read_text()
    )
    assert times == 1, kernel.read_text()
    kernel.write_text(changed)
    np.save(folder / "x.npy", TABLE)
    np.save(folder / "i.npy", INDICES)
    given = ("--input=x=@x.npy", "--input=i=@i.npy")
    return fovea(folder, "run", kernel.name, *OPTIONS, *given, "--out=y.npz")


def test_hand_over_what_is_written_before_the_arrival(tmp_path: Path) -> None:
    sound(run(tmp_path, 128, WAIT))
    result = np.load(tmp_path / "y.npz")["y"]
    np.testing.assert_array_equal(result, TABLE[INDICES].ravel()[::-1].reshape(16, 8))


# The number of arrivals, the wait, and what the emulator finds.
FAULTS = {
    "nobody_waits": (128, "", "'load at .*' reads 4 bytes at shared [+] .*, a race with a write"
                     "|'store at .*' writes 4 bytes at shared [+] .*, a race with a read"),
    "too_few_arrive": (129, WAIT, "deadlock: .*wait at 'mbarrier.try_wait at .*', where the "
                       "mbarrier at shared [+] [0-9]+ of block 0 has phase 0 open with 1 of 129"),
    "too_many_arrive": (0, WAIT, "'mbarrier.init at .*' gives an mbarrier 0 arrivals"),
}  # fmt: skip


@pytest.mark.parametrize("name", FAULTS)
def test_faults_are_found(tmp_path: Path, name: str) -> None:
    count, wait, sentence = FAULTS[name]
    done = run(tmp_path, count, wait)
    assert done.returncode == 5, done.stderr
    assert re.search(
        f"error: run: a kernel stopped: kernel 'kernel_0_.*({sentence})", done.stderr
    ), done.stderr
