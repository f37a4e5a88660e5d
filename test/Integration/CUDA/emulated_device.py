"""Kernels of a GPU under the emulator: the target, and the tests that it does not take yet.

Those are listed in refused.txt, a regular expression a line, of what follows test_device_ in the
file's name and of the test's name. A test that is refused and not listed fails, as does one that is
listed and not refused.
"""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import functools
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import fovea
import pytest
from build_tree import NOT_YET

TARGET = "cuda-emulated"
# The same by the command line.
OPTIONS = ("--target=cuda", "--emulate")
# The host would have to read what kernels have computed.
REASON = f"{NOT_YET}: what a run does next depends on elements of a tensor"
LIST = Path(__file__).with_name("refused.txt")


@functools.cache
def listed() -> re.Pattern[str]:
    lines = LIST.read_text().splitlines()
    return re.compile("|".join(line for line in lines if line and not line.startswith("#")))


@dataclass
class Refusal:
    """Whether one test is to be refused, and whether it was."""

    name: str
    expected: bool
    happened: bool = False

    def skip(self) -> NoReturn:
        """Ends the test, which the target does not take."""
        self.happened = True
        if not self.expected:
            pytest.fail(f"refused ({REASON}), and not in {LIST.name}: {self.name}")
        pytest.skip(REASON)

    def close(self) -> None:
        if self.expected and not self.happened:
            pytest.fail(f"no longer refused; take it out of {LIST.name}: {self.name}")


def refusal_of(request: pytest.FixtureRequest) -> Refusal:
    name = f"{request.path.stem.removeprefix('test_device_')} {request.node.name}"
    return Refusal(name, listed().fullmatch(name) is not None)


def replace_target(monkeypatch: pytest.MonkeyPatch, refusal: Refusal) -> None:
    """Makes fovea.compile compile for the emulator, and end the test where that is refused."""
    compile_model = fovea.compile

    def compile_for_device(
        model: str | os.PathLike[str] | bytes, target: str = "", **options: object
    ) -> fovea.Module:
        try:
            return compile_model(model, target=TARGET, **options)  # type: ignore[arg-type]
        except fovea.FoveaError as error:
            if error.code == NOT_YET or f"error[{NOT_YET}]" in str(error):
                refusal.skip()
            raise

    monkeypatch.setattr(fovea, "compile", compile_for_device)
