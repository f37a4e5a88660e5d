"""The checked-in list of outcomes, and what an outcome that differs from it means."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path

LIST = Path(__file__).with_name("expected.txt")
FORMS = ("static", "symbolic")
_HEADER = """\
# The outcome of every case of the onnx package, compiled for the CPU: with the case's sizes, and
# with all sizes of inputs symbolic. outcome.py says what the words mean. Must equal what happens
# exactly; written by test/Onnx/run.py --update.
"""

# A case's name and one of FORMS.
Key = tuple[str, str]


def parse(text: str) -> dict[Key, str]:
    """Reads `name | outcome` lines; an indented `symbolic | outcome` below a line is the outcome of
    the symbolic form where it is another one. Raises ValueError."""
    outcomes: dict[Key, str] = {}
    name = ""
    for number, line in enumerate(text.splitlines(), 1):
        if not line or line.startswith("#"):
            continue
        fields = [field.strip() for field in line.split("|")]
        if len(fields) != 2 or not all(fields):
            raise ValueError(f"line {number} is not a name and an outcome: {line}")
        if line.startswith(" "):
            if fields[0] != FORMS[1] or not name:
                raise ValueError(f"line {number} belongs to no case: {line}")
            outcomes[name, FORMS[1]], name = fields[1], ""
            continue
        name = fields[0]
        if (name, FORMS[0]) in outcomes:
            raise ValueError(f"line {number} names {name} again")
        outcomes.update({(name, form): fields[1] for form in FORMS})
    return outcomes


def render(outcomes: Mapping[Key, str]) -> str:
    """The list as text, by name."""
    lines = []
    for name in sorted({name for name, _ in outcomes}):
        static, symbolic = (outcomes[name, form] for form in FORMS)
        lines.append(f"{name} | {static}")
        if symbolic != static:
            lines.append(f"  {FORMS[1]} | {symbolic}")
    return _HEADER + "".join(line + "\n" for line in lines)


def disagreement(expected: str | None, found: str | None) -> str:
    """Why the outcome of one case fails the suite, empty when it is the one listed."""
    if found == expected:
        return ""
    if expected is None:
        return f"not in {LIST.name}; the outcome is '{found}'"
    if found is None:
        return f"listed as '{expected}', but the onnx package has no such case"
    if found == "pass":
        return f"passes, but is listed as '{expected}': run test/Onnx/run.py --update"
    return f"the outcome is '{found}', listed is '{expected}'"


def summary(outcomes: Mapping[Key, str]) -> str:
    """Counts by form and by the first word of the outcomes."""
    lines = []
    for form in FORMS:
        words = [words.split()[0] for (_, of), words in outcomes.items() if of == form]
        counts = ", ".join(f"{count} {word}" for word, count in Counter(words).most_common())
        lines.append(f"{form}: {len(words)} cases: {counts or 'none'}")
    return "\n".join(lines)
