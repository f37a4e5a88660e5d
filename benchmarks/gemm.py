"""Products of a matrix with constant weights: sizes, inputs, what they compute, and their form for
the systems that read ONNX."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
from problem import UNITS, Expected, Feed

LABEL = re.compile(r"gemm_M(\d+)_N(\d+)_K(\d+)_f32")


@dataclass(frozen=True)
class Gemm:
    """y = x w with x of rows x depth, and w of depth x columns known before the run."""

    rows: int
    columns: int
    depth: int
    dtype: str = "f32"

    @property
    def label(self) -> str:
        return f"gemm_M{self.rows}_N{self.columns}_K{self.depth}_{self.dtype}"

    def flops(self) -> int:
        return 2 * self.rows * self.columns * self.depth

    def bytes(self) -> int:
        return 4 * (self.rows * (self.depth + self.columns) + self.depth * self.columns)

    def steps_of(self) -> None:
        return None

    def inputs(self) -> Feed:
        """Weights "w" are scaled so that results are about as large as inputs."""
        rng = np.random.default_rng(self.depth)
        x = rng.standard_normal((self.rows, self.depth), np.float32)
        w = rng.standard_normal((self.depth, self.columns), np.float32)
        return {"x": x, "w": w / np.float32(np.sqrt(self.depth))}

    def expected(self, feed: Feed) -> Expected:
        """A sum of K products in any order: roundings taken as independent, six standard
        deviations, at the largest norms of the data."""
        x, w = feed["x"].astype(np.float64), feed["w"].astype(np.float64)
        norms = np.sqrt((x**2).sum(1)).max() * np.sqrt((w**2).sum(0)).max()
        return Expected(x @ w, float(6 * np.sqrt(self.depth) * UNITS["f32"] * norms))


def parse(label: str) -> Gemm | None:
    """The product that a label names."""
    match = LABEL.fullmatch(label)
    return Gemm(*map(int, match.groups())) if match else None


def onnx_model(problem: Gemm, weights: np.ndarray) -> bytes:
    """One MatMul with the weights as an initializer."""
    from onnx import TensorProto, helper, numpy_helper

    node = helper.make_node("MatMul", ["x", "w"], ["y"])
    sizes = {"x": [problem.rows, problem.depth], "y": [problem.rows, problem.columns]}
    info = [helper.make_tensor_value_info(n, TensorProto.FLOAT, s) for n, s in sizes.items()]
    constant = numpy_helper.from_array(weights, "w")
    graph = helper.make_graph([node], problem.label, info[:1], info[1:], [constant])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)
    return model.SerializeToString()
