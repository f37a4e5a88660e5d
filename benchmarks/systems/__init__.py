"""The systems that run cases, Fovea first: what each can do, and the settings it is tried with.

Each has a module of this folder with a function `load(name, case, settings)`, which gives a Loaded.
The modules import their system when they load it: this list needs none of them.
"""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from cases import Case
from problem import Problem

Settings = dict[str, Any]
ACTIVE, PASSIVE = {"OMP_WAIT_POLICY": "active"}, {"OMP_WAIT_POLICY": "passive"}


@dataclass(frozen=True)
class Loaded:
    """A case that is ready: `call` runs it once and returns when the result is there; `output`
    gives the last result in the case's layout."""

    version: str
    call: Callable[[], Any]
    output: Callable[[], np.ndarray]


def computed(problem: Problem) -> str:
    """What peers compute in: another dtype than the problem's may be that of weights alone."""
    return getattr(problem, "computed", problem.dtype)


@dataclass(frozen=True)
class System:
    """`environment` is the folder of its Python packages; `kinds` are those of attention and of
    recurrences, and gemm. An optional one may be missing. A narrow one computes in the dtype that
    the case's weights are stored in although f32 is asked for: it is measured, and held to what
    that allows, but is never the fastest peer."""

    name: str
    module: str
    environment: str
    kinds: tuple[str, ...]
    settings: Callable[[Case], list[Settings]]
    dtypes: tuple[str, ...] = ("f32", "bf16")
    optional: bool = False
    narrow: bool = False

    def handles(self, case: Case) -> bool:
        problem = case.problem
        kind = getattr(problem, "kind", "gemm")
        dtype = problem.dtype if self.narrow else computed(problem)
        return kind in self.kinds and dtype in self.dtypes


def _threads(case: Case) -> list[int]:
    """Small cases may be faster on one thread than on all; the steps of a recurrence wait for each
    other."""
    steps = getattr(case.problem, "steps", 1)
    small = case.problem.flops() < 2e8 * steps and case.threads > 1
    return [case.threads, 1] if small else [case.threads]


def _plain(case: Case) -> list[Settings]:
    return [{"threads": count} for count in _threads(case)]


def _spinning(case: Case) -> list[Settings]:
    """Idle threads spin or sleep; one thread has none."""
    return [{"threads": count, "spin": spin} for count in _threads(case)
            for spin in ((True, False) if count > 1 else (False,))]  # fmt: skip


def _openmp(case: Case) -> list[Settings]:
    made = [{"threads": s["threads"], "environment": ACTIVE if s["spin"] else PASSIVE}
            for s in _spinning(case)]  # fmt: skip
    if getattr(case.problem, "groups", 1) == 1:
        return made
    # Grouped heads as the operation's own option, or as rows of one head.
    return [s | {"form": form} for s in made for form in ("enable_gqa", "rows")]


def _compiled(case: Case) -> list[Settings]:
    """Of what takes a minute to be ready, only its threads' rest is tried."""
    return [one for one in _openmp(case) if one["threads"] == case.threads]


def _fovea(case: Case) -> list[Settings]:
    own = {"threads": case.threads, "target": case.target}
    return [own | {"spin_us": spin} for spin in ((2000, 0) if case.threads > 1 else (0,))]


def _openvino(case: Case) -> list[Settings]:
    pinned = (True, False) if case.threads > 1 else (False,)
    made = [{"threads": count, "pinning": pin} for count in _threads(case) for pin in pinned]
    if getattr(case.problem, "kind", "gemm") not in RECURRENT:
        return made
    # As ONNX has sequences, or as its own operation takes them.
    return [s | {"form": form} for s in made for form in ("time major", "batch major")]


CORE, MODELS, BENCH = ".venv", ".venv-models", ".venv-bench"
BOTH, SQUARE = ("gemm", "full", "causal", "decode"), ("full", "causal")
RECURRENT, WHOLE = ("lstm", "gru"), ("silero", "g2p")

FOVEA = System("fovea", "fovea", CORE, (*BOTH, "alibi", "window", *RECURRENT, *WHOLE), _fovea)
PEERS = (
    System("torch", "torch", MODELS, (*BOTH, *RECURRENT), _openmp),
    System("torch_bf16", "torch", MODELS, RECURRENT, _openmp, ("bf16",), narrow=True),
    System("torch_flex", "torch", MODELS, (*SQUARE, "alibi", "window"), _compiled),
    System("mkl", "torch", MODELS, ("gemm",), _openmp),
    System("onnxruntime", "onnxruntime", CORE, (*BOTH, *RECURRENT, *WHOLE), _spinning,
           ("f32",)),
    System("onnxruntime_mha", "onnxruntime", CORE, SQUARE, _spinning, ("f32",)),
    System("openvino", "openvino", BENCH, (*BOTH, *RECURRENT), _openvino),
    System("jax", "jax", BENCH, BOTH, lambda case: [{"threads": case.threads}]),
    System("iree", "iree", BENCH, ("gemm", *SQUARE), lambda case: [{"threads": case.threads}],
           ("f32",)),
    System("ggml", "ggml", BENCH, ("decode",), _plain, optional=True),
)  # fmt: skip
SYSTEMS = {system.name: system for system in (FOVEA, *PEERS)}


def peers_of(case: Case) -> list[System]:
    """Those that a case is measured beside; none has code for other processors than this one."""
    return [system for system in PEERS if case.target == "host" and system.handles(case)]
