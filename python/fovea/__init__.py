"""Fovea: compiles graphs built on attention and recurrence, and runs the result.

    import fovea, numpy as np
    model = fovea.compile("bert/", dims={"batch": 1})     # ONNX, Hugging Face folder, MLIR text
    result = model(input_ids=np.ones((1, 8), np.int64), ...)
    model.save("bert.fvm"); model = fovea.load("bert.fvm")

Inputs are numpy arrays or anything with __dlpack__ on the CPU or on the module's GPU, read without
a copy; results are numpy arrays by name, or with model.run(inputs, outputs="device") tensors with
__dlpack__ where the kernels wrote them. Failures are FoveaError with .code, .node and .hint.
"""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from fovea import recurrent, recurrent_text
from fovea.compiler import compile  # noqa: A004
from fovea.device_tensors import DeviceTensor
from fovea.errors import FoveaError
from fovea.module import Entry, Module, TensorInfo, load

__all__ = ["DeviceTensor", "Entry", "FoveaError", "Module", "TensorInfo", "compile", "load",
           "recurrent", "recurrent_text"]  # fmt: skip
