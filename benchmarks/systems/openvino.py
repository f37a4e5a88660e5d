"""OpenVINO: its scaled_dot_product_attention, MatMul with a constant, and LSTMSequence and
GRUSequence, in the inputs' precision. Grouped heads are rows of one head."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import numpy as np
import openvino
from attention import Attention
from cases import Case
from openvino import opset13 as ops
from problem import Feed
from recurrence import Recurrence, joined, reordered

from systems import Loaded, Settings, computed


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


def _recurrent(problem: Recurrence, feed: Feed, form: str) -> openvino.Model:
    """Sequences are batch major; time major is around them what its reader of ONNX makes."""
    batch, width, swapped = problem.batch, problem.hidden, form == "time major"
    size = (problem.steps, batch, width) if swapped else (batch, problem.steps, width)
    x = ops.parameter(size, np.float32, name="x")
    given = ops.transpose(x, np.array([1, 0, 2])) if swapped else x
    wb, rb = np.split(feed["b"][0], 2)
    zeros = ops.constant(np.zeros((batch, 1, width), np.float32))
    lengths = ops.constant(np.full(batch, problem.steps, np.int64))
    if problem.kind == "lstm":
        w, r, b = (reordered(problem, rows, "fico") for rows in (feed["w"][0], feed["r"][0],
                                                                 wb + rb))  # fmt: skip
        node = ops.lstm_sequence(given, zeros, zeros, lengths, w[None], r[None], b[None],
                                 width, "forward")  # fmt: skip
    else:
        # The reset comes behind the new gate's recurrent bias, which hence stays apart.
        b = np.concatenate([(wb + rb)[: 2 * width], wb[2 * width :], rb[2 * width :]])
        node = ops.gru_sequence(given, zeros, lengths, feed["w"], feed["r"], b[None], width,
                                "forward", linear_before_reset=True)  # fmt: skip
    # [B, 1, T, H] and [B, 1, H].
    results = list(node.outputs())
    if swapped:
        orders = ([2, 1, 0, 3], [1, 0, 2], [1, 0, 2])
        results = [ops.transpose(result, np.array(order))
                   for result, order in zip(results, orders, strict=False)]  # fmt: skip
    return openvino.Model(results, [x], problem.kind)


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
    dtype = computed(case.problem)
    kind = {"f32": openvino.Type.f32, "bf16": openvino.Type.bf16}[dtype]
    if isinstance(case.problem, Recurrence):
        model = _recurrent(case.problem, feed, settings["form"])
        if settings["form"] == "batch major":
            feed["x"] = np.ascontiguousarray(feed["x"].swapaxes(0, 1))
    elif isinstance(case.problem, Attention):
        model = _attention(case.problem, kind)
    else:
        model = _product(feed)
    properties = {
        "PERFORMANCE_HINT": "LATENCY", "NUM_STREAMS": 1, "INFERENCE_NUM_THREADS":
        settings["threads"], "INFERENCE_PRECISION_HINT": dtype,
        "ENABLE_CPU_PINNING": settings["pinning"],
    }  # fmt: skip
    request = openvino.Core().compile_model(model, "CPU", properties).create_infer_request()
    for index, parameter in enumerate(model.inputs):
        request.set_input_tensor(index, _input(feed[parameter.any_name], kind))

    def output() -> np.ndarray:
        if isinstance(case.problem, Recurrence):
            y, *states = (request.get_output_tensor(index).data
                          for index in range(1 + case.problem.states))  # fmt: skip
            if settings["form"] == "batch major":
                y = y.transpose(2, 1, 0, 3)
            return joined(y, states)
        return _widened(request.get_output_tensor(0).data, kind)

    call = lambda: request.infer(share_outputs=True)  # noqa: E731
    call.keep = feed
    return Loaded(openvino.__version__.split("-")[0], call, output)
