"""The Python module on a GPU, with a driver on the host's memory that does nothing in kernels."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from build_tree import BUILD, ROOT, require, sound
from small_models import linear

DRIVER = BUILD / "lib" / "fake-cuda" / "libcuda.so.1"

SETUP = """
import numpy as np
import fovea
text = open("linear.mlir").read()
def compiled(**options):
    return fovea.compile(text, target="cuda", **options)
def run(module):
    module(*(np.ones([s if isinstance(s, int) else 3 for s in info.shape], np.float32)
             for info in module.inputs))
"""


@pytest.fixture
def python(tmp_path: Path):  # noqa: ANN201
    """Runs lines of Python behind SETUP; what they print and what the driver was asked."""
    require(DRIVER, "./dev build")
    (tmp_path / "linear.mlir").write_text(linear())

    def run(lines: str) -> tuple[str, list[str]]:
        calls = tmp_path / "calls"
        done = subprocess.run(
            [sys.executable, "-c", SETUP + lines], cwd=tmp_path, capture_output=True, text=True,
            check=False, env={
                "PATH": "/usr/bin:/bin", "FOVEA_BUILD_DIR": str(BUILD), "FOVEA_PTXAS": "none",
                "PYTHONPATH": str(ROOT / "python"), "LD_LIBRARY_PATH": str(DRIVER.parent),
                "FAKE_CUDA_CALLS": str(calls),
            },
        )  # fmt: skip
        return sound(done).stdout, calls.read_text().splitlines()

    return run


def test_a_device_is_chosen_by_name(python) -> None:  # noqa: ANN001
    told, calls = python("""
for name in ("cuda:1", "cuda", "cuda:8", "cuda:-1", "tpu", "cpu"):
    try:
        run(compiled(device=name))
        print(name, "runs")
    except fovea.FoveaError as error:
        print(name, error)
""")
    lines = told.splitlines()
    assert lines[:2] == ["cuda:1 runs", "cuda runs"]
    assert "there is no device 8 of kind 'cuda', there are 8" in lines[2]
    assert "device 'cuda:-1': expected a kind and a number, as 'cuda:1'" in lines[3]
    assert "unknown kind of device 'tpu', expected 'cpu' or 'cuda'" in lines[4]
    assert "its kernels are for a 'cuda' device, it was to be loaded for the CPU" in lines[5]
    assert sum(call == "cuDevicePrimaryCtxRetain" for call in calls) == 2


def test_runs_that_repeat_are_replayed_where_that_is_asked_for(python) -> None:  # noqa: ANN001
    told, calls = python("""
module = compiled(replay=True)
module.save("linear.fvm")
for _ in range(4):
    run(module)
print(module.replays)
loaded = fovea.load("linear.fvm", device="cuda:2", replay=True)
run(loaded), run(loaded)
print(loaded.replays)
plain = fovea.load("linear.fvm")
run(plain), run(plain)
print(plain.replays)
""")
    assert told.split() == ["3", "1", "0"]
    assert sum(call.startswith("cuGraphLaunch") for call in calls) == 4
