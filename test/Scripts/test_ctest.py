"""ctest runs every kind of test."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
BUILD = Path(os.environ.get("FOVEA_BUILD_DIR", ROOT / "build")).resolve()

if not shutil.which("ctest") or not (BUILD / "CTestTestfile.cmake").exists():
    pytest.skip(f"no tests of ctest in {BUILD}", allow_module_level=True)


def listed() -> list[dict[str, Any]]:
    command = ["ctest", "--test-dir", str(BUILD), "--show-only=json-v1"]
    return json.loads(subprocess.run(command, capture_output=True, check=True).stdout)["tests"]


def labels_of(test: dict[str, Any]) -> list[str]:
    return next((p["value"] for p in test["properties"] if p["name"] == "LABELS"), [])


def test_every_test_has_a_label_and_every_kind_is_there() -> None:
    labels = [labels_of(test) for test in listed()]
    assert all(labels)
    assert {label for found in labels for label in found} == {"lit", "python", "unit"}
    assert sum("unit" in found for found in labels) > 100


def test_the_lit_test_finds_the_suite() -> None:
    (command,) = (test["command"] for test in listed() if "lit" in labels_of(test))
    done = subprocess.run(
        [*command, "--show-tests"], capture_output=True, text=True, check=True, timeout=120
    )
    written = [path for path in (ROOT / "test").rglob("*.mlir") if "Inputs" not in path.parts]
    found = [line for line in done.stdout.splitlines() if line.endswith(".mlir")]
    assert len(found) > 30
    assert len(found) >= len(written) - 5
