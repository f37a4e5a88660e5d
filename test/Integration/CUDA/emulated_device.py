"""Kernels of a GPU under the emulator: the target, and what it does not take yet."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import os

import fovea
import pytest

TARGET = "cuda-emulated"
# The same by the command line.
OPTIONS = ("--target=cuda", "--emulate")
# The host would have to read what kernels have computed.
NOT_YET = "FV0404"
REASON = f"{NOT_YET}: what a run does next depends on elements of a tensor"


def replace_target(monkeypatch: pytest.MonkeyPatch) -> None:
    """Makes fovea.compile compile for the emulator, and skip the test where that is not yet able
    to."""
    compile_model = fovea.compile

    def compile_for_device(
        model: str | os.PathLike[str] | bytes, target: str = "", **options: object
    ) -> fovea.Module:
        try:
            return compile_model(model, target=TARGET, **options)  # type: ignore[arg-type]
        except fovea.FoveaError as error:
            if error.code == NOT_YET or f"error[{NOT_YET}]" in str(error):
                pytest.skip(REASON)
            raise

    monkeypatch.setattr(fovea, "compile", compile_for_device)
