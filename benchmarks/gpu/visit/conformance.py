"""Each operation of a warp with fixed inputs, against the results that the emulator gives."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import ctypes
import struct
from typing import Any

from .artifact import Artifact, Shaped
from .session import Session

LANES = 32


def _number(word: int) -> float:
    return struct.unpack("<f", struct.pack("<I", word))[0]


def difference(case: dict[str, Any], got: list[int]) -> str:
    """How results differ from those of the case, the first of them; empty if they do not. Bounds
    that are not zero are those of f32."""
    for place, (one, want) in enumerate(zip(got, case["expected"], strict=True)):
        if one == want:
            continue
        result, expected = _number(one), _number(want)
        bound = max(case["absolute"], case["relative"] * abs(expected))
        if not (bound and abs(result - expected) <= bound):
            lane, word = divmod(place, len(got) // (LANES * case["blocks"]))
            return f"lane {lane}, word {word}: {one:#010x}, expected {want:#010x}"
    return ""


def _run(artifact: Artifact, case: dict[str, Any]) -> list[int]:
    """Words of the result, without those behind them that are the case's own."""
    rows, words, outputs = LANES * case["blocks"], case["words"], case["outputs"]
    given = (ctypes.c_uint32 * (rows * words))(*case["inputs"])
    result = (ctypes.c_uint32 * (case["rows"] * outputs))()
    inputs = [Shaped("i32", (rows, words), ctypes.addressof(given))]
    outputs = [Shaped("i32", (case["rows"], outputs), ctypes.addressof(result))]
    artifact.call(case["entry"], inputs, outputs).run()
    return list(result)[: len(case["expected"])]


def run(session: Session) -> None:
    artifact = session.load("conformance.fvm")
    for case in session.cases(session.data("conformance.json")):
        with session.guarded(case, kernel=f"{case['entry']}_kernel"):
            got = _run(artifact, case)
            wrong = difference(case, got)
            line: dict[str, object] = {"wrong": wrong} if wrong else {}
            # What hardware gives is worth keeping where it may differ.
            if wrong or case["relative"]:
                line["words"] = [f"{word:08x}" for word in got]
            session.add(case["case"], ok=not wrong, kernel=f"{case['entry']}_kernel", **line)
