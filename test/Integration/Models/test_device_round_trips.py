"""A run of an example model on a GPU asks its host for nothing on the way.

The driver is a fake one, whose kernels do nothing, and lists what it is asked: inputs are copied
there, then come launches alone, then copies to the host, and one wait.
"""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path

import g2p
import numpy as np
import pytest
from build_tree import BUILD, MINILM, MODELS, PROGRAM, fovea, require, sound

DRIVER = BUILD / "lib" / "fake-cuda" / "libcuda.so.1"
# What a run asks of the driver while it is under way.
STEPS = {
    "cuMemcpyHtoDAsync": "to", "cuLaunchKernelEx": "launch", "cuMemcpyDtoDAsync": "launch",
    "cuMemsetD8Async": "launch", "cuMemcpyDtoHAsync": "from", "cuStreamSynchronize": "wait",
}  # fmt: skip


def minilm(_: Path) -> tuple[Path, list[str]]:
    return require(MINILM, "./dev run fetches it"), ["--size=batch=2", "--size=seq=5"]


def silero(_: Path) -> tuple[Path, list[str]]:
    path = MODELS / "silero_vad" / "data" / "silero_vad_16k_sequence.onnx"
    return require(path, "./dev run fetches it"), []


def letters(folder: Path) -> tuple[Path, list[str]]:
    path = require(MODELS / g2p.CHECKPOINT, "./dev run fetches it")
    np.save(folder / "letters.npy", g2p.letters_of("word"))
    return g2p.write_module(folder, dict(np.load(path))), ["--input=letters=@letters.npy"]


EXAMPLES: dict[str, Callable[[Path], tuple[Path, list[str]]]] = {
    "minilm": minilm,
    "silero": silero,
    "g2p": letters,
}


def course(calls: list[str]) -> list[str]:
    """The kinds of what a run asks for, those that follow each other as one."""
    kinds = [kind for call in calls for name, kind in STEPS.items() if call.startswith(name)]
    return [kind for kind, _ in itertools.groupby(kinds)]


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_run_is_copies_launches_copies_and_one_wait(name: str, tmp_path: Path) -> None:
    require(PROGRAM, "./dev build")
    require(DRIVER, "./dev build")
    source, options = EXAMPLES[name](tmp_path)
    compiled = ("compile", source, "--target=cuda", "-o", "model.fvm", "-q")
    sound(fovea(tmp_path, *compiled, FOVEA_PTXAS="none"))
    calls = tmp_path / "calls"
    sound(fovea(tmp_path, "run", "model.fvm", *options, "-q", FAKE_CUDA_CALLS=str(calls),
                LD_LIBRARY_PATH=str(DRIVER.parent)))  # fmt: skip
    lines = calls.read_text().splitlines()
    first = next(at for at, line in enumerate(lines) if line.startswith("cuLaunchKernelEx"))
    end = next(at for at, line in enumerate(lines) if line.startswith("cuMemFreeAsync"))
    run = lines[first:end]
    assert sum(line.startswith("cuLaunchKernelEx") for line in run) > 2
    assert course(run) == ["launch", "from", "wait"], run
    assert sum(line.startswith("cuStreamSynchronize") for line in run) == 1
    assert not [line for line in lines[end:] if line.startswith("cuLaunchKernelEx")]


def test_a_copy_in_between_is_found() -> None:
    calls = ["cuLaunchKernelEx a", "cuMemcpyDtoHAsync 4", "cuLaunchKernelEx b",
             "cuMemcpyDtoHAsync 8", "cuStreamSynchronize"]  # fmt: skip
    assert course(calls) == ["launch", "from", "launch", "from", "wait"]
    assert course([*calls[:1], *calls[3:]]) == ["launch", "from", "wait"]
