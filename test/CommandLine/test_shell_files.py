"""The manual page and the completion of bash, which are made of the table of options."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import re
import shutil
import subprocess

import pytest
from conftest import Run

VERBS = ["bench", "compile", "doctor", "explain", "inspect", "run", "verify"]


def completed(script: str, line: str) -> list[str]:
    words = line.split(" ")
    listed = " ".join(f"'{word}'" for word in words)
    probe = (
        f"{script}\nCOMP_LINE='{line}' COMP_POINT={len(line)} COMP_WORDS=({listed})"
        f" COMP_CWORD={len(words) - 1}\n_fovea\nprintf '%s\\n' \"${{COMPREPLY[@]}}\""
    )
    found = subprocess.run(["bash", "-c", probe], capture_output=True, text=True, check=False)
    assert found.stderr == ""
    return found.stdout.split()


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("fovea co", ["compile"]),
        ("fovea ", [*VERBS, "--help", "--version", "--man"]),
        ("fovea compile m.onnx --emit=", ["fvm", "mlir", "llvm", "asm", "obj", "so"]),
        ("fovea compile m.onnx --stop-after=s", ["schedule"]),
        ("fovea verify m.onnx --ref=re", ["reference"]),
        ("fovea run m.onnx --in", ["--input="]),
        ("fovea run m.onnx --emi", []),
        ("fovea run ", []),
    ],
)
def test_bash_completes(fovea: Run, line: str, expected: list[str]) -> None:
    script = fovea("--bash-completion").stdout
    assert completed(script, line) == expected


def options_of(fovea: Run, verb: str) -> set[str]:
    shown = fovea(verb, "--help").stdout
    return set(re.findall(r"^  (--?[a-z-]+=?)", shown, flags=re.MULTILINE))


def test_bash_completes_every_option_that_help_shows(fovea: Run) -> None:
    script = fovea("--bash-completion").stdout
    for verb in VERBS:
        assert set(completed(script, f"fovea {verb} m -")) == options_of(fovea, verb)


def test_the_manual_page_has_every_verb_and_option(fovea: Run) -> None:
    page = fovea("--man").stdout
    for verb in VERBS:
        section = page.split(f".SH {verb.upper()}\n")[1].split("\n.SH ")[0].replace("\\-", "-")
        assert set(re.findall(r"\\fB(\S+?)\\fR", section)) == options_of(fovea, verb)
    assert ".SH EXIT STATUS" in page


@pytest.mark.skipif(not shutil.which("groff"), reason="groff is not installed")
def test_the_manual_page_is_proper_roff(fovea: Run) -> None:
    page = fovea("--man").stdout
    shown = subprocess.run(["groff", "-man", "-Tutf8", "-ww"], input=page, capture_output=True,
                           text=True, check=False)  # fmt: skip
    assert (shown.returncode, shown.stderr) == (0, "")
