"""Models measured in turns, so that what else the machine does falls on all of them."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import functools
import json
import shutil
import statistics
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from machine import PROGRAM

# One processor, before all that does not ask for as much.
ALONE = ("chrt", "-f", "50", "taskset", "-c", "1")


@dataclass(frozen=True)
class Model:
    """Text of MLIR, the target, and files beside it: weights, and inputs that are not random."""

    text: str
    target: str = "host"
    weights: Mapping[str, bytes] = field(default_factory=dict)
    inputs: Mapping[str, np.ndarray] = field(default_factory=dict)
    # Further arguments of `fovea bench`, and of `fovea compile`.
    options: tuple[str, ...] = ()
    compiled: tuple[str, ...] = ()


@functools.cache
def prefix() -> tuple[str, ...]:
    """ALONE where the system allows it."""
    allowed = shutil.which("chrt") and shutil.which("taskset")
    if allowed and subprocess.run([*ALONE, "true"], capture_output=True).returncode == 0:
        return ALONE
    return ()


def _compiled(folder: Path, model: Model) -> Path:
    folder.mkdir()
    (folder / "model.mlir").write_text(model.text)
    for name, data in model.weights.items():
        (folder / name).write_bytes(data)
    for name, array in model.inputs.items():
        np.save(folder / f"{name}.npy", array)
    command = [PROGRAM, "compile", "model.mlir", "-o", "model.fvm", f"--target={model.target}",
               *model.compiled]  # fmt: skip
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    return folder


def _row(folder: Path, model: Model, time: int) -> dict[str, float]:
    """What `fovea bench` finds in a slice of runs by one thread."""
    given = [f"--input={name}=@{name}.npy" for name in model.inputs]
    command = [*prefix(), PROGRAM, "bench", "model.fvm", "--threads=1", f"--time={time}",
               "--json=row.json", *given, *model.options]  # fmt: skip
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    return json.loads((folder / "row.json").read_text())


def rows(
    models: Mapping[str, Model], rounds: int, time: int = 200
) -> dict[str, list[dict[str, float]]]:
    """The rows of each model's slices of `time` milliseconds, one a round."""
    with tempfile.TemporaryDirectory() as name:
        folders = {case: _compiled(Path(name) / str(place), model)
                   for place, (case, model) in enumerate(models.items())}  # fmt: skip
        turns = [{case: _row(folders[case], model, time) for case, model in models.items()}
                 for _ in range(rounds)]  # fmt: skip
    return {case: [turn[case] for turn in turns] for case in models}


def medians(models: Mapping[str, Model], rounds: int, time: int = 200) -> dict[str, float]:
    """Milliseconds of a run of each model: the median over rounds, each a median itself."""
    found = rows(models, rounds, time)
    return {case: statistics.median(row["median_ms"] for row in found[case]) for case in models}
