"""What a visit has written, as results that are kept and as a section of docs/Performance.md."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import json
import sys
import textwrap
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from gpu.visit.results import ended, read

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "Performance.md"
RESULTS = ROOT / "benchmarks" / "results" / "gpu.jsonl"
BEGIN = "<!-- benchmarks/gpu/table.py writes a visit from here -->\n"
END = "<!-- a visit to here -->\n"
NONE = (
    "No GPU has been visited yet: the figures above are of processors, and those of the\n"
    "kernels' machine code are in `test/Assembly/Device/usage.toml`.\n"
)
TIMED = ("gemm", "attention", "decode", "rnn", "model", "flex")
HEAD = ("case", "time", "in a graph", "TFLOP/s", "mma / FMA peak", "best product", "bandwidth",
        "ratio", "fastest peer", "difference")  # fmt: skip
Line = dict[str, Any]


def _percent(value: float | None) -> str:
    return "-" if value is None else f"{100 * value:.0f} %"


def _time(us: float | None) -> str:
    if us is None:
        return "-"
    return f"{us:.1f} us" if us < 1e3 else f"{us / 1e3:.3f} ms"


def cells(line: Line) -> list[str]:
    """One case. Without a time, why."""
    ours = line.get("systems", {}).get("fovea", {})
    why = line.get("error") or ours.get("error") or line.get("skipped")
    if why:
        return [line["case"], why.split("\n")[0][:60].replace("|", "/"), *["-"] * (len(HEAD) - 2)]
    ratio, difference = line.get("ratio"), line.get("difference")
    return [
        line["case"], _time(ours.get("median_us")), _time(ours.get("graph_median_us")),
        f"{line['tflops']:.3g}", _percent(line.get("peak_fraction")),
        _percent(line.get("product_fraction")), _percent(line.get("bandwidth_fraction")),
        "-" if ratio is None else f"{ratio:.2f}x", line.get("best_peer", "-"),
        ("WRONG: " if line.get("wrong") else "")
        + ("-" if difference is None else f"{difference:.1e}"),
    ]  # fmt: skip


def _rows(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    table = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(row)} |\n" for row in table)


def _named(lines: Sequence[Line], section: str) -> dict[str, Line]:
    """The last line of each case."""
    return {line["case"]: line for line in lines
            if line["section"] == section and "case" in line}  # fmt: skip


def _prose(text: str) -> str:
    return textwrap.fill(text, 100, break_long_words=False, break_on_hyphens=False) + "\n"


def _machine(lines: Sequence[Line]) -> str:
    machine, packages = (_named(lines, "doctor").get(case, {}) for case in ("machine", "packages"))
    device, torch = machine.get("device", {}), packages.get("torch", {})
    said = [f"{device.get('name', 'Unknown device')}, driver for CUDA {machine.get('driver')}"]
    if version := packages.get("found", {}).get("torch"):
        said.append(f"PyTorch {version} with cuDNN {torch.get('cudnn')}")
    said.append(f"kernels of {machine.get('plan', {}).get('prepared', '?')}, "
                f"{machine.get('plan', {}).get('ptxas', '?')}")  # fmt: skip
    return "; ".join(said) + "."


def _limits(lines: Sequence[Line]) -> str:
    rows = [[name, _time(line.get("us")), _time(line.get("graph_us")),
             f"{line['tflops']:.4g} TFLOP/s" if "tflops" in line
             else f"{line['tbps']:.3g} TB/s" if "tbps" in line else "-",
             f"{line['implied_mhz']:.0f} MHz" if "implied_mhz" in line else "-"]
            for name, line in _named(lines, "limits").items()]  # fmt: skip
    return _rows(("limit", "time", "in a graph", "rate", "clock it implies"), rows) if rows else ""


def _counts(lines: Sequence[Line], section: str) -> str:
    found = _named(lines, section).values()
    wrong = [line["case"] for line in found if line.get("ok") is False]
    said = f"{len(found) - len(wrong)} of {len(found)} agree"
    said += f"; not: {', '.join(wrong)[:400]}" if wrong else ""
    # What did not run is no line of a case.
    skipped = [str(line["skipped"]) for line in lines
               if line.get("section") == section and line.get("skipped")]  # fmt: skip
    return said + "".join(f"; skipped: {reason}" for reason in skipped)


def _tables(lines: Sequence[Line]) -> Iterator[str]:
    for section in TIMED:
        if found := _named(lines, section):
            yield f"#### {section}\n" + _rows(HEAD, [cells(line) for line in found.values()])


def section(lines: Sequence[Line]) -> str:
    """What stands between the marks for the lines of a visit; none: what says so."""
    if not lines:
        return NONE
    text = _prose(
        f"{_machine(lines)} Operations of a warp by the cases of the emulator: "
        f"{_counts(lines, 'conformance')}. Programs on small inputs: {_counts(lines, 'sweep')}. "
        "Times are medians by events of the device, each run behind a write of more than the "
        "caches hold, contenders in turns; fractions and ratios take the faster of a run and of "
        "the same in a graph. The ratio is the fastest peer's time as a multiple of ours (above 1 "
        "is faster); peers that round to TF32 are left out. The best product is that of any "
        "system in the same dtype."
    )
    return "\n".join([text, _limits(lines), *_tables(lines)])


def page(text: str, lines: Sequence[Line]) -> str:
    head, rest = text.split(BEGIN)
    return head + BEGIN + section(lines) + END + rest.split(END)[1]


def keep(path: Path) -> int:
    """Takes the lines of a visit as the results, in place of an earlier one's."""
    lines = ended(read(path))
    if not lines:
        print(f"error: {path} has no line that ends a case", file=sys.stderr)
        return 1
    RESULTS.write_text("".join(json.dumps(line) + "\n" for line in lines))
    PAGE.write_text(page(PAGE.read_text(), lines))
    return 0


def is_latest() -> bool:
    """Whether the page has the results that are kept."""
    return PAGE.read_text() == page(PAGE.read_text(), ended(read(RESULTS)))
