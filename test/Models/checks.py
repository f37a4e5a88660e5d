"""What must hold of a compiled model. Each check gives the reason why it does not, or nothing."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

EPSILON = float(np.finfo(np.float32).eps)


def operations_found(ledger: Mapping[str, Any], op: str, expected: int) -> str:
    """The ledger lists each attention and each recurrence, those of equal layers too."""
    found = sum(record["op"] == op for record in ledger["kernels"])
    return "" if found == expected else f"{found} of {expected} {op}"


def axes_are_open(module: Any, axes: Mapping[str, Mapping[int, str]]) -> str:
    """Inputs have the symbols that the export was asked for."""
    for tensor in module.inputs:
        for axis, size in axes.get(tensor.name, {}).items():
            if tensor.shape[axis] != size:
                return f"dimension {axis} of {tensor.name} is {tensor.shape[axis]}, not {size}"
    return ""


def memory_is_linear(module: Any) -> str:
    """Twice the length takes twice the memory: nothing of rows by keys is stored."""
    sizes = {size for tensor in module.inputs for size in tensor.shape if isinstance(size, str)}
    lengths = sizes - {"batch"}
    if not lengths:
        return ""
    at, twice = (
        module.peak_bytes(batch=1, **dict.fromkeys(lengths, length)) for length in (1024, 2048)
    )
    return "" if twice <= 2.1 * at else "memory grows faster than the length"


def largest_error(value: np.ndarray, exact: np.ndarray) -> float:
    return float(np.abs(value - exact).max())


def results_agree(
    got: Mapping[str, np.ndarray], exact: Sequence[np.ndarray], plain: Sequence[float]
) -> str:
    """Errors are at most twice `plain`, those of PyTorch in f32, both against PyTorch in f64.

    The small term is 8 roundings of the largest element: where PyTorch's error is 0, a sum in
    another order has one all the same.
    """
    if len(got) != len(exact):
        return f"{len(got)} of {len(exact)} outputs"
    for (name, value), expected, allowed in zip(got.items(), exact, plain, strict=True):
        if value.shape != expected.shape:
            return f"{name} has shape {value.shape}, not {expected.shape}"
        error = largest_error(value, expected)
        limit = 2 * allowed + 8 * EPSILON * np.abs(expected).max()
        if not error <= limit:
            return f"{name} is off by {error:.3g}, at most {limit:.3g}"
    return ""
