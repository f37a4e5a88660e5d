"""Times of contenders that take turns on one stream, by events of the device."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import contextlib
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from .device import AnyDevice
from .driver import DriverError

Enqueue = Callable[[], None]
ROUNDS = 5
# Of a contender in a round, at most; the first run tells how many fit.
SLICE_US = 12e3
MOST_RUNS = 20
# Longer runs do not show what the host costs, a recurrence with launches for each step included:
# they are not measured again as graphs.
GRAPH_BELOW_US = 2e4


@dataclass
class Contender:
    """`enqueue` puts one run on the device's stream and returns."""

    name: str
    enqueue: Enqueue
    version: str = ""
    us: list[float] = field(default_factory=list)
    graph_us: list[float] = field(default_factory=list)
    error: str = ""
    graph_error: str = ""

    def record(self) -> dict[str, object]:
        """Its part of a line of results."""
        made: dict[str, object] = {"version": self.version}
        for prefix, times in (("", self.us), ("graph_", self.graph_us)):
            if times:
                made |= {f"{prefix}median_us": round(statistics.median(times), 3),
                         f"{prefix}min_us": round(min(times), 3),
                         f"{prefix}runs": len(times)}  # fmt: skip
        return made | {
            key: text
            for key, text in (("error", self.error), ("graph_error", self.graph_error))
            if text
        }

    @property
    def best_us(self) -> float | None:
        """The median of the faster way to run it."""
        medians = [statistics.median(times) for times in (self.us, self.graph_us) if times]
        return min(medians, default=None)


def times_of(device: AnyDevice, enqueue: Enqueue, count: int, flushed: bool = True) -> list[float]:
    """Microseconds of so many runs, each behind a write of more than the caches hold."""
    marks = []
    for _ in range(count):
        if flushed:
            device.flush()
        start = device.mark()
        enqueue()
        marks.append((start, device.mark()))
    device.synchronize()
    return [device.between_us(*pair) for pair in marks]


def _slice(device: AnyDevice, enqueue: Enqueue, times: list[float]) -> None:
    least = min(times) if times else SLICE_US
    times += times_of(device, enqueue, max(1, min(MOST_RUNS, int(SLICE_US / max(least, 1)))))


def _warmed(device: AnyDevice, contender: Contender) -> bool:
    """Whether it runs at all: behind a run that sets everything up, one that is timed."""
    try:
        contender.enqueue()
        device.synchronize()
        contender.us += times_of(device, contender.enqueue, 1)
    except Exception as error:
        contender.error = f"{type(error).__name__}: {error}"[:400]
    return not contender.error


def measure(device: AnyDevice, contenders: Sequence[Contender]) -> None:
    """Fills in the times of all. A contender that fails has its error instead; a device that is
    lost is raised."""
    ready = [one for one in contenders if _warmed(device, one)]
    if lost := device.is_lost():
        raise DriverError(lost)
    with contextlib.ExitStack() as stack:
        graphs: list[tuple[Contender, Enqueue]] = []
        for one in ready:
            if one.us[-1] > GRAPH_BELOW_US:
                continue
            try:
                graphs.append((one, stack.enter_context(device.graph(one.enqueue))))
            except Exception as error:
                one.graph_error = f"{type(error).__name__}: {error}"[:400]
        for one in ready:
            one.us.clear()
        for _ in range(ROUNDS):
            for one in ready:
                _slice(device, one.enqueue, one.us)
            for one, launch in graphs:
                _slice(device, launch, one.graph_us)
