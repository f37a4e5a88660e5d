"""Numbers with a bound of the error that a computation in a narrower type may make of them.

A Ball holds exact values (numpy's float64, for f64 longdouble) and a bound for each. Arithmetic on
balls is exact in the values and follows errors through: what the operands' errors make of a result,
plus one rounding (unit u of the working type) for each operation.

- a sum of K products is off by (K + 2) u times the sum of their magnitudes, in any order;
- a function that grows, or falls, throughout takes the ends of an interval to the ends of the
  result's; it is itself computed to 8 u of the result (test_vector_math.py), or of 1 where it comes
  from a difference with 1;
- storing in f16 or bf16 adds half a unit of that type.
"""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

Array = np.ndarray
# The type in which elements of a type are computed; its unit, and a wider type.
WORKING = {"f32": "f32", "f16": "f32", "bf16": "f32", "f64": "f64"}
UNIT = {"f32": 2.0**-24, "f64": 2.0**-53}
WIDER = {"f32": np.float64, "f64": np.longdouble}
# The unit of rounding to a type, and half of its smallest number.
ROUNDING = {
    "f32": (2.0**-24, 2.0**-149),
    "f16": (2.0**-11, 2.0**-25),
    "bf16": (2.0**-8, 2.0**-133),
    "f64": (2.0**-53, 2.0**-1074),
}


@dataclass(frozen=True)
class Ball:
    """Values, bounds of their errors, and the unit of the type that computes with them."""

    value: Array
    error: Array
    unit: float

    @classmethod
    def exact(cls, value: Array, element: str) -> Ball:
        """Inputs of a computation in the working type of `element`."""
        work = WORKING[element]
        wide = np.asarray(value).astype(WIDER[work])
        return cls(wide, np.zeros_like(wide), UNIT[work])

    def _made(self, value: Array, error: Array, rounding: Array | None = None) -> Ball:
        size = np.abs(value) if rounding is None else rounding
        return Ball(value, error + self.unit * (size + error), self.unit)

    def __add__(self, other: Ball) -> Ball:
        return self._made(self.value + other.value, self.error + other.error)

    def __sub__(self, other: Ball) -> Ball:
        return self._made(self.value - other.value, self.error + other.error)

    def __mul__(self, other: Ball) -> Ball:
        error = np.abs(self.value) * other.error + np.abs(other.value) * self.error
        return self._made(self.value * other.value, error + self.error * other.error)

    def one_minus(self) -> Ball:
        return self._made(1 - self.value, self.error)

    def times(self, weight: Ball) -> Ball:
        """[B, K] times weight [N, K] transposed."""
        sizes = np.abs(self.value) + self.error, (np.abs(weight.value) + weight.error).T
        error = self.error @ sizes[1] + np.abs(self.value) @ weight.error.T
        terms = (self.value.shape[-1] + 2) * (sizes[0] @ sizes[1])
        return self._made(self.value @ weight.value.T, error, terms)

    def mean(self) -> Ball:
        """Over the last dimension, which stays with extent 1."""
        count = self.value.shape[-1]
        size = (np.abs(self.value) + self.error).mean(-1, keepdims=True)
        value = self.value.mean(-1, keepdims=True)
        return self._made(value, self.error.mean(-1, keepdims=True), (count + 2) * size)

    def monotone(self, function: Callable[[Array], Array], size: float = 0.0) -> Ball:
        """A function that grows or falls throughout; `size` where it is made from larger parts."""
        value = function(self.value)
        ends = function(self.value - self.error), function(self.value + self.error)
        error = np.maximum(np.abs(ends[0] - value), np.abs(ends[1] - value))
        return self._made(value, error, 8 * np.maximum(np.abs(value), size))

    def clip(self, limit: float | None) -> Ball:
        if limit is None:
            return self
        return Ball(np.clip(self.value, -limit, limit), self.error, self.unit)

    def rounded(self, element: str) -> Ball:
        """Stored as `element`."""
        unit, least = ROUNDING[element]
        return Ball(
            self.value, self.error + unit * (np.abs(self.value) + self.error) + least, self.unit
        )

    def __getitem__(self, at: object) -> Ball:
        return Ball(self.value[at], self.error[at], self.unit)

    def where(self, keep: Array, other: Ball) -> Ball:
        """Rows of this ball where `keep` [B], of the other elsewhere."""
        rows = keep.reshape(keep.shape + (1,) * (self.value.ndim - 1))
        return Ball(
            np.where(rows, self.value, other.value), np.where(rows, self.error, other.error),
            self.unit,
        )  # fmt: skip


def zeros(shape: tuple[int, ...], element: str) -> Ball:
    return Ball.exact(np.zeros(shape), element)


def over(ball: Ball, change: Callable[[Array], Array]) -> Ball:
    """A change of shape."""
    return Ball(change(ball.value), change(ball.error), ball.unit)


def join(balls: Sequence[Ball]) -> Ball:
    """Along the last dimension."""
    return Ball(np.concatenate([b.value for b in balls], -1),
                np.concatenate([b.error for b in balls], -1), balls[0].unit)  # fmt: skip


def activation(x: Ball, kind: str, alpha: float, beta: float) -> Ball:
    """The activation functions of ONNX's LSTM, GRU and RNN."""
    match kind:
        case "sigmoid":
            return x.monotone(lambda v: 1 / (1 + np.exp(-v)))
        case "tanh":
            return x.monotone(np.tanh)
        case "relu":
            return x.monotone(lambda v: np.maximum(v, 0))
        case "leaky_relu":
            return x.monotone(lambda v: np.where(v < 0, alpha * v, v))
        case "thresholded_relu":
            return x.monotone(lambda v: np.where(v > alpha, v, 0))
        case "scaled_tanh":
            return x.monotone(lambda v: alpha * np.tanh(beta * v))
        case "hard_sigmoid":
            return x.monotone(lambda v: np.clip(alpha * v + beta, 0, 1), 1.0)
        case "elu":
            return x.monotone(lambda v: np.where(v < 0, alpha * np.expm1(v), v), 1.0)
        case "softsign":
            return x.monotone(lambda v: v / (1 + np.abs(v)))
        case "softplus":
            return x.monotone(lambda v: np.logaddexp(v, 0), 1.0)
        case "affine":
            return x.monotone(lambda v: alpha * v + beta, abs(beta) + 1.0)
    raise ValueError(kind)


def layer_norm(x: Ball, weight: Ball, bias: Ball, epsilon: float) -> Ball:
    """Over the last dimension."""
    middle = x - x.mean()
    squares = middle * middle
    inverse = squares.mean().monotone(lambda v: 1 / np.sqrt(np.maximum(v, 0) + epsilon))
    return middle * inverse * weight + bias
