"""The numpy references agree with formulas worked out by hand on small cases."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import math

import numpy as np
from reference import bert_numpy, gru_numpy


def test_gelu_is_x_times_the_normal_distribution() -> None:
    x = np.array([-2.0, -0.5, 0.0, 1.0, 3.0])
    expected = [v * 0.5 * math.erfc(-v / math.sqrt(2)) for v in x]
    np.testing.assert_allclose(bert_numpy.gelu(x), expected, rtol=1e-14)


def test_layer_norm_has_mean_0_and_variance_1() -> None:
    x = np.random.default_rng(0).standard_normal((3, 64))
    y = bert_numpy.layer_norm(x, np.ones(64), np.zeros(64), 0.0)
    np.testing.assert_allclose(y.mean(-1), 0, atol=1e-14)
    np.testing.assert_allclose(y.var(-1), 1, rtol=1e-12)


def test_pooling_leaves_padding_out() -> None:
    hidden = np.random.default_rng(0).standard_normal((1, 4, 8))
    mask = np.array([[1, 1, 0, 0]])
    padded = hidden.copy()
    padded[:, 2:] = 1e6
    np.testing.assert_array_equal(
        bert_numpy.Bert.pool(padded, mask), bert_numpy.Bert.pool(hidden, mask)
    )
    np.testing.assert_allclose(np.linalg.norm(bert_numpy.Bert.pool(hidden, mask)), 1)


def _gru(update_bias: float) -> np.ndarray:
    """A cell without products: reset 1/2, update by its bias, candidate tanh(0.3 + 0.8 / 2)."""
    weights = {
        "g_w_ih": np.zeros((3, 1)),
        "g_w_hh": np.zeros((3, 1)),
        "g_b_ih": np.array([0.0, update_bias, 0.3]),
        "g_b_hh": np.array([0.0, 0.0, 0.8]),
    }
    return gru_numpy.gru_cell(np.ones((1, 1)), np.full((1, 1), 5.0), weights, "g")


def test_gru_resets_after_the_product_and_update_keeps_the_old_state() -> None:
    np.testing.assert_allclose(_gru(-50.0), math.tanh(0.7), rtol=1e-12)
    np.testing.assert_allclose(_gru(50.0), 5.0, rtol=1e-12)
    np.testing.assert_allclose(_gru(0.0), (5.0 + math.tanh(0.7)) / 2, rtol=1e-12)
