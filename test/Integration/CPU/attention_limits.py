"""How far results of attention may be from float64."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import numpy as np

Array = np.ndarray


def limit_of(exact: Array, depth: int, element: str) -> Array:
    """Of results near `exact` by heads of size `depth`: sums in f32, and for bf16 the rounding of
    the result, half of its last of 8 bits."""
    sums = 2e-6 * np.sqrt(depth) * max(1.0, np.abs(exact).max(initial=0))
    return np.asarray(sums + (np.abs(exact) * 2.0**-8 if element == "bf16" else 0))
