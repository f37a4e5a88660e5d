"""Compiled operations beside the peers that are there, in turns on one stream."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

from typing import Any

from . import clocks
from .artifact import Shaped
from .peers import Peers
from .results import Line, peak
from .session import Session
from .timing import Contender, measure

# What a product of this dtype can reach at most, as the section limits has measured it.
PEAKS = {"bf16": "mma_bf16", "f16": "mma_bf16", "f32": "fma_f32"}
# Part of a peer's largest magnitude that a result may differ by: several roundings on both sides,
# of states over hundreds of steps, too. It finds what is wrong in kind at sizes that the sweep,
# which has bounds, does not reach.
COARSE = {"bf16": 2.0**-4, "f16": 2.0**-7, "f32": 2.0**-9}


def best_product(lines: list[Line], dtype: str) -> float | None:
    """The TFLOP/s of the fastest product of any system: on devices with more than mma.sync, what a
    kernel may be held to."""

    def best(system: Line) -> float:
        return min(system[key] for key in ("median_us", "graph_median_us") if system.get(key))

    rates = [1e-6 * line["flops"] / best(system) for line in lines
             if line["section"] == "gemm" and line.get("dtype") == dtype and line.get("systems")
             for name, system in line["systems"].items()
             if system.get("median_us") and not name.endswith("_tf32")]  # fmt: skip
    return max(rates, default=None)


def figures(case: dict[str, Any], contenders: list[Contender], lines: list[Line]) -> dict[str, Any]:
    """What follows from the times: rates, fractions, and the time of the fastest peer as a multiple
    of ours (above 1 ours is faster), each by the faster way to run it."""
    ours, peers = contenders[0].best_us, {}
    for one in contenders[1:]:
        if one.best_us is not None and not one.name.endswith("_tf32"):
            peers[one.name] = one.best_us
    made: dict[str, Any] = {"flops": case["flops"], "bytes": case["bytes"],
                            "dtype": case["dtype"]}  # fmt: skip
    if ours is None:
        return made
    rates = {"tflops": 1e-6 * case["flops"] / ours, "tbps": 1e-6 * case["bytes"] / ours}
    tops = {"peak_fraction": ("tflops", peak(lines, PEAKS[case["dtype"]], "tflops")),
            "product_fraction": ("tflops", best_product(lines, case["dtype"])),
            "bandwidth_fraction": ("tbps", peak(lines, "copy", "tbps"))}  # fmt: skip
    fractions = {key: rates[rate] / top for key, (rate, top) in tops.items() if top}
    made |= rates | fractions
    if case.get("steps"):
        made["us_per_step"] = ours / case["steps"]
    if peers:
        fastest = min(peers, key=lambda name: peers[name])
        made |= {"best_peer": fastest, "ratio": peers[fastest] / ours}
    return made


def _measured(
    session: Session, case: dict[str, Any], peers: Peers, contenders: list[Contender],
    output: Shaped,
) -> None:  # fmt: skip
    before = clocks.now()
    measure(session.device, contenders)
    ours = contenders[0]
    line = figures(case, contenders, session.lines)
    good, wrong = not ours.error, dict[str, object]()
    names = [one.name for one in contenders[1:] if not one.error]
    difference = peers.difference(output, names) if case["compared"] else None
    if difference:
        line |= {"difference": difference[0], "magnitude": difference[1]}
        if not difference[0] <= COARSE[case["dtype"]] * difference[1]:
            good, wrong = False, {"wrong": f"off by {difference[0]:.3g} from a peer"}
    if ours.error:
        wrong = session.examined(case["file"])
    systems = {one.name: one.record() for one in contenders}
    session.add(case["case"], ok=good, **wrong, **line, forms=case.get("forms", []),
                systems=systems, clocks_before=before)  # fmt: skip


def _one(session: Session, case: dict[str, Any], peers: Peers, section: str) -> None:
    device = session.device
    artifact = session.borrow(case["file"])
    inputs, outputs = ([session.tensor(spec) for spec in case[side]]
                       for side in ("inputs", "outputs"))  # fmt: skip
    call = artifact.call(case["entry"], inputs, outputs)
    ours = Contender("fovea", lambda: call.run(device.stream), session.plan["about"]["version"])
    ours.enqueue()
    # Faults that kernels find in the data are told here.
    call.synchronize()
    named = {spec["name"]: one for spec, one in zip(case["inputs"], inputs, strict=True)}
    others: list[Contender] = []
    try:
        others = peers.contenders(section, case["facts"], named)
    except Exception as error:
        if device.is_lost():
            raise
        peers_error = f"{type(error).__name__}: {error}"[:400]
        session.results.add(behind=case["case"], peers_error=peers_error)
    _measured(session, case, peers, [ours, *others], outputs[0])


def run(session: Session, section: str) -> None:
    peers = Peers(session.device)
    session.results.add(peers=peers.missing or f"PyTorch {peers.torch.__version__}")
    if section == "flex" and not peers.torch:
        session.results.add(skipped=peers.missing)
        return
    for case in session.cases(session.plan[section]):
        with session.guarded(case):
            need = sum(Shaped(spec["dtype"], tuple(spec["shape"]), 0).bytes
                       for spec in (*case["inputs"], *case["outputs"]))  # fmt: skip
            if 3 * need > session.device.free_bytes():
                session.add(case["case"], skipped=f"{need} bytes and what peers need do not fit")
                continue
            _one(session, case, peers, section)
