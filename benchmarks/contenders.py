"""Systems that run a workload, behind one interface: a call, and how long they took to be ready."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import importlib.util
import json
import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from case import Settings, prepare_in
from machine import PROGRAM
from workloads import Feed, Workload


@dataclass
class Contender:
    """`call` gives the outputs by name. Times are in seconds."""

    name: str
    version: str
    call: Callable[[], Feed]
    load_seconds: float
    compile_seconds: float = 0.0
    # Of Fovea: operations of one call, and bytes of weights that it reads; nothing when they depend
    # on data.
    flops: int | None = None
    weight_bytes: int | None = None


def work_of(artifact: Path, feed: Feed) -> tuple[int | None, int | None]:
    """Operations of a call with these inputs and bytes of weights, as `fovea bench` counts them;
    its times, which no peer took turns with, are left."""
    for key, array in feed.items():
        np.save(artifact.with_name(f"{key}.npy"), array)
    inputs = [f"--input={key}=@{key}.npy" for key in feed]
    command = [PROGRAM, "bench", artifact, "--time=1", "--json", *inputs]
    done = subprocess.run(command, cwd=artifact.parent, capture_output=True, text=True, check=True)
    measured = json.loads(done.stdout)

    def count(rate: float | None) -> int | None:
        return None if rate is None else round(rate * measured["min_ms"] * 1e6)

    return count(measured["gflops"]), count(measured["read_gbps"])


def fovea_contender(workload: Workload, threads: int) -> Contender:
    """What a file holds that the compiler wrote."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        case = prepare_in(folder, workload.name, workload.source, Settings(threads=threads))
        flops, read = work_of(folder / f"{workload.name}.fvm", workload.feed)

    def call() -> Feed:
        return case.model(**workload.feed)

    version = case.model.manifest["producer"].split()[-1]
    return Contender("fovea", version, call, case.load_seconds, case.compile_seconds,
                     workload.flops or flops, read)  # fmt: skip


def onnxruntime_contender(workload: Workload, threads: int) -> Contender | None:
    """All optimizations on; it optimizes whenever it loads."""
    if workload.onnx is None:
        return None
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
    """Over all outputs; NaN when one has a NaN, infinite when their names or shapes differ."""
    if {n: a.shape for n, a in left.items()} != {n: a.shape for n, a in right.items()}:
        return float("inf")
    differences = [np.abs(left[name] - right[name]).max(initial=0) for name in left]
    return float(np.max(differences, initial=0))
