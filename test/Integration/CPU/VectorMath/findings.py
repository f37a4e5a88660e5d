"""What comparing a function with the reference finds, and arguments of functions of two."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

import ctypes
import math
from collections.abc import Iterator

import numpy as np


class Findings(ctypes.Structure):
    _fields_ = [
        ("max_ulp", ctypes.c_double),
        ("worst_x", ctypes.c_float),
        ("worst_y", ctypes.c_float),
        ("worst_got", ctypes.c_float),
        ("wrong", ctypes.c_int64),
        ("wrong_x", ctypes.c_float),
        ("wrong_y", ctypes.c_float),
        ("wrong_got", ctypes.c_float),
        ("compared", ctypes.c_int64),
    ]

    def __str__(self) -> str:
        text = f"{self.max_ulp:.3f} ULP at {self.worst_x!r}, {self.worst_y!r}: {self.worst_got!r}"
        if self.wrong:
            text += (
                f"; {self.wrong} of the wrong kind, first at {self.wrong_x!r}, "
                f"{self.wrong_y!r}: {self.wrong_got!r}"
            )
        return text


def pairs(stride: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Special values with each other, random bits, and pairs around 1 for powers."""
    tiny = float(np.finfo(np.float32).smallest_subnormal)
    special = [
        0.0,
        1.0,
        2.0,
        3.0,
        0.5,
        1.5,
        math.inf,
        math.nan,
        tiny,
        2.0**-126,
        3.4028235e38,
        2.0**24,
        2.0**24 - 1,
        8388609.0,
        0.1,
        7.0,
        1e-20,
        1e20,
        0.99999994,
        1.0000001,
        127.0,
    ]
    values = np.array(
        special + [-v for v in special] + [5.0, -5.0, 9.0, -9.0, 11.0, -11.0], np.float32
    )
    grid = np.meshgrid(values, values)
    yield grid[0].ravel(), grid[1].ravel()
    random = np.random.default_rng(0)
    for _ in range(400 if stride == 1 else max(1, 4 * 257 // stride)):
        bits = random.integers(0, 2**32, (2, 1 << 18), dtype=np.uint32)
        yield bits[0].view(np.float32), bits[1].view(np.float32)
        x = np.exp(random.uniform(-5, 5, 1 << 18)).astype(np.float32)
        y = random.uniform(-130, 130, 1 << 18) / np.maximum(np.abs(np.log2(x)), 0.05)
        yield x, y.astype(np.float32)
