"""Compiles whatever tests of this folder compile for the kernels of a GPU, under the emulator."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

from collections.abc import Iterator

import emulated_device
import pytest


@pytest.fixture(autouse=True)
def refusal(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[emulated_device.Refusal]:
    """Tests that other folders have, too, name a processor or nothing. Gives what is known of the
    target's refusal of this test."""
    found = emulated_device.refusal_of(request)
    emulated_device.replace_target(monkeypatch, found)
    yield found
    found.close()
