"""Programs in which each value is read twice: nothing may follow every path."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import Run

LENGTH = 400


def doubled(number: int) -> str:
    return f"  %v{number + 1} = arith.addf %v{number}, %v{number} : tensor<64xf32>"


def summed(number: int) -> str:
    return f"  %v{number + 1} = arith.addf %v{number}, %v{max(number - 1, 0)} : tensor<64xf32>"


@pytest.mark.parametrize("step", [doubled, summed])
def test_a_chain_of_shared_values_is_one_kernel(
    fovea: Run, tmp_path: Path, step: Callable[[int], str]
) -> None:
    steps = "\n".join(step(number) for number in range(LENGTH))
    (tmp_path / "m.mlir").write_text(
        f"func.func @main(%v0: tensor<64xf32>) -> tensor<64xf32> {{\n{steps}\n"
        f"  return %v{LENGTH} : tensor<64xf32>\n}}\n"
    )
    result = fovea("explain", "m.mlir", "--json")
    assert result.returncode == 0, result.stderr
    assert len(json.loads(result.stdout)["kernels"]) == 1
