"""Attention from its formula in a wider type, with a bound of the error that may be made.

Nothing here is Fovea's. The wider type is numpy's float64, for f64 longdouble. The bound follows
the roundings of any sensible order of evaluation (unit u = 2^-24 of f32, in which f16 and bf16 are
computed, too, and rounded once; 2^-53 of f64):

- a score s[j] of D products is off by (D + 5) u * scale * sum |q||k|, and by a few u of every
  number that a score region adds to it; a softcap does not enlarge that, and adds 8 u |s|;
- shifted by the maximum and turned into units of log2(e) it is off by 4 u (|s| + max |s|) more,
  and an exponential by 4 u (test_vector_math.py) plus 2^-126, below which it may flush to 0;
- each block of keys rescales what was summed so far, by one more exponential;
- the relative error of a probability is thus r[j] = d[j] + sum p d + (T + 4) u, for T keys;
- the result is off by sum of |p[j]||v[j]| (r[j] + (T + 4) u), plus half a unit of its own type;
- where weights are rounded to the type of values, as tensor cores take them, each is off by half a
  unit of that type more.
"""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from crossings import Crossing
from region_text import REACH, SOFTCAP, WINDOW

Array = np.ndarray
# The type of computation: its unit, what an exponential may flush to 0, and a wider type.
UNIT = {"f32": 2.0**-24, "f64": 2.0**-53}
FLUSHED = {"f32": 2.0**-126, "f64": 2.0**-1022}
WIDER = {"f32": np.float64, "f64": np.longdouble}
# What a bound of the largest score is at least: one of exact scores would be 0.
LEAST = 2.0**-1074
# The unit of rounding to a type, and half of its smallest number.
ROUNDING = {
    "f32": (2.0**-24, 2.0**-149),
    "f16": (2.0**-11, 2.0**-25),
    "bf16": (2.0**-8, 2.0**-133),
    "f64": (2.0**-53, 2.0**-1074),
}


@dataclass
class Answer:
    """Results as [B, H, S, E] and [B, H, S], their bounds, and the keys kept [B, H, S, T]."""

    out: Array
    lse: Array
    max: Array
    out_bound: Array
    lse_bound: Array
    max_bound: Array
    kept: Array


class Places:
    """Positions i [S, 1] and j [1, T] as regions and sugar see them: with sequences, counted from
    the first of the own one."""

    def __init__(self, crossing: Crossing, given: dict[str, Array], s: int, t: int) -> None:
        self.i, self.j = np.arange(s)[:, None], np.arange(t)[None, :]
        # Which pairs are of one sequence; keys less queries of it, where sugar counts from the end.
        self.together, self.ends = np.True_, np.int64(0)
        self.own = None
        if crossing.layout != "sequences":
            return
        queries, keys = given["q_starts"].astype(np.int64), given["k_starts"].astype(np.int64)
        own = [np.searchsorted(starts, at, "right") - 1
               for starts, at in ((queries, self.i), (keys, self.j))]  # fmt: skip
        self.together = own[0] == own[1]
        self.i, self.j = self.i - queries[own[0]], self.j - keys[own[1]]
        self.own = own[1][0]
        if crossing.aligns_ends:
            self.ends = (np.diff(keys) - np.diff(queries))[own[0]]

    def of_keys(self, table: Array) -> Array:
        """[B, T] of a table that regions read at b and j."""
        return table if self.own is None else table[self.own, self.j[0]][None]


def kept_by_mask(crossing: Crossing, given: dict[str, Array], sizes: dict[str, int]) -> Array:
    """[B, H, S, T] of bools, by definition of the masks."""
    places = Places(crossing, given, sizes["i"], sizes["j"])
    i, j = places.i, places.j
    shape = tuple(sizes[dim] for dim in "bhij")
    match crossing.mask:
        case "causal":
            keep = j <= i
        case "offset":
            keep = j <= i + given["at"] + places.ends
        case "window":
            left, right = WINDOW
            keep = (j >= i + given["at"] - left) & (j <= i + given["at"] + right)
        case "prefix":
            keep = ((j < given["prefix"][:, None, None]) | (j <= i))[:, None]
        case "documents":
            ids = places.of_keys(given["ids"])
            keep = (given["own"][:, :, None] == ids[:, None, :])[:, None]
        case "lengths":
            keep = (j < given["lengths"][:, None, None])[:, None]
        case "bool":
            keep = given["kept"][:, None]
        case _:
            keep = np.True_
    if crossing.layout == "pages":
        keep = keep & (j < given["count"][:, None, None])[:, None]
    return np.broadcast_to(keep & places.together, shape)


def changed_scores(
    crossing: Crossing, given: dict[str, Array], scores: Array, errors: Array
) -> tuple[Array, Array]:
    """Scores and the bounds of their errors behind the score change and the bias."""
    places = Places(crossing, given, *scores.shape[2:])
    i, j = places.i, places.j
    unit, real, terms = UNIT[crossing.working], scores.dtype, []
    if crossing.score == "softcap":
        errors = errors + 8 * unit * np.abs(scores)
        scores = SOFTCAP * np.tanh(scores / SOFTCAP)
    if crossing.score == "alibi":
        terms.append(given["slopes"].astype(real)[:, None, None] * (j - i))
    if crossing.score == "relative":
        place = np.clip(j - i, -REACH, REACH) + REACH
        terms.append(np.moveaxis(given["table"].astype(real)[place], -1, 0))
    if crossing.mask == "bias":
        terms.append(given["bias"].astype(real))
    for term in terms:
        scores = scores + term
        finite = np.where(np.isfinite(term), np.abs(term), 0)
        errors = errors + unit * (2 * finite + np.where(np.isfinite(scores), np.abs(scores), 0))
    return scores, errors


def _products(q: Array, k: Array) -> Array:
    return q @ k.swapaxes(-1, -2)


def answer(crossing: Crossing, given: dict[str, Array], rounds_weights: bool = False) -> Answer:
    """The results for query [B, H, S, D], key [B, K, T, D], value [B, K, T, E] and captures."""
    unit, real = UNIT[crossing.working], WIDER[crossing.working]
    q = given["q"].astype(real)
    k, v = (np.repeat(given[name].astype(real), crossing.ratio, axis=1) for name in "kv")
    keys, depth = k.shape[2:]
    sizes = {"b": q.shape[0], "h": q.shape[1], "i": q.shape[2], "j": keys}
    kept = kept_by_mask(crossing, given, sizes)
    scores = real(crossing.scale) * _products(q, k)
    errors = (depth + 5) * unit * crossing.scale * _products(np.abs(q), np.abs(k))
    scores, errors = changed_scores(crossing, given, scores, errors)
    kept = kept & (scores > -np.inf)
    scores, errors = np.where(kept, scores, -np.inf), np.where(kept, errors, 0)
    most = np.max(scores, axis=-1, keepdims=True, initial=-np.inf)
    most = np.where(np.isfinite(most), most, 0)
    weights = np.exp(scores - most)
    sums = weights.sum(axis=-1, keepdims=True)
    p = weights / np.where(sums > 0, sums, 1)
    size = np.abs(np.where(kept, scores, 0))
    # Of the largest score no more than of any, and its way into units of log2(e) and back.
    worst = errors.max(axis=-1, initial=0) + 4 * unit * size.max(axis=-1, initial=0)
    errors = errors + 4 * unit * (size + size.max(axis=-1, keepdims=True, initial=0))
    # One form takes a key at a time: for f64, and head sizes that are large or known at run time.
    one = crossing.dtype == "f64" or 0 in crossing.heads or max(crossing.heads) > 1024
    blocks = keys if one else keys // 64 + 1
    errors = errors + (4 + 6 * blocks) * unit
    mean = (p * errors).sum(axis=-1, keepdims=True)
    relative = np.expm1(errors + mean) + (keys + 4) * unit
    with np.errstate(divide="ignore"):
        lse = np.where(sums[..., 0] > 0, most[..., 0] + np.log(sums[..., 0]), -np.inf)
    largest = np.where(sums[..., 0] > 0, most[..., 0], -np.inf)
    lse_error = mean[..., 0] + unit * (keys + 8 + 4 * np.abs(np.where(sums[..., 0] > 0, lse, 0)))
    weighed, weight_errors = p, p * relative + FLUSHED[crossing.working]
    if crossing.has_prob:
        rest = given["gain"].astype(real)[:, None, None] - p
        weighed = p * rest
        weight_errors = weight_errors * (np.abs(rest) + p + weight_errors)
        weight_errors = weight_errors + 3 * unit * np.abs(weighed)
    if rounds_weights:
        unit_of_type, least = ROUNDING[crossing.dtype]
        # Before the sum divides, they are as large as 1.
        part = unit_of_type * (np.abs(weighed) + weight_errors) + least
        weight_errors = weight_errors + part
    weight_errors = np.where(kept, weight_errors + (keys + 4) * unit * np.abs(weighed), 0)
    out, bound = weighed @ v, weight_errors @ np.abs(v)
    exact = Answer(out, lse, largest, bound, lse_error, worst + LEAST, kept)
    return _rounded(crossing, given, exact)


def _rounded(crossing: Crossing, given: dict[str, Array], exact: Answer) -> Answer:
    """With the sink, and with half a unit of the result's type."""
    unit, least = ROUNDING[crossing.dtype]
    exact.out_bound = exact.out_bound + unit * (np.abs(exact.out) + exact.out_bound) + least
    if crossing.normalizer == "sink":
        work = UNIT[crossing.working]
        with np.errstate(over="ignore"):
            part = 1 / (1 + np.exp(given["sinks"].astype(exact.lse.dtype)[:, None] - exact.lse))
        # The derivative of 1 / (1 + exp(x)) is at most the value itself.
        off = exact.lse_bound + 8 * work + 2 * work * np.abs(np.where(part > 0, exact.lse, 0))
        exact.out = exact.out * part[..., None]
        exact.out_bound = exact.out_bound * part[..., None]
        exact.out_bound += np.abs(exact.out) * (np.expm1(off)[..., None] + unit) + least
    return exact
