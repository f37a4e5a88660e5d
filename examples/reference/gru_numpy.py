"""A GRU cell in float64, in PyTorch's convention: gates r, z, n, reset after the product."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

from collections.abc import Mapping

import numpy as np


def sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


def gru_cell(
    x: np.ndarray, h: np.ndarray, weights: Mapping[str, np.ndarray], prefix: str
) -> np.ndarray:
    """The state behind one step; x [B, I], h [B, H]."""
    w, r, wb, rb = (
        weights[f"{prefix}_{name}"].astype(np.float64) for name in ("w_ih", "w_hh", "b_ih", "b_hh")
    )
    from_x = np.split(x @ w.T + wb, 3, axis=-1)
    from_h = np.split(h @ r.T + rb, 3, axis=-1)
    reset = sigmoid(from_x[0] + from_h[0])
    update = sigmoid(from_x[1] + from_h[1])
    new = np.tanh(from_x[2] + reset * from_h[2])
    return (1 - update) * new + update * h
