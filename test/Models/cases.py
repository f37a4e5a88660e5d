"""One case: a family, its attention's implementation, an exporter, static or dynamic sizes."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import dataclasses
from pathlib import Path

import checks
import fovea
import numpy as np
import onnxruntime
import torch
from exporters import EXPORTERS, export
from families import FAMILIES, Family, Inputs, make_model
from onnxruntime.capi import onnxruntime_pybind11_state as onnxruntime_errors
from torch import nn

SIZES = ("static", "dynamic")
# What ONNX Runtime raises for inputs that a model does not take.
REFUSALS = (
    onnxruntime_errors.Fail,
    onnxruntime_errors.InvalidArgument,
    onnxruntime_errors.RuntimeException,
)
# Batch and length of the export, and the others at which one dynamic module runs.
EXPORTED = (2, 7)
# PyTorch's own error is the largest of so many inputs: that of one may be small by chance.
DRAWS = 4
OTHERS = ((3, 7), (1, 1), (3, 5), (1, 33), (4, 16))


@dataclasses.dataclass(frozen=True)
class Case:
    family: Family
    attention: str
    exporter: str
    sizes: str

    def __str__(self) -> str:
        parts = (self.family.name, self.attention, self.exporter, self.sizes)
        return "-".join(part for part in parts if part)


def _implementations(family: Family, exporter: str, sizes: str) -> list[str]:
    """The one of the sample first, so that every exporter and kind of size meets each of them."""
    if not family.attentions or family.name == "transformer":
        return [""]
    eager_first = (exporter == "torchscript") == (sizes == "static")
    return ["eager", "sdpa"] if eager_first else ["sdpa", "eager"]


def all_cases(sample: bool) -> list[Case]:
    """Family x exporter x sizes; without `sample`, x implementation of attention too."""
    return [
        Case(family, attention, exporter, sizes)
        for family in FAMILIES.values()
        for exporter in EXPORTERS
        for sizes in SIZES
        for attention in _implementations(family, exporter, sizes)[: 1 if sample else None]
    ]


def make(case: Case) -> nn.Module:
    return make_model(case.family, case.attention or "sdpa")


def example(case: Case, size: tuple[int, int], draw: int = 0) -> Inputs:
    """Inputs of a batch and length; the export is made with those of draw 0."""
    torch.manual_seed(draw)
    return case.family.inputs(*size)


def write(case: Case, path: Path) -> str:
    """The case as an ONNX file; the type of what the exporter raised, or nothing."""
    dynamic = case.sizes == "dynamic"
    return export(case.exporter, case.family, make(case), example(case, EXPORTED), dynamic, path)


def evaluate(model: nn.Module, inputs: Inputs) -> list[np.ndarray]:
    with torch.no_grad():
        result = model(*inputs.values())
    return [t.numpy() for t in ((result,) if isinstance(result, torch.Tensor) else result)]


def is_valid(path: Path, feeds: dict[str, np.ndarray]) -> bool:
    """False when ONNX Runtime does not run the file with these inputs either."""
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    try:
        session.run(None, feeds)
    except REFUSALS:
        return False
    return True


class Comparison:
    """Runs a module and the model it was made from at several sizes."""

    def __init__(self, case: Case, path: Path, module: fovea.Module) -> None:
        self.case, self.path, self.module = case, path, module
        self.model, self.exact = make(case), make(case).double()
        # Sizes at which the exporter's file is not valid.
        self.invalid: list[tuple[int, int]] = []

    def evaluations(self, size: tuple[int, int], draw: int) -> list[tuple[np.ndarray, np.ndarray]]:
        """Each output as PyTorch gives it in f32 and in f64."""
        inputs = example(self.case, size, draw)
        wide = {k: v.double() if v.is_floating_point() else v for k, v in inputs.items()}
        return list(zip(evaluate(self.model, inputs), evaluate(self.exact, wide), strict=True))

    def at(self, size: tuple[int, int]) -> str:
        """Why the results at a size are not right, or nothing."""
        inputs = example(self.case, size, draw=1)
        taken = {tensor.name for tensor in self.module.inputs}
        feeds = {name: value.numpy() for name, value in inputs.items() if name in taken}
        try:
            got = self.module(**feeds)
        except fovea.FoveaError as error:
            if is_valid(self.path, feeds):
                return f"run at {size}: {error}"
            self.invalid.append(size)
            return ""
        draws = [self.evaluations(size, draw) for draw in range(1, 1 + DRAWS)]
        plain = [
            max(checks.largest_error(*outputs) for outputs in output)
            for output in zip(*draws, strict=True)
        ]
        reason = checks.results_agree(got, [exact for _, exact in draws[0]], plain)
        return f"run at {size}: {reason}" if reason else ""


def outcome(case: Case, folder: Path) -> str:
    """ "passes", or the first thing that does not hold."""
    path = folder / f"{case}.onnx"
    if raised := write(case, path):
        return f"export: {raised}"
    try:
        module = fovea.compile(path)
    except fovea.FoveaError as error:
        return f"compile: {error}"
    family, dynamic = case.family, case.sizes == "dynamic"
    reasons = [
        checks.operations_found(module.ledger, "fovea.attention", family.attentions),
        checks.operations_found(module.ledger, "fovea.rnn", family.recurrences),
        checks.axes_are_open(module, family.axes if dynamic else {}),
        checks.memory_is_linear(module) if family.attentions else "",
    ]
    comparison = Comparison(case, path, module)
    reasons += [comparison.at(size) for size in (EXPORTED, *(OTHERS if dynamic else ()))]
    if comparison.invalid:
        at = " ".join(f"{batch}x{length}" for batch, length in comparison.invalid)
        reasons.append(f"the exported file is not valid at {at}")
    return "; ".join(filter(None, reasons)) or "passes"
