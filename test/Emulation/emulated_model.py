"""fovea.compile and a module, as the examples use them, for AArch64 under the emulator."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import Any

import emulator
import numpy as np
from build_tree import fovea, sound
from case import Case, Settings


class EmulatedModel:
    """The first entry of an artefact; called as fovea.Module is."""

    def __init__(self, entries: dict[str, emulator.EmulatedEntry]) -> None:
        self.entry = next(iter(entries.values()))

    def __call__(self, **inputs: np.ndarray) -> emulator.Results:
        return self.entry(**inputs)


def prepare(name: str, source: Path, settings: Settings) -> Case:
    """What the examples' own `prepare` does, but on the emulator."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{name}.fvm"
        start = time.perf_counter()
        sound(fovea(source.parent, "compile", source.name, f"--target={emulator.TARGET}",
                    "-o", path))  # fmt: skip
        middle = time.perf_counter()
        model: Any = EmulatedModel(emulator.shared().load(path, settings.threads))
    return Case(name, model, middle - start, time.perf_counter() - middle)
