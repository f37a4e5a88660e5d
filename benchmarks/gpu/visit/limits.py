"""What the device does at most: bandwidth, multiply-adds, tensor products, the cost of a launch."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import statistics
from typing import Any

from .session import Session
from .timing import times_of

RUNS = 12
# Lanes of f32 in a multiprocessor, by compute capability: two operations each and clock.
FMA_LANES = {(8, 0): 64, (8, 6): 128, (8, 9): 128, (9, 0): 128, (10, 0): 128, (12, 0): 128}


def _copies(session: Session, case: dict[str, Any]) -> None:
    """Bytes read and written a second, of a copy by the driver."""
    device, size = session.device, case["bytes"]
    spec = {"dtype": "u8", "shape": [size]}
    to, source = (session.tensor(spec).pointer for _ in range(2))
    device.copy(to, source, size)
    times = times_of(device, lambda: device.copy(to, source, size), RUNS)
    session.add(case["case"], us=statistics.median(times), bytes=size,
                tbps=2e-6 * size / statistics.median(times))  # fmt: skip


def _program(session: Session, case: dict[str, Any]) -> None:
    """A program that is compiled: operations and bytes a second; of one that is far too small, the
    microseconds of a run."""
    device = session.device
    artifact = session.borrow(case["file"])
    inputs = [session.tensor(spec) for spec in case["inputs"]]
    outputs = [session.tensor(spec) for spec in case["outputs"]]
    call = artifact.call(case["entry"], inputs, outputs)

    def enqueue() -> None:
        call.run(device.stream)

    enqueue()
    call.synchronize()
    times = times_of(device, enqueue, RUNS, case["flushed"])
    line: dict[str, object] = {"us": statistics.median(times), "min_us": min(times)}
    with device.graph(enqueue) as launch:
        line["graph_us"] = statistics.median(times_of(device, launch, RUNS, case["flushed"]))
    call.synchronize()
    best = min(float(line["us"]), float(line["graph_us"]))
    if case["flops"]:
        line["tflops"] = 1e-6 * case["flops"] / best
    if case["bytes"]:
        line["tbps"] = 1e-6 * case["bytes"] / best
    session.add(case["case"], **line, **_clock(session, case, line.get("tflops")))


def _clock(session: Session, case: dict[str, Any], tflops: object) -> dict[str, float]:
    """The clock that a rate of multiply-adds implies."""
    facts = session.device.facts
    capability = (facts.get("capability_major"), facts.get("capability_minor"))
    lanes = FMA_LANES.get(capability)
    if case["case"] != "fma_f32" or not lanes or not isinstance(tflops, float):
        return {}
    return {"implied_mhz": 1e6 * tflops / (2 * lanes * int(facts["multiprocessors"]))}


def run(session: Session) -> None:
    for case in session.cases(session.plan["limits"]):
        with session.guarded(case):
            (_program if "file" in case else _copies)(session, case)
