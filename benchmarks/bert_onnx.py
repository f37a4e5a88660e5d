"""BERT with mean pooling as an ONNX model, node by node as PyTorch's exporter writes it.

The package that carries MiniLM has no ONNX file; this is what its peers are measured with. The
patterns (mask by Unsqueeze, Cast, Sub, Mul; Gelu by Erf; LayerNormalization) are those that the
fusions of other systems look for.
"""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

Tensors = Mapping[str, np.ndarray]
OPSET, IR_VERSION = 17, 8


def random_weights(config: Mapping[str, Any], seed: int = 0) -> dict[str, np.ndarray]:
    """Tensors of a model of this size, by the names of a Hugging Face checkpoint."""
    rng = np.random.default_rng(seed)
    width, wide = config["hidden_size"], config["intermediate_size"]

    def normal(*shape: int) -> np.ndarray:
        return (rng.standard_normal(shape) / math.sqrt(shape[-1])).astype(np.float32)

    tensors = {
        "embeddings.word_embeddings.weight": normal(config["vocab_size"], width),
        "embeddings.position_embeddings.weight": normal(config["max_position_embeddings"], width),
        "embeddings.token_type_embeddings.weight": normal(config["type_vocab_size"], width),
    }
    norms, linears = ["embeddings.LayerNorm"], []
    for layer in range(config["num_hidden_layers"]):
        name = f"encoder.layer.{layer}"
        linears += [(f"{name}.attention.self.{part}", width, width)
                    for part in ("query", "key", "value")]  # fmt: skip
        linears += [(f"{name}.attention.output.dense", width, width),
                    (f"{name}.intermediate.dense", wide, width),
                    (f"{name}.output.dense", width, wide)]  # fmt: skip
        norms += [f"{name}.attention.output.LayerNorm", f"{name}.output.LayerNorm"]
    for name, rows, columns in linears:
        tensors |= {f"{name}.weight": normal(rows, columns), f"{name}.bias": normal(rows)}
    for name in norms:
        tensors |= {f"{name}.weight": 1 + normal(width), f"{name}.bias": normal(width)}
    return tensors


class _Graph:
    """Nodes and initializers as they come."""

    def __init__(self, tensors: Tensors, config: Mapping[str, Any]) -> None:
        self.tensors, self.config = tensors, config
        self.nodes: list[onnx.NodeProto] = []
        self.initializers: dict[str, onnx.TensorProto] = {}

    def node(self, op: str, *inputs: str, output: str = "", **attributes: Any) -> str:
        name = output or f"{op}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(op, inputs, [name], name=name, **attributes))
        return name

    def constant(self, value: np.ndarray | Sequence[int] | float) -> str:
        dtype = np.float32 if isinstance(value, float) else None
        array = np.array(value, dtype)
        name = f"constant_{array.dtype}_{'x'.join(map(str, array.ravel()))}_{array.ndim}"
        self.initializers.setdefault(name, numpy_helper.from_array(array, name))
        return name

    def weight(self, name: str, transposed: bool = False) -> str:
        array = self.tensors[name]
        name = f"{name}.T" if transposed else name
        if name not in self.initializers:
            array = np.ascontiguousarray(array.T if transposed else array)
            self.initializers[name] = numpy_helper.from_array(array, name)
        return name

    def linear(self, name: str, x: str) -> str:
        product = self.node("MatMul", x, self.weight(f"{name}.weight", transposed=True))
        return self.node("Add", self.weight(f"{name}.bias"), product)

    def norm(self, name: str, x: str) -> str:
        gain, bias = self.weight(f"{name}.weight"), self.weight(f"{name}.bias")
        epsilon = self.config["layer_norm_eps"]
        return self.node("LayerNormalization", x, gain, bias, axis=-1, epsilon=epsilon)

    def gelu(self, x: str) -> str:
        erf = self.node("Erf", self.node("Div", x, self.constant(math.sqrt(2.0))))
        half = self.node("Mul", x, self.node("Add", erf, self.constant(1.0)))
        return self.node("Mul", half, self.constant(0.5))

    def heads(self, x: str, order: Sequence[int]) -> str:
        count = self.config["num_attention_heads"]
        size = self.config["hidden_size"] // count
        split = self.node("Reshape", x, self.constant(np.array([0, 0, count, size])))
        return self.node("Transpose", split, perm=order)

    def attention(self, name: str, x: str, mask: str) -> str:
        query = self.heads(self.linear(f"{name}.query", x), (0, 2, 1, 3))
        key = self.heads(self.linear(f"{name}.key", x), (0, 2, 3, 1))
        value = self.heads(self.linear(f"{name}.value", x), (0, 2, 1, 3))
        size = self.config["hidden_size"] // self.config["num_attention_heads"]
        scores = self.node("MatMul", query, key)
        scores = self.node("Div", scores, self.constant(math.sqrt(size)))
        weights = self.node("Softmax", self.node("Add", scores, mask), axis=-1)
        mixed = self.node("Transpose", self.node("MatMul", weights, value), perm=(0, 2, 1, 3))
        width = self.config["hidden_size"]
        return self.node("Reshape", mixed, self.constant(np.array([0, 0, width])))

    def layer(self, name: str, x: str, mask: str) -> str:
        mixed = self.attention(f"{name}.attention.self", x, mask)
        mixed = self.node("Add", self.linear(f"{name}.attention.output.dense", mixed), x)
        x = self.norm(f"{name}.attention.output.LayerNorm", mixed)
        wide = self.gelu(self.linear(f"{name}.intermediate.dense", x))
        narrow = self.node("Add", self.linear(f"{name}.output.dense", wide), x)
        return self.norm(f"{name}.output.LayerNorm", narrow)

    def embeddings(self) -> str:
        steps = self.node("Gather", self.node("Shape", "input_ids"), self.constant(np.array(1)))
        end = self.node("Unsqueeze", steps, self.constant(np.array([0])))
        length = self.config["max_position_embeddings"]
        places = self.constant(np.arange(length)[None])
        zero, one = self.constant(np.array([0])), self.constant(np.array([1]))
        places = self.node("Slice", places, zero, end, one, one)
        words, types, rows = (
            self.node("Gather", self.weight(f"embeddings.{table}_embeddings.weight"), index)
            for table, index in (("word", "input_ids"), ("token_type", "token_type_ids"),
                                 ("position", places))
        )  # fmt: skip
        summed = self.node("Add", self.node("Add", words, types), rows)
        return self.norm("embeddings.LayerNorm", summed)

    def mask(self) -> str:
        mask = self.node("Unsqueeze", "attention_mask", self.constant(np.array([1])))
        mask = self.node("Unsqueeze", mask, self.constant(np.array([2])))
        kept = self.node("Cast", mask, to=TensorProto.FLOAT)
        lost = self.node("Sub", self.constant(1.0), kept)
        return self.node("Mul", lost, self.constant(float(np.finfo(np.float32).min)))

    def pool(self, hidden: str) -> None:
        kept = self.node("Unsqueeze", "attention_mask", self.constant(np.array([2])))
        kept = self.node("Expand", kept, self.node("Shape", hidden))
        kept = self.node("Cast", kept, to=TensorProto.FLOAT)
        one = self.constant(np.array([1]))
        total = self.node("ReduceSum", self.node("Mul", hidden, kept), one, keepdims=0)
        count = self.node("ReduceSum", kept, one, keepdims=0)
        count = self.node("Clip", count, self.constant(1e-9))
        mean = self.node("Div", total, count)
        length = self.node("ReduceL2", mean, axes=[1], keepdims=1)
        length = self.node("Clip", length, self.constant(1e-12))
        length = self.node("Expand", length, self.node("Shape", mean))
        self.node("Div", mean, length, output="sentence_embedding")


def build(tensors: Tensors, config: Mapping[str, Any]) -> onnx.ModelProto:
    """The model over [batch, sequence] of input_ids, attention_mask and token_type_ids."""
    names = {name.removeprefix("bert."): array for name, array in tensors.items()}
    graph = _Graph(names, config)
    mask = graph.mask()
    x = graph.embeddings()
    for layer in range(config["num_hidden_layers"]):
        x = graph.layer(f"encoder.layer.{layer}", x, mask)
    graph.node("Identity", x, output="last_hidden_state")
    graph.pool(x)
    shape = ["batch", "sequence"]
    inputs = [
        helper.make_tensor_value_info(name, TensorProto.INT64, shape)
        for name in ("input_ids", "attention_mask", "token_type_ids")
    ]
    width = config["hidden_size"]
    outputs = [
        helper.make_tensor_value_info("last_hidden_state", TensorProto.FLOAT, [*shape, width]),
        helper.make_tensor_value_info("sentence_embedding", TensorProto.FLOAT, ["batch", width]),
    ]
    initializers = list(graph.initializers.values())
    made = helper.make_graph(graph.nodes, "bert", inputs, outputs, initializers)
    opset = [helper.make_opsetid("", OPSET)]
    model = helper.make_model(made, opset_imports=opset, ir_version=IR_VERSION)
    onnx.checker.check_model(model)
    return model
