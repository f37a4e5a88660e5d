"""ctest runs every kind of test."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from build_tree import BUILD, ROOT

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
    kinds = {"lit", "models", "onnx", "python", "unit"}
    assert {label for found in labels for label in found} == kinds
    assert sum("unit" in found for found in labels) > 100


def test_the_lit_test_finds_the_suite() -> None:
    (command,) = (test["command"] for test in listed() if "lit" in labels_of(test))
    done = subprocess.run(
        [*command, "--show-tests"], capture_output=True, text=True, check=True, timeout=120
    )
    # Fuzz has inputs of the campaigns alone.
    written = [path for path in (ROOT / "test").rglob("*.mlir") if "Inputs" not in path.parts]
    found = [line for line in done.stdout.splitlines() if line.endswith(".mlir")]
    assert len(found) > 30
    assert len(found) == len(written)


PASSES = "// RUN: true\n"
# What ctest must see as a failure: a test that passes against its word, fails, or cannot run.
LIT = {"good": (PASSES, 0), "xpass": (PASSES + "// XFAIL: *\n", 8), "bad": ("// RUN: false\n", 8),
       "unresolved": ("// no line to run\n", 8), "none": (None, 8)}  # fmt: skip


@pytest.mark.parametrize("name", LIT)
def test_ctest_fails_when_lit_does(tmp_path: Path, name: str) -> None:
    """The command and the properties that the build has for lit, with a suite of one test."""
    text, expected = LIT[name]
    (test,) = (test for test in listed() if "lit" in labels_of(test))
    (tmp_path / "lit.cfg").write_text(
        "import lit.formats\nconfig.name = 'made'\nconfig.suffixes = ['.mlir']\n"
        "config.test_format = lit.formats.ShTest()\n"
    )
    if text:
        (tmp_path / "a.mlir").write_text(text)
    command = [*test["command"][:-1], str(tmp_path)]
    words = " ".join(f"[==[{word}]==]" for word in command)
    lines = [f"add_test(lit {words})\n"]
    for judged in (p for p in test["properties"] if p["name"].endswith("_EXPRESSION")):
        value = ";".join(judged["value"])
        lines.append(f"set_tests_properties(lit PROPERTIES {judged['name']} [==[{value}]==])\n")
    (tmp_path / "CTestTestfile.cmake").write_text("".join(lines))
    done = subprocess.run(["ctest", "--test-dir", tmp_path], capture_output=True, check=False)
    assert done.returncode == expected, done.stdout
