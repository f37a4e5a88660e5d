"""Fovea: compiled in memory, run by the runtime's C interface with arguments set up once."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import ctypes

import attention
import fovea
import gemm
import numpy as np
from cases import Case
from fovea import tensors
from fovea.libraries import runtime
from fovea.runtime_abi import ContextOptions, Tensor, check

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


def load(_name: str, case: Case, settings: Settings) -> Loaded:
    feed = case.problem.inputs()
    if isinstance(case.problem, gemm.Gemm):
        source: str | bytes = gemm.onnx_model(case.problem, feed.pop("w"))
    else:
        source = attention.module(case.problem)
    module = fovea.compile(source, target=settings["target"], threads=settings["threads"])
    context = _context(module, settings)
    pairs = [tensors.as_input(feed[info.name], info.name, info.type) for info in module.inputs]
    inputs = (Tensor * len(pairs))(*(tensor for tensor, _ in pairs))
    info = module.outputs[0]
    result = np.zeros(info.shape, tensors.numpy_dtype(info.type))
    output, keep = tensors.as_input(result, info.name, info.type)
    library, status_of = runtime(), check

    def call() -> None:
        status = library.fovea_context_run(context, None, inputs, len(pairs),
                                           ctypes.byref(output), 1, None)  # fmt: skip
        status_of(library, status)

    # What the calls read lives as long as they do.
    call.keep = (module, pairs, keep)
    return Loaded(module.manifest["producer"].split()[-1], call, lambda: result)
