"""A visit: all sections in order, each in a process of its own that may hang or die.

A process that ends badly costs the case that it was at: the section goes on behind that in another
one. When no process can use the device any more, the visit ends.
"""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import argparse
import json
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from .results import Results, ended, interrupted, read

# Seconds that each may take, in the order in which they run. Those behind are worth less.
SECTIONS = {
    "doctor": 60, "limits": 40, "conformance": 40, "sweep": 120, "gemm": 50, "attention": 130,
    "decode": 40, "rnn": 80, "model": 40, "flex": 90,
}  # fmt: skip
# Without a line for so long, a process hangs; compiling for a peer takes less.
SILENCE_SECONDS = 75.0
# Behind its time, a section may end the case that it is at.
GRACE_SECONDS = 20.0
MOST_RESTARTS = 4
# Cases of a section that the summary names.
MOST_NAMED = 12
LOST, UNUSABLE = 5, 6


def parse(argv: Sequence[str], folder: Path) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="visit", description=__doc__.splitlines()[0])
    parser.add_argument(
        "--out",
        type=Path,
        default=Path("gpu-visit.jsonl"),
        help="file that lines are appended to (default: gpu-visit.jsonl)",
    )
    parser.add_argument("--minutes", type=float, default=9.5, help="in which all has to end")
    parser.add_argument(
        "--sections", default=",".join(SECTIONS), help="of these, in this order (default: all)"
    )
    parser.add_argument(
        "--patience",
        type=float,
        default=1.0,
        metavar="TIMES",
        help="as much time for each section, on a machine that is slow or busy",
    )
    parser.add_argument("--silence", type=float, default=SILENCE_SECONDS, help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, default=folder, help=argparse.SUPPRESS)
    for name in ("--section", "--after"):
        parser.add_argument(name, help=argparse.SUPPRESS)
    parser.add_argument("--seconds", type=float, default=60.0, help=argparse.SUPPRESS)
    options = parser.parse_args(argv)
    if unknown := set(options.sections.split(",")) - set(SECTIONS):
        parser.error(f"no sections {', '.join(sorted(unknown))}; there are {', '.join(SECTIONS)}")
    return options


def run_section(options: argparse.Namespace) -> int:
    """In a process of its own."""
    from . import conformance, doctor, limits, sweep, times
    from .device import open_device
    from .session import DeviceLostError, Session

    deadline = time.monotonic() + options.seconds
    plan = json.loads((options.folder / "plan.json").read_text())
    results = Results(options.out, options.section)
    try:
        device = open_device(plan["about"]["emulated"])
        probe = device.allocate(4)
        device.write(probe, b"good")
        if device.read(probe, 4) != b"good":
            raise RuntimeError("it does not keep what is written to its memory")
    except Exception as error:
        results.add(unusable=f"{type(error).__name__}: {error}"[:1000])
        return UNUSABLE
    session = Session(options.folder, plan, device, results, ended(read(options.out)), deadline,
                      options.after)  # fmt: skip
    sections = {"doctor": doctor.run, "limits": limits.run, "conformance": conformance.run,
                "sweep": sweep.run}  # fmt: skip
    try:
        if options.section in sections:
            sections[options.section](session)
        else:
            times.run(session, options.section)
    except DeviceLostError:
        return LOST
    return 0


def _watched(command: list[str], out: Path, seconds: float, silence: float) -> tuple[int, str]:
    """The exit code of a process, and why it was killed if it was."""
    with out.with_suffix(".log").open("a") as log:
        process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)
        start = heard = time.monotonic()
        size = out.stat().st_size
        while process.poll() is None:
            time.sleep(0.05)
            now = time.monotonic()
            if (grown := out.stat().st_size) != size:
                size, heard = grown, now
            why = ""
            if now - heard > silence:
                why = f"it was silent for {silence:g} s"
            if now - start > seconds + GRACE_SECONDS:
                why = f"it ran past its {seconds:.0f} s"
            if why:
                process.kill()
                return process.wait(), why
    return process.returncode, ""


def _cause(code: int, killed: str) -> str:
    if killed:
        return f"the process was killed: {killed}"
    if code < 0:
        return f"the process died of {signal.Signals(-code).name}"
    return f"the process ended with {code}, see the log beside the results"


def _section(options: argparse.Namespace, name: str, end: float) -> bool:
    """Runs a section, with new processes for those that end badly. False when the device is of no
    use any more."""
    after, program = None, str(options.folder / "__main__.py")
    section_end = min(end, time.monotonic() + options.patience * SECTIONS[name])
    for restart in range(MOST_RESTARTS + 1):
        left = section_end - time.monotonic()
        if left <= 0:
            Results(options.out, name).add(skipped="no time was left")
            return True
        command = [sys.executable, program, "--section", name, "--seconds", f"{left:.1f}",
                   "--out", str(options.out), "--folder", str(options.folder)]  # fmt: skip
        code, killed = _watched([*command, *(["--after", after] if after else [])], options.out,
                                left, options.patience * options.silence)  # fmt: skip
        if code == UNUSABLE:
            return False
        if code == 0:
            return True
        lines = read(options.out)
        results = Results(options.out, name)
        if (case := interrupted(lines, name)) is not None:
            results.add(case=case, ok=False, error=_cause(code, killed))
            after = case
        elif code == LOST:
            after = [line["case"] for line in lines if line["section"] == name
                     and line.get("device_lost")][-1]  # fmt: skip
        else:
            results.add(ok=False, error=_cause(code, killed))
            return True
        if restart == MOST_RESTARTS:
            results.add(skipped=f"the rest: {MOST_RESTARTS + 1} processes ended badly")
    return True


def summary(out: Path) -> tuple[str, bool]:
    """A line for each section, and whether nothing went wrong."""
    lines, rows, good = ended(read(out)), [], True
    for name in dict.fromkeys(line["section"] for line in lines):
        own = [line for line in lines if line["section"] == name]
        cases = [line for line in own if "case" in line]
        wrong = [line for line in own if line.get("ok") is False or "unusable" in line]
        good &= not wrong
        rows.append(f"{name:12} {len(cases) - sum('case' in line for line in wrong):4} good, "
                    f"{len(wrong)} bad")  # fmt: skip
        for line in wrong[:MOST_NAMED]:
            text = line.get("error") or line.get("wrong") or line.get("unusable") or "not taken"
            rows.append(f"  {line.get('case', '')}: {text[:160]}")
        if len(wrong) > MOST_NAMED:
            rows.append(f"  and {len(wrong) - MOST_NAMED} more, see {out.name}")
        rows += [f"  {line['case']}: code that the driver refuses: {line['refused']}"
                 for line in own if "refused" in line]  # fmt: skip
        rows += [f"  skipped: {line['skipped']}" for line in own if "skipped" in line]
        rows += [f"  {len(line['left_out'])} cases left out: {line['why']}" for line in own
                 if "left_out" in line]  # fmt: skip
    return "\n".join(rows), good


def main(argv: Sequence[str], folder: Path) -> int:
    """0: all is well; 1: something is wrong; 2: usage; 6: the device is of no use."""
    options = parse(argv, folder)
    if options.section:
        return run_section(options)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out = options.out.resolve()
    options.out.touch()
    end = time.monotonic() + 60 * options.minutes
    usable = True
    for name in options.sections.split(","):
        if not (usable := _section(options, name, end)):
            wanted = options.sections.split(",")
            rest = ", ".join(wanted[wanted.index(name) :])
            Results(options.out, name).add(skipped=f"the device is of no use: {rest}")
            break
        print(f"visit: {name} has ended", file=sys.stderr, flush=True)
    text, good = summary(options.out)
    print(text)
    return (0 if good else 1) if usable else UNUSABLE
