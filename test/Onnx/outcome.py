"""What becomes of one case: compiled for a target, loaded, run and compared.

An outcome is one word or two:
  pass            every data set gave what the case expects
  refused CODES   problems of the model, reported by the compiler
  stopped CODE    a status of the run, such as a size that does not fit
  no-data         compiled, but the values are not tensors, or there are none
  wrong           a value, shape or type differs
  failed CODE     the compiler or the runtime reports a fault of its own
  crash, timeout  the process ended or had to be ended
"""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import fovea
import numpy as np
import onnx
from emulator_seeds import seed_of
from node_cases import Case, with_symbolic_sizes

# Faults of the compiler and of the runtime, which no input may cause.
INTERNAL = ("FV09", "INTERNAL", "BAD_ARTIFACT")
# Two steps of the type, as the onnx package allows for it.
BFLOAT16_RTOL = 2**-6


@dataclasses.dataclass(frozen=True)
class Outcome:
    """The words that the list holds, and a text for people."""

    words: str
    text: str = ""


def _is_tensor(value: object) -> bool:
    array = np.asarray(value, dtype=None) if not isinstance(value, (list, tuple)) else None
    return array is not None and array.dtype.kind not in "OUS"


def difference(case: Case, got: list[np.ndarray], wanted: list[np.ndarray]) -> str:
    """The first difference that the case's tolerances do not cover, empty when there is none."""
    if len(got) != len(wanted):
        return f"{len(got)} outputs, expected {len(wanted)}"
    for index, (have, want) in enumerate(zip(got, map(np.asarray, wanted), strict=True)):
        if have.shape != want.shape:
            return f"output {index} has shape {have.shape}, expected {want.shape}"
        if have.dtype != want.dtype:
            return f"output {index} has type {have.dtype}, expected {want.dtype}"
        rtol = case.rtol
        if want.dtype.name == "bfloat16":
            rtol = max(rtol, BFLOAT16_RTOL)
            have, want = have.astype(np.float32), want.astype(np.float32)
        try:
            np.testing.assert_allclose(have, want, rtol=rtol, atol=case.atol)
        except AssertionError as error:
            return f"output {index}: {' '.join(str(error).split())[:400]}"
    return ""


def _of_error(error: fovea.FoveaError, when: str) -> Outcome:
    codes = re.findall(r"error\[(FV\d{4})\]", str(error)) or [error.code]
    words = "failed" if any(code.startswith(INTERNAL) for code in codes) else when
    return Outcome(f"{words} {'+'.join(sorted(set(codes)))}", str(error))


def _run(case: Case, module: fovea.Module) -> Outcome:
    if not case.data:
        return Outcome("no-data")
    for inputs, wanted in case.data:
        # Optional inputs that are left out have no entry in the model's list, but one here.
        given = [value for value in inputs if value is not None]
        if not all(map(_is_tensor, [*given, *wanted])):
            return Outcome("no-data")
        try:
            got = module(*map(np.asarray, given))
        except fovea.FoveaError as error:
            return _of_error(error, "stopped")
        if text := difference(case, list(got.values()), wanted):
            return Outcome("wrong", text)
    return Outcome("pass")


def find_outcome(case: Case, symbolic: bool, folder: Path, target: str = "host") -> Outcome:
    """Compiles and runs a case in this process; `folder` takes the model."""
    path = folder / "model.onnx"
    onnx.save(with_symbolic_sizes(case.model) if symbolic else case.model, path)
    try:
        seed = seed_of(case.name)
        module = fovea.compile(path, target=target, threads=1, emulate_seed=seed)
    except fovea.FoveaError as error:
        return _of_error(error, "refused")
    return _run(case, module)
