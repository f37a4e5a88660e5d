"""Convolutions over one dimension, alone and in chains, with sizes known to the compiler and not.
The reference is their formula in float64."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

from dataclasses import dataclass

import fovea
import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

RNG = np.random.default_rng(5)
INFO = helper.make_tensor_value_info


@dataclass(frozen=True)
class Layer:
    """Channels out, taps, distance of windows, of a window's taps, zeros at both ends, groups."""

    channels: int
    taps: int
    stride: int = 1
    dilation: int = 1
    pad: int = 0
    groups: int = 1


def convolve(x: np.ndarray, weight: np.ndarray, bias: np.ndarray, layer: Layer) -> np.ndarray:
    """y[b, n, p] = bias[n] + sum over c, t of x[b, c, p * stride + t * dilation] * weight[n, c, t],
    c in the group of n."""
    x = np.pad(x, ((0, 0), (0, 0), (layer.pad, layer.pad)))
    reach = (layer.taps - 1) * layer.dilation + 1
    places = (x.shape[2] - reach) // layer.stride + 1
    inner, outer = weight.shape[1], weight.shape[0] // layer.groups
    y = np.zeros((x.shape[0], weight.shape[0], places))
    for channel in range(weight.shape[0]):
        first = channel // outer * inner
        for tap in range(layer.taps):
            start = tap * layer.dilation
            window = x[:, first : first + inner, start : start + places * layer.stride]
            y[:, channel] += np.einsum(
                "bcp,c->bp", window[:, :, :: layer.stride][:, :, :places], weight[channel, :, tap]
            )
    return y + bias[None, :, None]


def network(inputs: int, layers: list[Layer], tail: str) -> tuple[bytes, list[np.ndarray]]:
    """Layers with a relu between them, behind the last one `tail`; and the weights and biases."""
    given = INFO("x", TensorProto.FLOAT, ["batch", inputs, "time"])
    nodes, tensors, weights, name = [], [], [], "x"
    for index, layer in enumerate(layers):
        shape = (layer.channels, inputs // layer.groups, layer.taps)
        weights += [
            RNG.standard_normal(shape).astype(np.float32),
            RNG.standard_normal(layer.channels).astype(np.float32),
        ]
        names = [f"w{index}", f"b{index}"]
        tensors += [numpy_helper.from_array(a, n) for a, n in zip(weights[-2:], names, strict=True)]
        nodes.append(
            helper.make_node(
                "Conv", [name, *names], [f"c{index}"], strides=[layer.stride], group=layer.groups,
                dilations=[layer.dilation], pads=[layer.pad] * 2,
            )
        )  # fmt: skip
        name = f"c{index}"
        if index + 1 < len(layers):
            nodes.append(helper.make_node("Relu", [name], [f"r{index}"]))
            name = f"r{index}"
        inputs = layer.channels
    attributes = {"perm": [0, 2, 1]} if tail == "Transpose" else {}
    nodes.append(helper.make_node(tail, [name], ["y"], **attributes))
    result = INFO("y", TensorProto.FLOAT, None)
    graph = helper.make_graph(nodes, "g", [given], [result], tensors)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
    return bytes(model.SerializeToString()), weights


def expected(
    x: np.ndarray, weights: list[np.ndarray], layers: list[Layer], tail: str
) -> tuple[np.ndarray, np.ndarray]:
    """The result in float64, and a bound of each element's error in f32."""
    value, size = x.astype(np.float64), np.abs(x).astype(np.float64)
    for index, layer in enumerate(layers):
        weight, bias = weights[2 * index : 2 * index + 2]
        value = convolve(value, weight, bias, layer)
        size = convolve(size, np.abs(weight), np.abs(bias), layer)
        if index + 1 < len(layers):
            value = np.maximum(value, 0)
    if tail == "Transpose":
        return value.transpose(0, 2, 1), size.transpose(0, 2, 1)
    return np.abs(value), size


CASES = [
    [Layer(16, 3)],
    [Layer(258, 256, stride=128)],
    [Layer(20, 5, stride=2, pad=2)],
    [Layer(40, 1)],
    [Layer(17, 4, stride=5)],
    [Layer(64, 3, dilation=2, pad=2)],
    [Layer(15, 3)],
    [Layer(32, 3, pad=1), Layer(48, 3, stride=2, pad=1), Layer(16, 3, stride=2, pad=1)],
    [Layer(32, 3, pad=1), Layer(32, 3, groups=4, pad=1), Layer(64, 5, pad=2)],
    [Layer(24, 3, pad=1), Layer(1, 1)],
]


@pytest.mark.parametrize(("inputs", "tail"), [(1, "Abs"), (3, "Transpose"), (40, "Abs")])
@pytest.mark.parametrize("layers", CASES, ids=str)
def test_any_size_gives_the_formula(layers: list[Layer], inputs: int, tail: str) -> None:
    model, weights = network(inputs, layers, tail)
    sizes = [(1, 300), (3, 257)] if layers[0].taps > 5 else [(1, 5), (2, 16), (3, 37), (1, 70)]
    symbolic = fovea.compile(model)
    for batch, time in sizes:
        x = RNG.standard_normal((batch, inputs, time)).astype(np.float32)
        value, size = expected(x, weights, layers, tail)
        modules = [symbolic]
        if (batch, time) == sizes[-1]:
            modules.append(fovea.compile(model, dims={"batch": batch, "time": time}))
        for module in modules:
            got = module(x=x)["y"]
            assert got.shape == value.shape
            assert (np.abs(got - value) <= 1e-6 * size + 1e-6).all()
