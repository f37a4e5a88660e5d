"""Systems that run a workload, behind one interface: a call, and how long they took to be ready."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import importlib.util
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import fovea
import numpy as np
from workloads import Feed, Workload

Formula = float | str | list[Any]


@dataclass
class Contender:
    """`call` gives the outputs by name. Times are in seconds."""

    name: str
    version: str
    call: Callable[[], Feed]
    load_seconds: float
    compile_seconds: float = 0.0
    # Of Fovea: operations and bytes of weights of one call, from the ledger.
    flops: float | None = None
    weight_bytes: float = 0.0


def evaluate(formula: Formula, symbols: Mapping[str, int]) -> float:
    """A formula of the ledger (docs/Spec-fvm.md)."""
    if isinstance(formula, str):
        return symbols[formula]
    if not isinstance(formula, list):
        return formula
    value, *others = (evaluate(part, symbols) for part in formula[1:])
    rules: dict[str, Callable[[float, float], float]] = {
        "+": lambda a, b: a + b, "-": lambda a, b: a - b, "*": lambda a, b: a * b,
        "floordiv": lambda a, b: a // b, "ceildiv": lambda a, b: -(-a // b),
        "mod": lambda a, b: a % b, "min": min, "max": max,
    }  # fmt: skip
    for other in others:
        value = rules[formula[0]](value, other)
    return value


def _count(model: fovea.Module, feed: Mapping[str, np.ndarray]) -> tuple[float | None, float]:
    """Operations, None when they depend on data, and bytes of weights."""
    symbols = {
        name: size
        for info in model.inputs
        for name, size in zip(info.shape, feed[info.name].shape, strict=True)
        if isinstance(name, str)
    }
    flops: float | None = 0.0
    for record in model.ledger["kernels"]:
        if record["op"] not in ("fovea.contract", "fovea.attention"):
            continue
        if "flops" not in record or record.get("conditional"):
            flops = None
        elif flops is not None:
            flops += evaluate(record["flops"], symbols)
    return flops, sum(record.get("weight_bytes", 0) for record in model.ledger["kernels"])


def fovea_contender(workload: Workload, threads: int) -> Contender:
    """Compiles, writes the artefact, loads it back."""
    start = time.perf_counter()
    compiled = fovea.compile(workload.source)
    compile_seconds = time.perf_counter() - start
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.fvm"
        compiled.save(path)
        del compiled
        start = time.perf_counter()
        model = fovea.load(path, threads=threads)
        load_seconds = time.perf_counter() - start
    version = model.manifest["producer"].split()[-1]

    def call() -> Feed:
        return model(**workload.feed)

    counts = _count(model, workload.feed)
    return Contender("fovea", version, call, load_seconds, compile_seconds, *counts)


def onnxruntime_contender(workload: Workload, threads: int) -> Contender:
    """All optimizations on; it optimizes whenever it loads."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
    options.intra_op_num_threads = threads
    options.log_severity_level = 3
    start = time.perf_counter()
    session = onnxruntime.InferenceSession(
        str(workload.onnx), options, providers=["CPUExecutionProvider"]
    )
    load_seconds = time.perf_counter() - start
    names = [output.name for output in session.get_outputs()]

    def call() -> Feed:
        return dict(zip(names, session.run(None, workload.feed), strict=True))

    return Contender("onnxruntime", onnxruntime.__version__, call, load_seconds)


def torch_contender(workload: Workload, threads: int) -> Contender | None:
    """Eager PyTorch, where it is installed and the workload has that form."""
    if workload.torch is None or not importlib.util.find_spec("torch"):
        return None
    import torch

    torch.set_num_threads(threads)
    start = time.perf_counter()
    run = workload.torch()
    load_seconds = time.perf_counter() - start
    return Contender("torch", torch.__version__, run, load_seconds)


def contenders(workload: Workload, threads: int) -> list[Contender]:
    """Fovea first."""
    made = [
        fovea_contender(workload, threads),
        onnxruntime_contender(workload, threads),
        torch_contender(workload, threads),
    ]
    return [contender for contender in made if contender]


def largest_difference(left: Feed, right: Feed) -> float:
    """Over all outputs; infinite when their names or shapes differ."""
    if {n: a.shape for n, a in left.items()} != {n: a.shape for n, a in right.items()}:
        return float("inf")
    return max(float(np.abs(left[name] - right[name]).max()) for name in left if left[name].size)
