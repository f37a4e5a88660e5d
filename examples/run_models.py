#!/usr/bin/env python3
"""Compiles and checks all example models; the last lines say PASS or FAIL for each."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence

import g2p
import minilm
import silero
from case import Case, MissingData, Settings, fovea, parse, report

CHECKS: dict[str, Callable[[Settings], list[Case]]] = {
    "minilm": minilm.check,
    "silero": silero.check,
    "g2p": g2p.check,
}


def main(argv: Sequence[str] | None = None) -> int:
    settings = parse("Compiles and checks all example models.", argv)
    cases: list[Case] = []
    broken = []
    for name, check in CHECKS.items():
        try:
            cases += check(settings)
        except (MissingData, fovea.FoveaError) as error:
            broken.append(f"FAIL {name}: {error}")
    status = report(cases)
    for line in broken:
        print(line)
    return 1 if broken else status


if __name__ == "__main__":
    sys.exit(main())
