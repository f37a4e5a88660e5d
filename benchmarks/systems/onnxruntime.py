"""ONNX Runtime: MatMul with a constant (which it packs), ONNX's Attention, LSTM and GRU, whole
models, and its own MultiHeadAttention in the layout that this takes."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import ctypes
import tempfile
from pathlib import Path

import gemm
import numpy as np
import onnxruntime
import recurrence
import whole_models
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


class Bound:
    """A session with its arguments: inputs are read where they lie."""

    def __init__(self, model: bytes | Path, settings: Settings, feed: Feed) -> None:
        options = onnxruntime.SessionOptions()
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
        options.intra_op_num_threads = settings["threads"]
        spin = str(int(settings["spin"]))
        options.add_session_config_entry("session.intra_op.allow_spinning", spin)
        options.log_severity_level = 3
        source = str(model) if isinstance(model, Path) else model
        providers = ["CPUExecutionProvider"]
        self._session = onnxruntime.InferenceSession(source, options, providers=providers)
        self._binding, self._feed = self._session.io_binding(), feed
        for key, array in feed.items():
            value = onnxruntime.OrtValue.ortvalue_from_numpy(array)
            self._binding.bind_ortvalue_input(key, value)
        self._values, self.results = [], {}
        # A run by name tells sizes that depend on those of inputs.
        names = [output.name for output in self._session.get_outputs()]
        for key, array in zip(names, self._session.run(None, feed), strict=True):
            value = onnxruntime.OrtValue.ortvalue_from_shape_and_type(array.shape, array.dtype)
            self._binding.bind_ortvalue_output(key, value)
            self._values.append(value)
            memory = (ctypes.c_char * array.nbytes).from_address(value.data_ptr())
            self.results[key] = np.frombuffer(memory, array.dtype).reshape(array.shape)

    def call(self) -> None:
        self._session.run_with_iobinding(self._binding)


def _whole_model(problem: whole_models.WholeModel, settings: Settings) -> Loaded:
    with tempfile.TemporaryDirectory() as folder:
        call, output = whole_models.bound(problem, Path(folder), lambda source, feed: Bound(
            source, settings, feed), as_onnx=True)  # fmt: skip
    return Loaded(onnxruntime.__version__, call, output)


def load(name: str, case: Case, settings: Settings) -> Loaded:
    problem = case.problem
    if isinstance(problem, whole_models.WholeModel):
        return _whole_model(problem, settings)
    feed = problem.inputs()
    if isinstance(problem, gemm.Gemm):
        model = gemm.onnx_model(problem, feed.pop("w"))
    elif isinstance(problem, recurrence.Recurrence):
        model, feed = recurrence.onnx_model(problem, feed), {"x": feed["x"]}
    elif name == "onnxruntime_mha":
        model, feed = _multi_head(problem, feed)
    else:
        model = attention_model(problem)
    bound = Bound(model, settings, feed)

    def output() -> np.ndarray:
        y, *states = bound.results.values()
        if states:
            return recurrence.joined(y, states)
        if name != "onnxruntime_mha":
            return y
        return y.reshape(problem.batch, problem.length, problem.heads, -1).swapaxes(1, 2)

    return Loaded(onnxruntime.__version__, bound.call, output)
