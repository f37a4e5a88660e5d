"""Clocks, heat and power of a GPU as NVIDIA's management library tells them, where it is."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import ctypes
import functools
from ctypes import byref, c_uint, c_ulonglong, c_void_p


@functools.cache
def _library() -> tuple[ctypes.CDLL, c_void_p] | None:
    try:
        library = ctypes.CDLL("libnvidia-ml.so.1")
        handle = c_void_p()
        if library.nvmlInit_v2() or library.nvmlDeviceGetHandleByIndex_v2(0, byref(handle)):
            return None
    except (OSError, AttributeError):
        return None
    return library, handle


def now() -> dict[str, int]:
    """MHz, degrees Celsius, milliwatts, and the bits of what holds clocks back; empty where nothing
    can be said."""
    if not (found := _library()):
        return {}
    library, handle = found
    said: dict[str, int] = {}

    def ask(key: str, function: str, kind: type[c_uint] | type[c_ulonglong], *which: int) -> None:
        value = kind()
        asked = getattr(library, function, None)
        if asked and asked(handle, *which, byref(value)) == 0:
            said[key] = value.value

    ask("sm_mhz", "nvmlDeviceGetClockInfo", c_uint, 1)
    ask("memory_mhz", "nvmlDeviceGetClockInfo", c_uint, 2)
    ask("most_sm_mhz", "nvmlDeviceGetMaxClockInfo", c_uint, 1)
    ask("celsius", "nvmlDeviceGetTemperature", c_uint, 0)
    ask("milliwatts", "nvmlDeviceGetPowerUsage", c_uint)
    ask("held_back", "nvmlDeviceGetCurrentClocksThrottleReasons", c_ulonglong)
    return said
