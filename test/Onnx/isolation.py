"""Runs a function over many items in a few processes: a crash or a hang costs one item."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import dataclasses
import multiprocessing
import signal
import tempfile
import time
from collections.abc import Callable, Hashable, Iterator, Sequence
from multiprocessing.connection import Connection, wait
from pathlib import Path

from outcome import Outcome

# The function of an item and a folder for its files.
Work = Callable[[Hashable, Path], Outcome]
_CONTEXT = multiprocessing.get_context("fork")


def _serve(work: Work, pipe: Connection) -> None:
    """The loop of a process: an item in, an outcome out."""
    with tempfile.TemporaryDirectory(prefix="fovea-onnx-") as folder:
        while (item := pipe.recv()) is not None:
            try:
                pipe.send(work(item, Path(folder)))
            except Exception as error:  # noqa: BLE001 (an item's fault must not end the others)
                pipe.send(Outcome("failed", f"{type(error).__name__}: {error}"))


@dataclasses.dataclass
class _Worker:
    process: multiprocessing.process.BaseProcess
    pipe: Connection
    item: Hashable = None
    started: float = 0.0

    def give(self, item: Hashable) -> None:
        self.item, self.started = item, time.monotonic()
        self.pipe.send(item)

    def end(self) -> int:
        """Ends the process; its exit status, negative for a signal that was not this one's."""
        self.process.join(1.0)
        status = self.process.exitcode
        if status is None:
            self.process.kill()
            self.process.join()
        self.pipe.close()
        return status or 0


def _start(work: Work) -> _Worker:
    ours, theirs = _CONTEXT.Pipe()
    process = _CONTEXT.Process(target=_serve, args=(work, theirs), daemon=True)
    process.start()
    theirs.close()
    return _Worker(process, ours)


def _result(worker: _Worker, limit: float, ready: bool) -> Outcome | None:
    """What the worker's item gave; nothing while it goes on."""
    if ready:
        try:
            return worker.pipe.recv()
        except EOFError:
            status = worker.end()
            name = signal.Signals(-status).name if status < 0 else f"exit status {status}"
            return Outcome("crash", name)
    if time.monotonic() - worker.started > limit:
        worker.process.kill()
        worker.end()
        return Outcome("timeout", f"more than {limit:g} s")
    return None


def run_isolated(
    work: Work, items: Sequence[Hashable], processes: int, limit: float
) -> Iterator[tuple[Hashable, Outcome, float]]:
    """Yields each item with its outcome and its seconds, in the order in which they end."""
    waiting = list(reversed(items))
    workers = []
    for _ in range(min(processes, len(waiting))):
        workers.append(_start(work))
        workers[-1].give(waiting.pop())
    while workers:
        ready = set(wait([worker.pipe for worker in workers], timeout=0.5))
        for place in reversed(range(len(workers))):
            worker = workers[place]
            outcome = _result(worker, limit, worker.pipe in ready)
            if outcome is None:
                continue
            yield worker.item, outcome, time.monotonic() - worker.started
            ended = worker.pipe.closed
            if waiting:
                if ended:
                    workers[place] = worker = _start(work)
                worker.give(waiting.pop())
                continue
            if not ended:
                worker.pipe.send(None)
                worker.end()
            del workers[place]
