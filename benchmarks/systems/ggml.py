"""ggml: flash attention over stored keys and values, by the bindings of ggml-python, which ./dev
bench --peers builds into a folder of its own."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import ctypes
import importlib.metadata
import sys
from pathlib import Path

import numpy as np
from cases import Case

from systems import Loaded, Settings

sys.path.append(str(Path(__file__).resolve().parents[2] / ".cache" / "ggml"))

import ggml  # noqa: E402

TYPES = {"float32": ggml.GGML_TYPE_F32, "bfloat16": ggml.GGML_TYPE_BF16}
OVERHEAD = 1 << 24


def load(_name: str, case: Case, settings: Settings) -> Loaded:
    problem, feed = case.problem, case.problem.inputs()
    feed["q"] = feed["q"].astype(np.float32)
    total = sum(array.nbytes for array in feed.values()) + 2 * feed["q"].nbytes + OVERHEAD
    context = ggml.ggml_init(ggml.ggml_init_params(mem_size=total, mem_buffer=None, no_alloc=False))

    def tensor(array: np.ndarray) -> object:
        kind = TYPES[array.dtype.name]
        made = ggml.ggml_new_tensor_4d(context, kind, *array.shape[::-1])
        ctypes.memmove(ggml.ggml_get_data(made), array.ctypes.data, array.nbytes)
        return made

    q, k, v = (tensor(feed[name]) for name in "qkv")
    y = ggml.ggml_flash_attn_ext(context, q, k, v, None, problem.scale, 0.0, 0.0)
    graph = ggml.ggml_new_graph(context)
    ggml.ggml_build_forward_expand(graph, y)
    backend = ggml.ggml_backend_cpu_init()
    ggml.ggml_backend_cpu_set_n_threads(backend, settings["threads"])

    def call() -> None:
        if ggml.ggml_backend_graph_compute(backend, graph) != 0:
            raise RuntimeError("ggml_backend_graph_compute failed")

    def output() -> np.ndarray:
        data = ctypes.cast(ggml.ggml_get_data(y), ctypes.POINTER(ctypes.c_float))
        batch, heads, rows, depth = problem.queries
        return np.ctypeslib.as_array(data, (batch, rows, heads, depth)).swapaxes(1, 2)

    return Loaded(importlib.metadata.version("ggml-python"), call, output)
