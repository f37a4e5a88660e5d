"""The operations that are timed: ids, what they compute, their inputs and their work."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / folder) for folder in ("benchmarks", "examples", "python")]

import attention  # noqa: E402
from attention import Attention  # noqa: E402

BYTES = {"f32": 4, "i64": 8, "bf16": 2, "f16": 2}
LENGTHS = (1024, 2048, 4096, 8192, 16384)
# Tokens of a case of attention, and the width of all its heads together.
TOKENS, WIDTH = 16384, 2048


@dataclass(frozen=True)
class Program:
    """`inputs` are name, dtype and shape in the entry's order; `facts` say to a peer what to run.
    Operations count two for a multiply-add, bytes each input and result once."""

    section: str
    case: str
    text: str
    inputs: list[tuple[str, str, tuple[int, ...]]]
    flops: int
    bytes: int
    facts: dict[str, Any] = field(default_factory=dict)


def _tensor(shape: tuple[int, ...], dtype: str) -> str:
    return f"tensor<{'x'.join(map(str, (*shape, dtype)))}>"


def _attention(problem: Attention, section: str) -> Program:
    keys, dtype = problem.keys, problem.dtype
    # Batches of problem.label are not named by it.
    case = (problem.label if section == "decode"
            else f"attn_{problem.kind}_B{problem.batch}_S{problem.length}_H{problem.heads}"
                 f"_d{problem.depth}_{dtype}")  # fmt: skip
    rows = problem.queries[2]
    pairs = rows * problem.length
    if problem.kind == "causal":
        pairs = problem.length * (problem.length + 1) // 2
    facts = {"kind": problem.kind, "grouped": problem.groups > 1, "scale": problem.scale}
    return Program(
        section, case, attention.module(problem),
        [("q", dtype, problem.queries), ("k", dtype, keys), ("v", dtype, keys)],
        4 * problem.batch * problem.heads * problem.depth * pairs, problem.bytes(), facts,
    )  # fmt: skip


def attentions(tiny: bool) -> Iterator[Program]:
    sizes = [(1, 70, 2, depth) for depth in (64, 128)] if tiny else [
        (TOKENS // length, length, WIDTH // depth, depth)
        for depth in (128, 64, 256) for length in LENGTHS]  # fmt: skip
    for batch, length, heads, depth in sizes:
        for kind in ("full", "causal"):
            yield _attention(Attention(kind, length, heads, depth, "bf16", batch), "attention")


def decodes(tiny: bool) -> Iterator[Program]:
    """One query a sequence: 4 MB to 1 GB of keys and values."""
    sizes = ((1, 4, 2, 40),) if tiny else ((1, 32, 4, 1024), (1, 32, 4, 32768), (8, 32, 4, 4096),
                                           (32, 32, 4, 4096), (32, 32, 1, 2048),
                                           (64, 32, 4, 4096))  # fmt: skip
    for batch, heads, groups, length in sizes:
        depth = 64 if tiny else 128
        problem = Attention("decode", length, heads, depth, "bf16", batch, groups)
        yield _attention(problem, "decode")


def product(rows: int, columns: int, depth: int, dtype: str) -> Program:
    """y = x w^T with rows of w as a linear layer has them."""
    x, w, y = ((rows, depth), (columns, depth), (rows, columns))
    rounded = "fovea.yield %sum : f32"
    if dtype != "f32":
        rounded = (f"%short = arith.truncf %sum : f32 to {dtype}\n"
                   f"    fovea.yield %short : {dtype}")  # fmt: skip
    text = f"""
func.func @main(%x: {_tensor(x, dtype)} {{fovea.name = "x"}},
    %w: {_tensor(w, dtype)} {{fovea.name = "w"}}) -> ({_tensor(y, dtype)} {{fovea.name = "y"}}) {{
  %e = tensor.empty() : {_tensor(y, dtype)}
  %y = fovea.contract ins(%x, %w : {_tensor(x, dtype)}, {_tensor(w, dtype)})
      outs(%e : {_tensor(y, dtype)})
      {{indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (n, k)>,
        affine_map<(m, n, k) -> (m, n)>]}} epilogue {{
  ^bb0(%sum: f32):
    {rounded}
  }} -> {_tensor(y, dtype)}
  return %y : {_tensor(y, dtype)}
}}
"""
    count = rows * depth + columns * depth + rows * columns
    return Program("gemm", f"gemm_M{rows}_N{columns}_K{depth}_{dtype}", text,
                   [("x", dtype, x), ("w", dtype, w)], 2 * rows * columns * depth,
                   BYTES[dtype] * count)  # fmt: skip


def products(tiny: bool) -> Iterator[Program]:
    if tiny:
        yield from (product(70, 64, 64, dtype) for dtype in ("bf16", "f32"))
        return
    for dtype, sizes in (("bf16", (1024, 2048, 4096, 8192)), ("f32", (1024, 2048, 4096))):
        yield from (product(size, size, size, dtype) for size in sizes)
    # A layer of a model with a batch of tokens, and with few.
    yield from (product(rows, 4096, 4096, "bf16") for rows in (16, 128))


def _recurrence(kind: str, batch: int, hidden: int, steps: int, dtype: str) -> Program:
    """One forward layer from states of zeros; weights are arguments, in the order of PyTorch's
    gates. The result is every step's output."""
    gates = {"lstm": "ifco", "gru": "rzn"}[kind]
    rows = len(gates) * hidden
    shapes = {"x": (steps, batch, hidden), "w": (1, rows, hidden), "r": (1, rows, hidden),
              "b": (1, 2 * rows)}  # fmt: skip
    x, w, r, b = (_tensor(shape, dtype) for shape in shapes.values())
    state, result = (1, batch, hidden), _tensor((steps, 1, batch, hidden), dtype)
    states = [_tensor(state, dtype)] * (2 if kind == "lstm" else 1)
    names = ", ".join(["%y", "%h", "%c"][: 1 + len(states)])
    order = ", ".join(f"#fovea.gate<{gate}>" for gate in gates)
    functions = ["sigmoid", *["tanh"] * len(states)]
    activations = ", ".join(f"#fovea.activation<{name}>" for name in functions)
    reset = ", reset = #fovea.reset<after>" if kind == "gru" else ""
    arguments = ", ".join(f'%{name}: {_tensor(shape, dtype)} {{fovea.name = "{name}"}}'
                          for name, shape in shapes.items())  # fmt: skip
    text = f"""
func.func @main({arguments}) -> ({result} {{fovea.name = "y"}}) {{
  {names} = fovea.{kind} %x, %w, %r bias(%b : {b})
      {{gate_order = [{order}], activations = [{activations}]{reset}}}
    : {x}, {w}, {r} -> {", ".join([result, *states])}
  return %y : {result}
}}
"""
    width = BYTES[dtype]
    moved = width * (2 * rows * hidden + 2 * rows + 2 * steps * batch * hidden)
    return Program(
        "rnn",
        f"{kind}_B{batch}_H{hidden}_T{steps}_{dtype}",
        text,
        [(name, dtype, shape) for name, shape in shapes.items()],
        4 * steps * batch * rows * hidden,
        moved,
        {"kind": kind, "steps": steps},
    )


def recurrences(tiny: bool) -> Iterator[Program]:
    if tiny:
        yield from (_recurrence(kind, 2, 32, 3, "f32") for kind in ("lstm", "gru"))
        return
    for hidden in (512, 1024, 256):
        for batch in (1, 16, 64):
            yield from (_recurrence(kind, batch, hidden, 256, "f32") for kind in ("lstm", "gru"))
    for dtype in ("f16", "bf16"):
        yield from (_recurrence(kind, 16, 1024, 256, dtype) for kind in ("lstm", "gru"))


def programs(tiny: bool) -> list[Program]:
    return [*attentions(tiny), *decodes(tiny), *products(tiny), *recurrences(tiny)]
