"""ONNX Runtime: MatMul with a constant (which it packs), ONNX's Attention, and its own
MultiHeadAttention in the layout that this takes."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import gemm
import numpy as np
import onnxruntime
from attention import Attention
from cases import Case
from onnx import TensorProto, helper
from problem import Feed

from systems import Loaded, Settings


def _model(node: object, sizes: dict[str, list[int]]) -> bytes:
    info = [helper.make_tensor_value_info(n, TensorProto.FLOAT, s) for n, s in sizes.items()]
    graph = helper.make_graph([node], "attention", info[:-1], info[-1:])
    opsets = [helper.make_opsetid("", 23), helper.make_opsetid("com.microsoft", 1)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=10).SerializeToString()


def attention_model(problem: Attention) -> bytes:
    """One Attention node of ONNX."""
    node = helper.make_node("Attention", list("qkv"), ["y"], is_causal=int(problem.causal))
    sizes = {"q": problem.queries, "k": problem.keys, "v": problem.keys, "y": problem.queries}
    return _model(node, {name: list(size) for name, size in sizes.items()})


def _multi_head(problem: Attention, feed: Feed) -> tuple[bytes, Feed]:
    width = problem.heads * problem.depth
    size = [problem.batch, problem.length, width]
    node = helper.make_node("MultiHeadAttention", list("qkv"), ["y"], domain="com.microsoft",
                            num_heads=problem.heads,
                            unidirectional=int(problem.causal))  # fmt: skip
    flat = {n: np.ascontiguousarray(feed[n].swapaxes(1, 2)).reshape(size) for n in "qkv"}
    return _model(node, dict.fromkeys("qkvy", size)), flat


def load(name: str, case: Case, settings: Settings) -> Loaded:
    problem, feed = case.problem, case.problem.inputs()
    if isinstance(problem, gemm.Gemm):
        model = gemm.onnx_model(problem, feed.pop("w"))
    elif name == "onnxruntime_mha":
        model, feed = _multi_head(problem, feed)
    else:
        model = attention_model(problem)
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
    options.intra_op_num_threads = settings["threads"]
    spin = str(int(settings["spin"]))
    options.add_session_config_entry("session.intra_op.allow_spinning", spin)
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    binding = session.io_binding()
    for key, array in feed.items():
        binding.bind_cpu_input(key, array)
    size = session.get_outputs()[0].shape
    result = onnxruntime.OrtValue.ortvalue_from_shape_and_type(size, np.float32)
    binding.bind_ortvalue_output("y", result)

    def output() -> np.ndarray:
        y = result.numpy()
        if name != "onnxruntime_mha":
            return y
        return y.reshape(problem.batch, problem.length, problem.heads, -1).swapaxes(1, 2)

    call = lambda: session.run_with_iobinding(binding)  # noqa: E731
    call.keep = feed
    return Loaded(onnxruntime.__version__, call, output)
