"""Fovea: compiled in memory, run by the runtime's C interface with arguments set up once."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import ctypes
import tempfile
from pathlib import Path

import attention
import fovea
import gemm
import numpy as np
import recurrence
import whole_models
from cases import Case
from fovea import tensors
from fovea.libraries import runtime
from fovea.runtime_abi import ContextOptions, Tensor, check
from problem import Feed

from systems import Loaded, Settings


def _context(module: fovea.Module, settings: Settings) -> int:
    options = ContextOptions()
    runtime().fovea_context_options_init(ctypes.byref(options))
    options.threads, options.spin_us = settings["threads"], settings["spin_us"]
    made = ctypes.c_void_p()
    handle = module._loaded.handle
    status = runtime().fovea_context_create(handle, ctypes.byref(options), ctypes.byref(made))
    check(runtime(), status)
    return made.value


class Bound:
    """A compiled module with its arguments: inputs are read where they lie."""

    def __init__(self, module: fovea.Module, settings: Settings, feed: Feed) -> None:
        # A run by name tells sizes that depend on those of inputs.
        self.results = {n: np.zeros_like(array) for n, array in module(**feed).items()}
        self.module, self._context = module, _context(module, settings)
        self._pairs = [tensors.as_input(feed[info.name], info.name, info.type)
                       for info in module.inputs]  # fmt: skip
        self._made = [tensors.as_input(self.results[info.name], info.name, info.type)
                      for info in module.outputs]  # fmt: skip
        self._inputs = (Tensor * len(self._pairs))(*(tensor for tensor, _ in self._pairs))
        self._outputs = (Tensor * len(self._made))(*(tensor for tensor, _ in self._made))
        self._library = runtime()

    def call(self) -> None:
        status = self._library.fovea_context_run(self._context, None, self._inputs,
                                                 len(self._pairs), self._outputs,
                                                 len(self._made), None)  # fmt: skip
        check(self._library, status)


def _whole_model(problem: whole_models.WholeModel, settings: Settings) -> Loaded:
    made = []

    def bind(source: Path | bytes, feed: Feed) -> Bound:
        module = fovea.compile(source, target=settings["target"], threads=settings["threads"])
        made.append(Bound(module, settings, feed))
        return made[-1]

    with tempfile.TemporaryDirectory() as folder:
        call, output = whole_models.bound(problem, Path(folder), bind, as_onnx=False)
    return Loaded(_version(made[0].module), call, output)


def _version(module: fovea.Module) -> str:
    return module.manifest["producer"].split()[-1]


def load(_name: str, case: Case, settings: Settings) -> Loaded:
    problem = case.problem
    if isinstance(problem, whole_models.WholeModel):
        return _whole_model(problem, settings)
    feed, options = problem.inputs(), {}
    with tempfile.TemporaryDirectory() as folder:
        if isinstance(problem, gemm.Gemm):
            source: Path | str | bytes = gemm.onnx_model(problem, feed.pop("w"))
        elif isinstance(problem, recurrence.Recurrence):
            source = recurrence.write_module(problem, feed, Path(folder))
            options = recurrence.compile_options(problem)
            feed = {"x": feed["x"]}
        else:
            source = attention.module(problem)
        module = fovea.compile(source, target=settings["target"], threads=settings["threads"],
                               **options)  # fmt: skip
    bound = Bound(module, settings, feed)

    def output() -> np.ndarray:
        y, *states = bound.results.values()
        return recurrence.joined(y, states) if states else y

    return Loaded(_version(module), bound.call, output)
