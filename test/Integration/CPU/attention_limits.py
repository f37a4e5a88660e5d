"""How far results of attention may be from float64."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import numpy as np

Array = np.ndarray


# Half of the last bit of a number that is rounded to 8 or 11 of them, by the number.
ROUNDING = {"bf16": 2.0**-8, "f16": 2.0**-11}


def limit_of(exact: Array, depth: int, element: str) -> Array:
    """Of results near `exact` by heads of size `depth`: sums in f32, and the rounding of short
    results."""
    sums = 2e-6 * np.sqrt(depth) * max(1.0, np.abs(exact).max(initial=0))
    return np.asarray(sums + np.abs(exact) * ROUNDING.get(element, 0))
