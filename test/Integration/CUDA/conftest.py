"""Compiles whatever tests of this folder compile for the kernels of a GPU, under the emulator."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import emulated_device
import pytest


@pytest.fixture(autouse=True)
def on_the_device(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests that other folders have, too, name a processor or nothing."""
    emulated_device.replace_target(monkeypatch)
