"""The regions of a crossing in MLIR text: what changes scores, excludes keys, changes weights."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from crossings import Crossing

SOFTCAP = 3.0
WINDOW = (9, 4)
# Distances that the table of relative biases knows, either way.
REACH = 16


@dataclass(frozen=True)
class Capture:
    """An input that the regions see: its dimensions ("" a scalar), or a table's sizes."""

    name: str
    element: str
    dims: str = ""
    table: tuple[str, ...] = ()


def captures_of(crossing: Crossing) -> list[Capture]:
    """In the order in which the regions receive them."""
    # Regions see the number of a sequence as b.
    real, rows = crossing.working, "n" if crossing.layout == "sequences" else "b"
    captures = {
        "alibi": [] if crossing.alibi_is_sugar else [Capture("slopes", real, "h")],
        "relative": [Capture("table", real, table=(str(2 * REACH + 1), "h"))],
    }.get(crossing.score, [])
    captures += {
        "prefix": [Capture("prefix", "i64", "b")],
        "documents": [Capture("own", "i32", "bi"), Capture("ids", "i32", table=(rows, "j"))],
        "lengths": [Capture("lengths", "i32", "b")],
        "bool": [Capture("kept", "i1", "bij")],
        "bias": [Capture("bias", crossing.dtype, "hij")],
    }.get(crossing.mask, [])
    if crossing.has_prob:
        captures.append(Capture("gain", real, "h"))
    return captures


class Regions:
    """Writes the regions; `type_of` gives the type of a tensor by its dimensions and element."""

    def __init__(self, crossing: Crossing, type_of: Callable[[Sequence[str], str], str]) -> None:
        self.crossing, self.type_of = crossing, type_of

    def _region(self, kind: str, leading: str, body: str) -> str:
        """A region that yields what its body calls %y."""
        inner = "".join(
            f", %{c.name}_: {self.type_of(c.table, c.element) if c.table else c.element}"
            for c in captures_of(self.crossing)
        )
        positions = "%b: index, %h: index, %i: index, %j: index"
        yielded = "i1" if kind == "mask" else "REAL"
        text = (f"{kind} {{\n    ^bb0({leading}{positions}{inner}):{body}\n"
                f"      fovea.yield %y : {yielded}\n    }}")  # fmt: skip
        return text.replace("REAL", self.crossing.working)

    def _score(self) -> str:
        crossing, body, now = self.crossing, "", "%s"
        if crossing.score == "softcap" and crossing.mask == "bias":
            body, now = _SOFTCAP, "%bent"
        elif crossing.score in _SCORES and not crossing.alibi_is_sugar:
            body, now = _SCORES[crossing.score], "%changed"
            body = body.replace("TABLE", self.type_of((str(2 * REACH + 1), "h"), "REAL"))
        if crossing.mask == "bias":
            wide = "%bias_"
            if crossing.dtype != crossing.working:
                body += f"\n      %wide = arith.extf %bias_ : {crossing.dtype} to REAL"
                wide = "%wide"
            body += f"\n      %biased = arith.addf {now}, {wide} : REAL"
            now = "%biased"
        return self._region("score", "%s: REAL, ", body.replace(f"{now} =", "%y =")) if body else ""

    def write(self) -> str:
        crossing, parts = self.crossing, [self._score()]
        if crossing.mask in _MASKS:
            tables = [c.table for c in captures_of(crossing) if c.name == "ids"]
            ids = "".join(self.type_of(sizes, "i32") for sizes in tables)
            body = _MASKS[crossing.mask].replace("IDS", ids)
            parts.append(self._region("mask", "", body))
        if crossing.has_prob:
            parts.append(self._region("prob", "%p: REAL, ", _PROB))
        return " ".join(filter(None, parts))


_SOFTCAP = f"""
      %cap = arith.constant {SOFTCAP} : REAL
      %small = arith.divf %s, %cap : REAL
      %tanh = math.tanh %small : REAL
      %bent = arith.mulf %tanh, %cap : REAL"""
_SCORES = {
    "alibi": """
      %apart = arith.subi %j, %i : index
      %whole = arith.index_cast %apart : index to i32
      %real = arith.sitofp %whole : i32 to REAL
      %term = arith.mulf %slopes_, %real : REAL
      %changed = arith.addf %s, %term : REAL""",
    "relative": f"""
      %apart = arith.subi %j, %i : index
      %reach = arith.constant {REACH} : index
      %least = arith.constant -{REACH} : index
      %above = arith.maxsi %apart, %least : index
      %near = arith.minsi %above, %reach : index
      %place = arith.addi %near, %reach : index
      %term = fovea.capture_load %table_[%place, %h] : TABLE -> REAL
      %changed = arith.addf %s, %term : REAL""",
}
_MASKS = {
    "prefix": """
      %n = arith.index_cast %prefix_ : i64 to index
      %inside = arith.cmpi slt, %j, %n : index
      %before = arith.cmpi sle, %j, %i : index
      %y = arith.ori %inside, %before : i1""",
    "documents": """
      %id = fovea.capture_load %ids_[%b, %j] : IDS -> i32
      %y = arith.cmpi eq, %own_, %id : i32""",
    "lengths": """
      %n = arith.index_cast %lengths_ : i32 to index
      %y = arith.cmpi slt, %j, %n : index""",
    "bool": """
      %no = arith.constant false
      %y = arith.cmpi ne, %kept_, %no : i1""",
}
# Not linear, so that it is not the same before the sum divides.
_PROB = """
      %rest = arith.subf %gain_, %p : REAL
      %y = arith.mulf %p, %rest : REAL"""
