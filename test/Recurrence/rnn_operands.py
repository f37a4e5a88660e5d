"""The operands of a program, by name: what the text declares and the cases fill."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

from dataclasses import dataclass

from rnn_programs import Program

COUNT = {"lstm": 4, "gru": 3, "rnn": 1, "hand_lstm": 4, "ln_lstm": 4, "augru": 3, "mgu": 2}
# Widths that are known only at run time.
RUN_TIME = {"I": 6, "H": 12, "P": 7}


@dataclass(frozen=True)
class Operand:
    """Dimensions are letters (T, B, I, H, P), multiples of these ("4H") or numbers."""

    dims: tuple[str, ...]
    element: str
    is_weight: bool = False


def output_dim(program: Program) -> str:
    """The letter of the output's width: of P with a projection, else H."""
    return "P" if program.projection else "H"


def joined_dim(program: Program) -> str:
    """The width of a layer's output, directions joined."""
    width = output_dim(program)
    return f"2{width}" if program.direction == "concat" else width


def _layer(program: Program, layer: int) -> dict[str, Operand]:
    count, d = COUNT[program.kind], str(program.directions)
    p, wide = output_dim(program), program.weight_type
    width = joined_dim(program) if layer else "I"
    gates = f"{count}H" if count > 1 else "H"

    def state(width: str) -> Operand:
        return Operand(("B", d, width) if program.batch_major else (d, "B", width), program.dtype)

    operands = {
        "w": Operand((d, gates, width), wide, True),
        "r": Operand((d, gates, p), wide, True),
    }
    if program.bias != "none":
        operands["b"] = Operand((d, f"{2 * count}H"), wide, True)
    if program.peephole:
        operands["p"] = Operand((d, "3H"), wide, True)
    if program.projection:
        operands["q"] = Operand((d, p, "H"), wide, True)
    if program.initial != "none":
        operands["h"] = state(p)
    if program.initial == "both":
        operands["c"] = state("H")
    return {f"{name}{layer}": operand for name, operand in operands.items()}


def _cell(program: Program) -> dict[str, Operand]:
    count, wide = str(COUNT[program.kind]), program.weight_type
    if program.kind == "hand_lstm":
        operands = {}
        for gate in range(4):
            operands[f"w{gate}"] = Operand(("H", "I"), wide, True)
            operands[f"r{gate}"] = Operand(("H", "H"), wide, True)
            operands[f"b{gate}"] = Operand(("H",), program.working, True)
    else:
        operands = {
            "w": Operand((count, "H", "I"), wide, True),
            "r": Operand((count, "H", "H"), wide, True),
            "b": Operand((count, "H"), program.working, True),
        }
    if program.kind == "ln_lstm":
        for name, dims in (("n0", (count, "H")), ("n1", (count, "H")), ("n2", ("H",))):
            operands[name] = Operand(dims, program.working, True)
    if program.kind == "augru":
        operands["a"] = Operand(("T", "B"), program.dtype)
    if program.initial == "both":
        operands["h0"] = Operand(("B", "H"), program.dtype)
        if program.has_c:
            operands["c0"] = Operand(("B", "H"), program.dtype)
    return operands


def operands(program: Program) -> dict[str, Operand]:
    steps = ("B", "T") if program.batch_major else ("T", "B")
    made = {"x": Operand((*steps, "I"), program.dtype)}
    if program.is_cell:
        made |= _cell(program)
    else:
        for layer in range(program.layers):
            made |= _layer(program, layer)
    if program.lengths != "none":
        made["lengths"] = Operand(("B",), program.lengths)
    if program.resets:
        made["resets"] = Operand(steps, "i1")
    return made


def is_constant(program: Program, operand: Operand) -> bool:
    return operand.is_weight and program.held == "constant"


def extent(program: Program, dim: str, steps: int, batch: int) -> int:
    """The number that a dimension is in a case."""
    if dim.isdigit():
        return int(dim)
    factor, letter = int(dim[:-1] or 1), dim[-1]
    widths = dict(zip("IHP", program.sizes, strict=True))
    sizes = {letter: width or RUN_TIME[letter] for letter, width in widths.items()}
    return factor * (sizes | {"T": steps, "B": batch})[letter]
