"""A module that was stopped at a phase compiles on to the same artefact."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import json
import struct
from pathlib import Path

import numpy as np
import pytest
from build_tree import Run

PHASES = ["import", "graph", "schedule", "kernel", "llvm"]


@pytest.mark.parametrize("model", ["linear", "gather", "weighted", "attention", "gru"])
@pytest.mark.parametrize("phase", PHASES)
def test_compiles_on_to_the_same_bytes(fovea: Run, tmp_path: Path, model: str, phase: str) -> None:
    assert fovea("compile", f"{model}.mlir", "-o", "straight.fvm").returncode == 0
    stopped = fovea("compile", f"{model}.mlir", f"--stop-after={phase}", "-o", "stopped.mlir")
    assert stopped.returncode == 0, stopped.stderr
    resumed = fovea("compile", "stopped.mlir", "-o", "resumed.fvm")
    assert resumed.returncode == 0, resumed.stderr
    assert (tmp_path / "resumed.fvm").read_bytes() == (tmp_path / "straight.fvm").read_bytes()


def test_weights_lie_beside_as_safetensors(fovea: Run, tmp_path: Path) -> None:
    assert fovea("compile", "weighted.mlir", "--stop-after=graph").returncode == 0
    assert 'from "weighted.graph.mlir.weights.safetensors"' in (
        tmp_path / "weighted.graph.mlir"
    ).read_text()
    content = (tmp_path / "weighted.graph.mlir.weights.safetensors").read_bytes()
    (length,) = struct.unpack("<Q", content[:8])
    header = json.loads(content[8 : 8 + length])
    assert header["w"] == {"dtype": "F32", "shape": [24, 40], "data_offsets": [0, 24 * 40 * 4]}
    given = np.fromfile(tmp_path / "w.bin", np.float32)[4:]
    np.testing.assert_array_equal(np.frombuffer(content[8 + length :], np.float32), given)


def test_default_name_has_the_phase(fovea: Run, tmp_path: Path) -> None:
    fovea("compile", "linear.mlir", "--stop-after=import")
    assert "fovea.contract" in (tmp_path / "linear.import.mlir").read_text()


def test_dim_is_refused_after_import(fovea: Run) -> None:
    fovea("compile", "linear.mlir", "--stop-after=graph", "-o", "stopped.mlir")
    result = fovea("compile", "stopped.mlir", "--dim=n=4")
    assert result.returncode == 3
    assert "compile the model again" in result.stderr
