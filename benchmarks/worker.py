#!/usr/bin/env python3
"""One contender in a process of its own: loads a case, then does as the lines on stdin say.

Usage: worker.py SYSTEM CASE SETTINGS, the last in JSON. Answers each line with one of JSON:
  slice MS        runs for so long, at least once: the seconds of each call
  output FILE     writes the last result as .npy, in float32
The first line, when the case is loaded or cannot be, is {"version": ...} or {"error": ...}.
"""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import importlib
import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TextIO

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "benchmarks"), str(ROOT / "python")]

import cases  # noqa: E402
from systems import SYSTEMS, Loaded  # noqa: E402


def slice_times(call: Callable[[], Any], seconds: float, last: float) -> list[float]:
    """Times of single calls; one before them warms up, unless the last one alone took as long."""
    if last < seconds:
        call()
    times: list[float] = []
    end = time.perf_counter() + seconds
    while not times or time.perf_counter() < end:
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return times


def serve(loaded: Loaded, lines: TextIO, answer: Callable[[Any], None]) -> None:
    last = 0.0
    for line in lines:
        verb, _, argument = line.strip().partition(" ")
        if verb == "slice":
            times = slice_times(loaded.call, float(argument) * 1e-3, last)
            last = times[-1]
            answer(times)
        elif verb == "output":
            np.save(argument, loaded.output().astype(np.float32))
            answer({})
        else:
            answer({"error": f"no verb '{verb}'"})


def own_stdout() -> TextIO:
    """The real stdout, while what libraries print goes to stderr."""
    stream = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    return stream


def main(argv: Sequence[str]) -> int:
    name, case, settings = argv[0], cases.parse(argv[1]), json.loads(argv[2])
    stream = own_stdout()

    def answer(value: Any) -> None:
        stream.write(json.dumps(value) + "\n")
        stream.flush()

    try:
        loaded = importlib.import_module(f"systems.{SYSTEMS[name].module}").load(
            name, case, settings
        )
        loaded.call()
    except Exception as error:
        text = " ".join(f"{type(error).__name__}: {error}".split())
        answer({"error": text[:300]})
        return 1
    answer({"version": loaded.version})
    serve(loaded, sys.stdin, answer)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
