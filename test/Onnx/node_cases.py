"""The cases of the onnx package: generated ones of every operator, and those it ships as files.

Random inputs are made with a fixed seed. Every case has a second form, in which the sizes of inputs
are symbolic and nothing is declared about the sizes of results.
"""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import dataclasses
import functools
import random
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import numpy_helper
from onnx.backend.test import loader
from onnx.backend.test.case.node import collect_testcases

SEED = 20240607
# Kinds of cases that the package ships with their data.
SHIPPED = ("simple", "pytorch-converted", "pytorch-operator")


@dataclasses.dataclass(frozen=True)
class Case:
    """A model, values for it, and what they must give to within the tolerances."""

    name: str
    model: onnx.ModelProto
    data: list[tuple[list[Any], list[Any]]]
    rtol: float
    atol: float


def _read_values(folder: Path, side: str) -> list[np.ndarray]:
    """The tensors of input_0.pb, input_1.pb and so on."""
    values = []
    for index in range(len(list(folder.glob(f"{side}_*.pb")))):
        tensor = onnx.TensorProto()
        tensor.ParseFromString((folder / f"{side}_{index}.pb").read_bytes())
        values.append(numpy_helper.to_array(tensor))
    return values


def _shipped(kind: str) -> list[Case]:
    cases = []
    for case in loader.load_model_tests(kind=kind):
        folder = Path(case.model_dir)
        data = [
            (_read_values(values, "input"), _read_values(values, "output"))
            for values in sorted(folder.glob("test_data_set_*"))
        ]
        model = onnx.load(folder / "model.onnx")
        name = case.name if kind == "simple" else f"{case.name}@{kind}"
        cases.append(Case(name, model, data, case.rtol, case.atol))
    return cases


@functools.cache
def collect() -> dict[str, Case]:
    """All cases by name, in the order of their names."""
    random.seed(SEED)
    np.random.seed(SEED)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        made = collect_testcases(None)
    cases = [Case(c.name, c.model, list(c.data_sets), c.rtol, c.atol) for c in made]
    for kind in SHIPPED:
        cases += _shipped(kind)
    names = [case.name for case in cases]
    if len(set(names)) != len(names):
        raise ValueError("two cases have the same name")
    return {case.name: case for case in sorted(cases, key=lambda case: case.name)}


def _is_list_of_numbers(tensor: onnx.TypeProto.Tensor) -> bool:
    """Shapes, axes, bounds: their length decides ranks, which no model leaves open."""
    whole = tensor.elem_type in (onnx.TensorProto.INT64, onnx.TensorProto.INT32)
    return whole and len(tensor.shape.dim) == 1


def with_symbolic_sizes(model: onnx.ModelProto) -> onnx.ModelProto:
    """The model with a symbol of its own for every size of an input, and no other sizes. Only lists
    of numbers keep their length."""
    result = onnx.ModelProto()
    result.CopyFrom(model)
    graph = result.graph
    fixed = {tensor.name for tensor in graph.initializer}
    for info in graph.input:
        tensor = info.type.tensor_type if info.type.HasField("tensor_type") else None
        if tensor and info.name not in fixed and not _is_list_of_numbers(tensor):
            for index, dim in enumerate(tensor.shape.dim):
                dim.dim_param = f"{info.name}.{index}"
    for info in graph.output:
        if info.type.HasField("tensor_type"):
            for dim in info.type.tensor_type.shape.dim:
                dim.Clear()
    del graph.value_info[:]
    return result
