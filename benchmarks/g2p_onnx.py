"""The model of examples/g2p.py as ONNX models, for peers that read nothing else: in one, with the
loop in it, and in two, for a loop around them."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

Weights = Mapping[str, np.ndarray]


def _gates(rows: np.ndarray) -> np.ndarray:
    """PyTorch's order of gates (r, z, n) as ONNX has it (z, r, n)."""
    reset, update, new = np.split(rows, 3)
    return np.concatenate([update, reset, new]).astype(np.float32)


def _gru(part: str, variables: Weights, inputs: Sequence[str]) -> onnx.NodeProto:
    hidden = variables[f"{part}_w_hh"].shape[1]
    return helper.make_node("GRU", inputs, ["", "last"], hidden_size=hidden, linear_before_reset=1)


def _initializers(part: str, variables: Weights) -> dict[str, np.ndarray]:
    biases = [_gates(variables[f"{part}_{name}"]) for name in ("b_ih", "b_hh")]
    return {
        "table": variables[f"{part}_emb"].astype(np.float32),
        "w": _gates(variables[f"{part}_w_ih"])[None],
        "r": _gates(variables[f"{part}_w_hh"])[None],
        "b": np.concatenate(biases)[None],
        "axis": np.array([1]),
    }


def _model(
    nodes: Sequence[onnx.NodeProto],
    inputs: Sequence[onnx.ValueInfoProto],
    outputs: Sequence[onnx.ValueInfoProto],
    tensors: Weights,
) -> onnx.ModelProto:
    initializers = [numpy_helper.from_array(array, name) for name, array in tensors.items()]
    graph = helper.make_graph(nodes, "g2p", inputs, outputs, initializers)
    opset = [helper.make_opsetid("", 17)]
    model = helper.make_model(graph, opset_imports=opset, ir_version=8)
    onnx.checker.check_model(model)
    return model


def encoder(variables: Weights) -> onnx.ModelProto:
    """letters [time] -> state [1, 1, H]."""
    hidden = variables["enc_w_hh"].shape[1]
    nodes = [
        helper.make_node("Gather", ["table", "letters"], ["rows"]),
        helper.make_node("Unsqueeze", ["rows", "axis"], ["x"]),
        _gru("enc", variables, ["x", "w", "r", "b"]),
        helper.make_node("Identity", ["last"], ["state"]),
    ]
    inputs = [helper.make_tensor_value_info("letters", TensorProto.INT64, ["time"])]
    outputs = [helper.make_tensor_value_info("state", TensorProto.FLOAT, [1, 1, hidden])]
    return _model(nodes, inputs, outputs, _initializers("enc", variables))


def decoder(variables: Weights) -> onnx.ModelProto:
    """phoneme [1] and state [1, 1, H] -> logits [1, P] and next_state [1, 1, H]."""
    hidden, count = variables["dec_w_hh"].shape[1], len(variables["fc_b"])
    nodes = [
        helper.make_node("Gather", ["table", "phoneme"], ["rows"]),
        helper.make_node("Unsqueeze", ["rows", "axis"], ["x"]),
        _gru("dec", variables, ["x", "w", "r", "b", "", "state"]),
        helper.make_node("Squeeze", ["last", "axis"], ["flat"]),
        helper.make_node("Gemm", ["flat", "fc_w", "fc_b"], ["logits"], transB=1),
        helper.make_node("Identity", ["last"], ["next_state"]),
    ]
    state = [1, 1, hidden]
    inputs = [
        helper.make_tensor_value_info("phoneme", TensorProto.INT64, [1]),
        helper.make_tensor_value_info("state", TensorProto.FLOAT, state),
    ]
    outputs = [
        helper.make_tensor_value_info("logits", TensorProto.FLOAT, [1, count]),
        helper.make_tensor_value_info("next_state", TensorProto.FLOAT, state),
    ]
    tensors = _initializers("dec", variables)
    tensors |= {name: variables[name].astype(np.float32) for name in ("fc_w", "fc_b")}
    return _model(nodes, inputs, outputs, tensors)


def _step(variables: Weights, end: int) -> onnx.GraphProto:
    """A step of the decoder as the body of a loop: its number, whether the one before went on, and
    phoneme [1] and state -> whether to go on, the next phoneme and state, phoneme and logits."""
    nodes = [
        helper.make_node("Gather", ["dec_table", "before"], ["rows"]),
        helper.make_node("Unsqueeze", ["rows", "axis"], ["x"]),
        _gru("dec", variables, ["x", "dec_w", "dec_r", "dec_b", "", "state_before"]),
        helper.make_node("Squeeze", ["last", "axis"], ["flat"]),
        helper.make_node("Gemm", ["flat", "fc_w", "fc_b"], ["now"], transB=1),
        helper.make_node("ArgMax", ["now"], ["best"], axis=1, keepdims=0),
        helper.make_node("Equal", ["best", "end"], ["ends"]),
        helper.make_node("Not", ["ends"], ["goes_on"]),
        helper.make_node("Squeeze", ["goes_on"], ["goes_on_scalar"]),
        helper.make_node("Identity", ["last"], ["state_then"]),
        helper.make_node("Identity", ["best"], ["then"]),
        helper.make_node("Squeeze", ["best"], ["phoneme"]),
        helper.make_node("Squeeze", ["now", "first"], ["row"]),
    ]
    hidden, count = variables["dec_w_hh"].shape[1], len(variables["fc_b"])
    state, whole, truth = [1, 1, hidden], TensorProto.INT64, TensorProto.BOOL
    info = helper.make_tensor_value_info
    inputs = [info("number", whole, []), info("went_on", truth, []), info("before", whole, [1]),
              info("state_before", TensorProto.FLOAT, state)]  # fmt: skip
    outputs = [info("goes_on_scalar", truth, []), info("then", whole, [1]),
               info("state_then", TensorProto.FLOAT, state), info("phoneme", whole, []),
               info("row", TensorProto.FLOAT, [count])]  # fmt: skip
    return helper.make_graph(nodes, "step", inputs, outputs, [numpy_helper.from_array(
        np.array([end]), "end")])  # fmt: skip


def word(variables: Weights, start: int, end: int, most: int) -> onnx.ModelProto:
    """letters [time] -> phonemes [most] and logits [most, P], with zeros behind the last step, and
    the count of steps [1]: the module of the example."""
    count = len(variables["fc_b"])
    nodes = [
        helper.make_node("Gather", ["table", "letters"], ["letter_rows"]),
        helper.make_node("Unsqueeze", ["letter_rows", "axis"], ["letter_x"]),
        helper.make_node("GRU", ["letter_x", "w", "r", "b"], ["", "encoded"], linear_before_reset=1,
                         hidden_size=variables["enc_w_hh"].shape[1]),
        helper.make_node("Loop", ["most", "always", "start", "encoded"],
                         ["last_phoneme", "last_state", "some_phonemes", "some_logits"],
                         body=_step(variables, end)),
        helper.make_node("Shape", ["some_phonemes"], ["count"]),
        helper.make_node("Sub", ["most", "count"], ["missing"]),
        helper.make_node("Concat", ["zero", "missing"], ["pads"], axis=0),
        helper.make_node("Concat", ["zero", "zero", "missing", "zero"], ["row_pads"], axis=0),
        helper.make_node("Pad", ["some_phonemes", "pads"], ["phonemes"]),
        helper.make_node("Pad", ["some_logits", "row_pads"], ["logits"]),
    ]  # fmt: skip
    decoding = {f"dec_{name}": tensor for name, tensor in _initializers("dec", variables).items()}
    tensors = decoding | _initializers("enc", variables)
    del tensors["dec_axis"]
    tensors |= {name: variables[name].astype(np.float32) for name in ("fc_w", "fc_b")}
    tensors |= {"most": np.array([most]), "always": np.array(True), "start": np.array([start]),
                "zero": np.array([0]), "first": np.array([0])}  # fmt: skip
    inputs = [helper.make_tensor_value_info("letters", TensorProto.INT64, ["time"])]
    outputs = [helper.make_tensor_value_info("phonemes", TensorProto.INT64, [most]),
               helper.make_tensor_value_info("logits", TensorProto.FLOAT, [most, count]),
               helper.make_tensor_value_info("count", TensorProto.INT64, [1])]  # fmt: skip
    return _model(nodes, inputs, outputs, tensors)
