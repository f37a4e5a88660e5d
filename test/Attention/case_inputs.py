"""Seeded inputs of a crossing: sizes, values, captures, and poison in keys that rows exclude."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import itertools
from dataclasses import dataclass

import ml_dtypes
import numpy as np
from crossings import Crossing
from program_text import LAYOUTS
from region_text import REACH, captures_of

Array = np.ndarray
NUMPY = {
    "f32": np.dtype(np.float32), "f16": np.dtype(np.float16),
    "f64": np.dtype(np.float64),    "bf16": np.dtype(ml_dtypes.bfloat16), "i1": np.dtype(np.bool_),
    "i32": np.dtype(np.int32), "i64": np.dtype(np.int64),
}  # fmt: skip
# Around the sizes of vectors, of blocks of queries (64) and of keys (96), and none at all.
LENGTHS = (0, 1, 2, 7, 15, 16, 17, 63, 64, 65, 96, 97, 129, 200)
PATTERNS = ("plain", "plain", "peaked", "ties", "large")
POISONS = (np.nan, np.inf, -np.inf)
# Products of one case, about: keeps thousands of cases within minutes.
WORK = 3_000_000


@dataclass(frozen=True)
class Case:
    """One run; `number` seeds everything else."""

    crossing: Crossing
    number: int
    batch: int
    queries: int
    keys: int
    pattern: str
    strided: bool

    def __str__(self) -> str:
        sizes = f"B={self.batch} S={self.queries} T={self.keys}"
        return f"{self.crossing} {sizes} {self.pattern} seed={self.number}"


def cases_of(crossing: Crossing, program: int, count: int) -> list[Case]:
    """`count` cases of program number `program`: any two lengths meet over a few programs."""
    rng = np.random.default_rng([program, 1])
    pairs = list(itertools.product(LENGTHS, LENGTHS))
    order = np.random.default_rng(program // 16).permutation(len(pairs))
    depth, width = (size or 24 for size in crossing.heads)
    cases: list[Case] = []
    place = program % 16 * count
    while len(cases) < count:
        queries, keys = pairs[order[place % len(pairs)]]
        place += 1
        queries = crossing.queries or queries
        if crossing.layout == "packed":
            keys = queries
        if crossing.layout == "pages":
            keys = -(-keys // crossing.page) * crossing.page
        batch = int(rng.integers(1, 4)) if rng.random() < 0.97 else 0
        batch = 1 if crossing.layout == "sequences" else batch
        work = crossing.query_heads * queries * keys * (depth + width)
        if work > WORK:
            continue
        batch = min(batch, max(1, WORK // max(work, 1)))
        pattern = PATTERNS[rng.integers(len(PATTERNS))]
        number = program * 1000 + len(cases)
        cases.append(Case(crossing, number, batch, queries, keys, pattern, rng.random() < 0.2))
    return cases


def _values(rng: np.random.Generator, case: Case) -> dict[str, Array]:
    crossing = case.crossing
    depth, width = (size or 24 for size in crossing.heads)
    q = rng.standard_normal((case.batch, crossing.query_heads, case.queries, depth))
    k = rng.standard_normal((case.batch, crossing.key_heads, case.keys, depth))
    v = rng.standard_normal((case.batch, crossing.key_heads, case.keys, width))
    if crossing.score == "none":
        q = q / np.sqrt(depth)
    match case.pattern:
        case "peaked":
            q = q * 6
        case "ties":
            k = np.broadcast_to(k[:, :, :1], k.shape)
        case "large":
            v = v * 300
    kind = NUMPY[crossing.dtype]
    return {name: np.array(x).astype(kind) for name, x in (("q", q), ("k", k), ("v", v))}


def _capture(rng: np.random.Generator, name: str, shape: list[int], case: Case) -> Array:
    keys = case.keys
    match name:
        case "slopes":
            return 2.0 ** -(1 + 7 * rng.random(shape))
        case "table":
            return rng.standard_normal(shape)
        case "prefix" | "lengths":
            return rng.choice([0, 1, keys // 2, keys, keys + 3], shape)
        case "own" | "ids":
            # Documents in order, of which the last is of queries or of keys alone.
            places = np.sort(rng.integers(0, 4, shape), axis=-1)
            return np.where(places == 3, 3 + (name == "ids"), places)
        case "kept":
            rows = rng.random(shape[:-1] + [1]) < 0.85
            blocks = np.repeat(rng.random((*shape[:-1], keys // 32 + 1)) < 0.7, 32, axis=-1)
            return rows & blocks[..., :keys] & (rng.random(shape) < 0.8)
        case "bias":
            bias = rng.standard_normal(shape) * 2
            rows = rng.random(shape[:-1] + [1]) < 0.1
            return np.where(rows | (rng.random(shape) < 0.3), -np.inf, bias)
        case _:
            return rng.standard_normal(shape)


def inputs_of(case: Case) -> dict[str, Array]:
    """q, k, v as [B, H, S, D] and what the regions capture."""
    crossing, rng = case.crossing, np.random.default_rng([case.number, 2])
    given = _values(rng, case)
    sizes = {"b": case.batch, "h": crossing.query_heads, "i": case.queries, "j": case.keys,
             str(2 * REACH + 1): 2 * REACH + 1}  # fmt: skip
    if crossing.layout == "sequences":
        sizes["n"] = int(rng.integers(0 if case.queries == case.keys == 0 else 1, 6))
        for name, count in (("q_starts", case.queries), ("k_starts", case.keys)):
            cuts = np.sort(rng.integers(0, count + 1, max(sizes["n"] - 1, 0)))
            given[name] = np.array([0, *cuts, *[count] * (sizes["n"] > 0)], np.int32)
    for capture in captures_of(crossing):
        shape = [sizes[dim] for dim in capture.table or capture.dims]
        made = _capture(rng, capture.name, shape, case)
        given[capture.name] = np.asarray(made).astype(NUMPY[capture.element])
    if crossing.alibi_is_sugar:
        slopes = _capture(rng, "slopes", [crossing.query_heads], case)
        given["slopes"] = slopes.astype(NUMPY[crossing.working])
    if crossing.mask in ("offset", "window"):
        far = (0, case.keys - case.queries, -3, 11, -case.queries, 2**40)
        given["at"] = np.array(far[rng.integers(len(far))], np.int64)
    if crossing.layout == "pages":
        most = case.keys
        some = (0, 1, most // 2, max(most - 5, 0), most, most)
        given["count"] = rng.choice(some, case.batch).clip(0, most).astype(np.int32)
    if crossing.normalizer == "sink":
        given["sinks"] = rng.standard_normal(crossing.query_heads).astype(NUMPY[crossing.working])
    return given


def poisoned(case: Case, given: dict[str, Array]) -> tuple[dict[str, Array], Array]:
    """The inputs with a NaN or an infinity in the key and the value of some positions, which
    differ for each batch row and key head; and the positions [B, K, T]."""
    rng = np.random.default_rng([case.number, 3])
    where = rng.random(given["k"].shape[:3]) < rng.choice([0.02, 0.2, 0.9])
    tail = rng.integers(0, case.keys + 1)
    where |= (np.arange(case.keys) >= tail) & (rng.random() < 0.5)
    bad = given | {}
    for name in "kv":
        x = given[name].copy()
        channels = rng.random(x.shape) < 0.3
        channels[..., rng.integers(x.shape[-1])] = True
        poison = rng.choice(POISONS, x.shape).astype(x.dtype)
        bad[name] = np.where(where[..., None] & channels, poison, x)
    return bad, where


def _in_pages(case: Case, given: dict[str, Array]) -> dict[str, Array]:
    """Keys and values in pools, their pages in any order beside others that hold NaN, and the
    table; where no key is, that names no page."""
    rng = np.random.default_rng([case.number, 4])
    size = case.crossing.page
    blocks = case.keys // size
    pages = case.batch * blocks + 3
    table = rng.permutation(pages)[: case.batch * blocks].reshape(case.batch, blocks)
    arranged: dict[str, Array] = {}
    for name in "kv":
        b, h, _, width = given[name].shape
        parts = given[name].reshape(b, h, blocks, size, width).transpose(0, 2, 3, 1, 4)
        pool = np.full((pages, size, h, width), np.nan).astype(parts.dtype)
        pool[table] = parts
        arranged[name] = pool if name == "k" else np.ascontiguousarray(pool.swapaxes(1, 2))
    used = -(-given["count"] // size)
    beyond = np.arange(blocks) >= used[:, None]
    arranged["pages"] = np.where(beyond, rng.choice((-1, pages, 2**40), table.shape), table)
    return arranged


def laid_out(case: Case, given: dict[str, Array]) -> dict[str, Array]:
    """The inputs as the program takes them; strided cases as views into larger tensors."""
    crossing = case.crossing
    arranged = {name: x for name, x in given.items() if name not in ("q", "k", "v")}
    if crossing.layout == "packed":
        parts = [given[name].transpose(0, 2, 1, 3) for name in "qkv"]
        arranged["qkv"] = np.concatenate(parts, axis=2)
    elif crossing.layout == "pages":
        arranged |= {"q": given["q"], **_in_pages(case, given)}
    else:
        own = ("bhid", "bhjd", "bhje")
        for name, axes, dims in zip("qkv", own, LAYOUTS[crossing.layout], strict=False):
            moved = given[name].transpose([axes.index(dim) for dim in dims])
            arranged[name] = np.ascontiguousarray(moved)
    if not case.strided:
        return arranged
    for name in set(arranged) & {"q", "k", "v", "qkv"}:
        x = arranged[name]
        wide = np.zeros((*x.shape[:-1], 2 * x.shape[-1] + 1), x.dtype)
        wide[..., 1::2] = x
        arranged[name] = wide[..., 1::2]
    return arranged


def canonical(crossing: Crossing, name: str, x: Array) -> Array:
    """A result of the program as [B, H, S, E] or [B, H, S]."""
    dims = LAYOUTS[crossing.layout][3]
    if name in ("lse", "max"):
        dims = dims.replace("e", "")
    return x.transpose([dims.index(dim) for dim in "bhie" if dim in dims])
