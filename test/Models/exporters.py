"""PyTorch's two ONNX exporters, each with the sizes of an example or with named open sizes."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import multiprocessing
import os
import traceback
from pathlib import Path
from typing import Any

import torch
from families import Family, Inputs
from torch import nn

EXPORTERS = ("torchscript", "dynamo")
LIMIT_SECONDS = 120


def _torchscript(family: Family, inputs: Inputs, dynamic: bool) -> dict[str, Any]:
    del inputs
    return {
        "dynamo": False,
        "opset_version": 20,
        "dynamic_axes": family.axes if dynamic else {},
    }


def _dynamo(family: Family, inputs: Inputs, dynamic: bool) -> dict[str, Any]:
    options = {"dynamo": True, "verbose": False, "external_data": False}
    if not dynamic:
        return options
    sizes = {size for axes in family.axes.values() for size in axes.values()}
    dims = {size: torch.export.Dim(size, min=1, max=64) for size in sizes}
    shapes = {
        name: {axis: dims[size] for axis, size in family.axes.get(name, {}).items()}
        for name in inputs
    }
    return options | {"dynamic_shapes": shapes}


def _export(
    exporter: str, family: Family, model: nn.Module, inputs: Inputs, dynamic: bool, path: Path
) -> None:
    options = {"torchscript": _torchscript, "dynamo": _dynamo}[exporter]
    with torch.no_grad():
        torch.onnx.export(
            model, tuple(inputs.values()), path, input_names=list(inputs),
            output_names=list(family.outputs), **options(family, inputs, dynamic),
        )  # fmt: skip


def export(
    exporter: str, family: Family, model: nn.Module, inputs: Inputs, dynamic: bool, path: Path
) -> str:
    """Writes the model as ONNX; returns the type of what the exporter raised, or nothing.

    Runs in a process of its own: after one export of a recurrence, PyTorch fixes the length of the
    next one, whatever is asked for.
    """
    log = path.with_suffix(".log")

    def run() -> None:
        with log.open("w") as stream:
            os.dup2(stream.fileno(), 1)
            os.dup2(stream.fileno(), 2)
            try:
                _export(exporter, family, model, inputs, dynamic, path)
            except Exception as error:
                traceback.print_exc()
                path.with_suffix(".error").write_text(type(error).__name__)

    # The child must not wait for threads that it has not got.
    torch.set_num_threads(1)
    process = multiprocessing.get_context("fork").Process(target=run)
    process.start()
    process.join(LIMIT_SECONDS)
    if process.is_alive():
        process.kill()
        return "TimeoutError"
    failure = path.with_suffix(".error")
    if failure.exists():
        return failure.read_text()
    return "" if path.exists() else f"exit code {process.exitcode}"
