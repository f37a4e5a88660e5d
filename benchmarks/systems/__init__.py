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

Settings = dict[str, Any]
ACTIVE, PASSIVE = {"OMP_WAIT_POLICY": "active"}, {"OMP_WAIT_POLICY": "passive"}


@dataclass(frozen=True)
class Loaded:
    """A case that is ready: `call` runs it once and returns when the result is there; `output`
    gives the last result in the case's layout."""

    version: str
    call: Callable[[], Any]
    output: Callable[[], np.ndarray]


@dataclass(frozen=True)
class System:
    """`environment` is the folder of its Python packages; `kinds` are those of attention, and gemm.
    An optional one may be missing."""

    name: str
    module: str
    environment: str
    kinds: tuple[str, ...]
    settings: Callable[[Case], list[Settings]]
    dtypes: tuple[str, ...] = ("f32", "bf16")
    optional: bool = False

    def handles(self, case: Case) -> bool:
        kind = getattr(case.problem, "kind", "gemm")
        return kind in self.kinds and case.problem.dtype in self.dtypes


def _threads(case: Case) -> list[int]:
    """Small cases may be faster on one thread than on all."""
    small = case.problem.flops() < 2e8 and case.threads > 1
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
    return [{"threads": count, "pinning": pin} for count in _threads(case) for pin in pinned]


CORE, MODELS, BENCH = ".venv", ".venv-models", ".venv-bench"
BOTH, SQUARE = ("gemm", "full", "causal", "decode"), ("full", "causal")

FOVEA = System("fovea", "fovea", CORE, (*BOTH, "alibi", "window"), _fovea)
PEERS = (
    System("torch", "torch", MODELS, BOTH, _openmp),
    System("torch_flex", "torch", MODELS, (*SQUARE, "alibi", "window"), _compiled),
    System("mkl", "torch", MODELS, ("gemm",), _openmp),
    System("onnxruntime", "onnxruntime", CORE, BOTH, _spinning, ("f32",)),
    System("onnxruntime_mha", "onnxruntime", CORE, SQUARE, _spinning, ("f32",)),
    System("openvino", "openvino", BENCH, BOTH, _openvino),
    System("jax", "jax", BENCH, BOTH, lambda case: [{"threads": case.threads}]),
    System("iree", "iree", BENCH, ("gemm", *SQUARE), lambda case: [{"threads": case.threads}],
           ("f32",)),
    System("ggml", "ggml", BENCH, ("decode",), _plain, optional=True),
)  # fmt: skip
SYSTEMS = {system.name: system for system in (FOVEA, *PEERS)}


def peers_of(case: Case) -> list[System]:
    """Those that a case is measured beside; none has code for other processors than this one."""
    return [system for system in PEERS if case.target == "host" and system.handles(case)]
