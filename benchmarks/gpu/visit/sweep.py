"""Programs of all kinds on small inputs, against what was computed when the visit was prepared."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .artifact import Artifact, Shaped
from .session import Session

try:
    import numpy as np
except ImportError:
    np = None  # type: ignore[assignment]


def _decoded(array: Any, dtype: str) -> Any:
    """bf16 comes as 16-bit words: the upper halves of f32."""
    if dtype == "bf16":
        return (array.astype(np.uint32) << 16).view(np.float32)
    return array


def problem(got: Any, want: Any, bound: Any) -> tuple[str, float]:
    """What is further off than its bound, and the largest part of a bound that an error was."""
    if got.shape != want.shape:
        return f"it has shape {got.shape}, expected {want.shape}", 0.0
    if got.size == 0:
        return "", 0.0
    with np.errstate(invalid="ignore", divide="ignore"):
        same = (got == want) | (np.isnan(got) & np.isnan(want))
        error = np.abs(got.astype(np.float64) - want.astype(np.float64))
        used = np.where(same, 0, error / np.maximum(bound, 1e-300))
    if np.all(used <= 1):
        return "", float(used.max())
    bad = np.where(np.isnan(used), np.inf, used)
    at = np.unravel_index(int(np.argmax(bad)), used.shape)
    place = ", ".join(map(str, at))
    count = int(np.sum(~(used <= 1)))
    return (f"[{place}] is {got[at]}, expected {want[at]} +- {bound[at]:.3g}; "
            f"{count} of {used.size} are wrong"), math.inf  # fmt: skip


def _run(artifact: Artifact, case: dict[str, Any], arrays: Mapping[str, Any]) -> tuple[str, float]:
    """What is wrong with the outputs of a case, which are in the host's memory as its inputs."""
    inputs, outputs, results, kept = [], [], [], []
    for place, (dtype, shape) in enumerate(case["inputs"]):
        array = np.ascontiguousarray(arrays[f"{case['key']}_in{place}"])
        kept.append(array)
        inputs.append(Shaped(dtype, tuple(shape), array.ctypes.data))
    for dtype, shape in case["outputs"]:
        stored = {"bf16": np.uint16, "bool": np.bool_}.get(dtype) or np.dtype(
            {"f": "float", "i": "int", "u": "uint"}[dtype[0]] + dtype[1:])  # fmt: skip
        result = np.zeros(shape, stored)
        results.append(result)
        outputs.append(Shaped(dtype, tuple(shape), result.ctypes.data))
    artifact.call(case["entry"], inputs, outputs).run()
    most = 0.0
    for place, (result, (dtype, _)) in enumerate(zip(results, case["outputs"], strict=True)):
        want, bound = (arrays[f"{case['key']}_{what}{place}"] for what in ("want", "bound"))
        wrong, used = problem(_decoded(result, dtype), want, _decoded(bound, "bf16"))
        if wrong:
            return f"output {place}{wrong}", used
        most = max(most, used)
    return "", most


def run(session: Session) -> None:
    if np is None:
        session.results.add(skipped="numpy is not there: results of programs cannot be compared")
        return
    opened: tuple[str, Artifact, Any] | None = None
    for case in session.cases(session.data("sweep.json")):
        with session.guarded(case, forms=case["forms"]):
            if not opened or opened[0] != case["file"]:
                if opened:
                    opened[1].close()
                opened = None
                arrays = np.load(session.folder / Path(case["file"]).with_suffix(".npz"))
                opened = (case["file"], session.load(case["file"]), arrays)
            wrong, used = _run(opened[1], case, opened[2])
            facts: dict[str, object] = {"used": round(used, 4)}
            if wrong:
                facts = {"wrong": wrong, "forms": case["forms"], **session.examined(case["file"])}
            session.add(case["case"], ok=not wrong, **facts)
