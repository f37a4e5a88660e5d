"""OpenVINO: its scaled_dot_product_attention and MatMul with a constant, in the inputs' precision.
Grouped heads are rows of one head."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import numpy as np
import openvino
from attention import Attention
from cases import Case
from openvino import opset13 as ops
from problem import Feed

from systems import Loaded, Settings


def _attention(problem: Attention, kind: openvino.Type) -> openvino.Model:
    sizes = {"q": problem.queries, "k": problem.keys, "v": problem.keys}
    inputs = [ops.parameter(size, kind, name=name) for name, size in sizes.items()]
    q = inputs[0]
    if problem.groups > 1:
        rows = (problem.batch, problem.heads // problem.groups, problem.groups, problem.depth)
        q = ops.reshape(q, np.array(rows), False)
    y = ops.scaled_dot_product_attention(q, inputs[1], inputs[2], causal=problem.causal)
    return openvino.Model([ops.reshape(y, np.array(problem.queries), False)], inputs, "attention")


def _product(feed: Feed) -> openvino.Model:
    x = ops.parameter(feed["x"].shape, np.float32, name="x")
    return openvino.Model([ops.matmul(x, ops.constant(feed["w"]), False, False)], [x], "gemm")


def _input(array: np.ndarray, kind: openvino.Type) -> openvino.Tensor:
    if kind == openvino.Type.f32:
        return openvino.Tensor(array, shared_memory=True)
    tensor = openvino.Tensor(kind, array.shape)
    tensor.data.view(np.uint16)[:] = array.view(np.uint16)
    return tensor


def _widened(array: np.ndarray, kind: openvino.Type) -> np.ndarray:
    if kind == openvino.Type.f32:
        return array
    import ml_dtypes

    return array.view(ml_dtypes.bfloat16).astype(np.float32)


def load(_name: str, case: Case, settings: Settings) -> Loaded:
    feed = case.problem.inputs()
    kind = {"f32": openvino.Type.f32, "bf16": openvino.Type.bf16}[case.problem.dtype]
    if isinstance(case.problem, Attention):
        model = _attention(case.problem, kind)
    else:
        model = _product(feed)
    properties = {
        "PERFORMANCE_HINT": "LATENCY", "NUM_STREAMS": 1, "INFERENCE_NUM_THREADS":
        settings["threads"], "INFERENCE_PRECISION_HINT": case.problem.dtype,
        "ENABLE_CPU_PINNING": settings["pinning"],
    }  # fmt: skip
    request = openvino.Core().compile_model(model, "CPU", properties).create_infer_request()
    for index, parameter in enumerate(model.inputs):
        request.set_input_tensor(index, _input(feed[parameter.any_name], kind))

    def output() -> np.ndarray:
        return _widened(request.get_output_tensor(0).data, kind)

    call = lambda: request.infer(share_outputs=True)  # noqa: E731
    call.keep = feed
    return Loaded(openvino.__version__.split("-")[0], call, output)
