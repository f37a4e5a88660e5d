"""The cases of `./dev bench attention`, `gemm` and `rnn`, by fixed ids."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import attention
import gemm
import recurrence
import whole_models
from attention import Attention
from gemm import Gemm
from problem import Problem
from recurrence import Recurrence
from whole_models import WholeModel

ID = re.compile(r"(.+?)(_avx2)?_t([1-9]\d*)")
THREADS = (1, 2)
PARSERS = (attention.parse, gemm.parse, recurrence.parse, whole_models.parse)


@dataclass(frozen=True)
class Case:
    """One operation on so many threads. `target` is what Fovea compiles for."""

    problem: Problem
    threads: int
    target: str = "host"

    @property
    def id(self) -> str:
        code = "_avx2" if self.target == "x86-64-v3" else ""
        return f"{self.problem.label}{code}_t{self.threads}"


def parse(name: str) -> Case | None:
    """The case of an id, also of one that is in no suite."""
    match = ID.fullmatch(name)
    problems = [parser(match[1]) for parser in PARSERS] if match else []
    problem = next((problem for problem in problems if problem), None)
    if not problem:
        return None
    return Case(problem, int(match[3]), "x86-64-v3" if match[2] else "host")


_ATTENTION = (
    *(Attention(kind, 2048, heads, depth) for heads, depth in ((16, 64), (8, 128))
      for kind in ("full", "causal")),
    *(Attention(kind, length, 12, 64) for length in (512, 128) for kind in ("full", "causal")),
    Attention("alibi", 2048, 16, 64),
    Attention("window", 4096, 16, 64),
    # Keys and values of 268 MB.
    Attention("decode", 4096, 32, 128, "f32", 8, 4),
    Attention("decode", 8192, 32, 128, "bf16", 8, 4),
)  # fmt: skip
_GEMM = tuple(Gemm(size, size, size) for size in (256, 512, 1024, 2048, 4096))
_RNN = (
    *(Recurrence(kind, batch, hidden, 128)
      for batch, hidden in ((1, 256), (1, 512), (32, 512), (64, 1024)) for kind in ("lstm", "gru")),
    *(Recurrence(kind, 1, 512, 128, dtype) for dtype in ("bf16", "i8") for kind in ("lstm", "gru")),
    *map(WholeModel, ("silero_frame", "silero_16k_frame", "g2p_word")),
)  # fmt: skip
_AVX2 = {
    "attention": [problem for problem in _ATTENTION
                  if problem.depth == 128 and problem.kind in ("full", "causal")],
    "gemm": _GEMM,
    "rnn": (),
}  # fmt: skip
SUITES: dict[str, Sequence[Problem]] = {"attention": _ATTENTION, "gemm": _GEMM, "rnn": _RNN}


def suite(name: str) -> list[Case]:
    """All cases of a suite; those for AVX2 come last."""
    pairs = [(problem, "host") for problem in SUITES[name]]
    pairs += [(problem, "x86-64-v3") for problem in _AVX2[name]]
    return [Case(problem, threads, target) for problem, target in pairs for threads in THREADS]


def chosen(name: str, parts: Sequence[str]) -> list[Case]:
    """The cases of a suite whose ids contain one of the parts (all without parts), and those that
    a whole id names although no suite has them."""
    cases = suite(name)
    if not parts:
        return cases
    found = [case for case in cases if any(part.lower() in case.id.lower() for part in parts)]
    own = [parse(part) for part in parts if part not in {case.id for case in cases}]
    return found + [case for case in own if case]
