"""The cases of conformance as kernels: what one warp computes, for a GPU and for the emulator.

Names, inputs and results are those of test/Runtime/Emulator/Conformance.cpp, which the emulator
passes; here each is a kernel by hand that goes through the compiler's last phases. gpu.shuffle
takes parts of a warp below its width alone, so that all shuffles go over the whole warp, with
results by PTX's rule. A barrier of all blocks is here alone.
"""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import re
import struct
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from gpu import conformance_atomics as atomics
from gpu.conformance_atomics import LANES, mix

ROOT = Path(__file__).resolve().parents[2]
WORDS = ROOT / "test" / "Runtime" / "Emulator" / "ConformanceWords.h"
# Blocks of the case with a barrier of all blocks: few enough for any device to run at once.
BLOCKS = 8


def _bits(x: float) -> int:
    return struct.unpack("<I", struct.pack("<f", x))[0]


def _half(x: float) -> int:
    return struct.unpack("<H", struct.pack("<e", x))[0]


def _product_input(kind: str, i: int) -> int:
    """Word i of all lanes' a, b (six words of a lane) and c (four): small integers, whose sums are
    exact in any order."""

    def element(place: int) -> float:
        return float(mix(place) % 16 - 8)

    if i % 10 >= 6:
        c = mix(1000 + i) % 64 - 32
        return c & 0xFFFFFFFF if kind == "m16n8k32_s8" else _bits(float(c))
    match kind:
        case "m16n8k16_f16":
            return _half(element(2 * i)) | _half(element(2 * i + 1)) << 16
        case "m16n8k16_bf16":
            return _bits(element(2 * i)) >> 16 | (_bits(element(2 * i + 1)) & 0xFFFF0000)
        case "m16n8k8_tf32":
            return _bits(element(i) / 4)
    return sum((mix(4 * i + j) & 255) << 8 * j for j in range(4))


def _argument(function: str, lane: int) -> float:
    centered = mix(lane) % 512 - 256
    return {"ex2": centered / 8, "tanh": centered / 64}.get(function, (1 + mix(lane)) / 16)


def _tf32_input(lane: int) -> int:
    """f32 with bits behind those of tf32: ties, infinity, NaN and the largest among them."""
    special = (0x7F800000, 0x7F800001, 0x3F801000, 0xBF801000, 0x7F7FFFFF)
    if 1 <= lane <= len(special):
        return special[lane - 1]
    return mix(2 * lane) << 20 & 0xFFFFFFFF | mix(2 * lane + 1) << 1


@dataclass(frozen=True)
class Case:
    """`body` computes the words of %out from those of %in for the lane; `words` are a lane's."""

    name: str
    inputs: list[int]
    outputs: int
    expected: list[int]
    body: str
    relative: float = 0.0
    absolute: float = 0.0
    blocks: int = 1

    @property
    def entry(self) -> str:
        return re.sub(r"\W+", "_", self.name)

    @property
    def words(self) -> int:
        return len(self.inputs) // (LANES * self.blocks)


def recorded(path: Path = WORDS) -> dict[str, list[int]]:
    """The results of the emulator's cases, by the names that the header gives them."""
    text = path.read_text()
    found = {
        name: [int(word, 16) for word in re.findall(r"0x[0-9a-f]+", words)]
        for name, words in re.findall(r"constexpr uint32_t (\w+)\[\] = \{([^}]*)\}", text)
    }
    for count, name in re.findall(r"std::array<uint32_t, (\d+)> (\w+) = \{\}", text):
        found[name] = [0] * int(count)
    for name, word in re.findall(r"constexpr auto (\w+) = everyLane\((0x[0-9a-f]+)\)", text):
        found[name] = [int(word, 16)] * LANES
    return found


def _loads(count: int, first: int = 0) -> str:
    return "\n".join(f"    %w{i} = memref.load %in[%lane, %c{i}] : !in"
                     for i in range(first, first + count))  # fmt: skip


def _stores(names: list[str]) -> str:
    return "\n".join(f"    memref.store {name}, %out[%lane, %c{i}] : !out"
                     for i, name in enumerate(names))  # fmt: skip


def _multiply(kind: str) -> str:
    floats = kind != "m16n8k32_s8"
    element = "f32" if floats else "i32"
    lines = [_loads(10)]
    sums = [f"%w{i}" for i in range(6, 10)]
    if floats:
        lines += [f"    %s{i} = arith.bitcast %w{i + 6} : i32 to f32" for i in range(4)]
        sums = [f"%s{i}" for i in range(4)]
    types = ", ".join([element] * 4)
    lines.append(f"    %d:4 = fovea_warp.mma_sync {kind} a(%w0, %w1, %w2, %w3) b(%w4, %w5)"
                 f" c({', '.join(sums)}) : {types} -> {types}")  # fmt: skip
    results = [f"%d#{i}" for i in range(4)]
    if floats:
        lines += [f"    %r{i} = arith.bitcast %d#{i} : f32 to i32" for i in range(4)]
        results = [f"%r{i}" for i in range(4)]
    return "\n".join([*lines, _stores(results)])


def _load_matrix(count: int, transposed: bool) -> str:
    shared = "memref<32x8xi16, #gpu.address_space<workgroup>>"
    lines = [_loads(4), f"    %s = fovea_warp.shared : {shared}",
             "    %sixteen = arith.constant 16 : i32"]  # fmt: skip
    for i in range(4):
        lines += [f"    %l{i} = arith.trunci %w{i} : i32 to i16",
                  f"    %u{i} = arith.shrui %w{i}, %sixteen : i32",
                  f"    %h{i} = arith.trunci %u{i} : i32 to i16",
                  f"    memref.store %l{i}, %s[%lane, %c{2 * i}] : {shared}",
                  f"    memref.store %h{i}, %s[%lane, %c{2 * i + 1}] : {shared}"]  # fmt: skip
    names = [f"%r#{i}" for i in range(count)] if count > 1 else ["%r"]
    result = f"%r:{count}" if count > 1 else "%r"
    lines += ["    fovea_warp.sync_warp",
              f"    {result} = fovea_warp.ldmatrix %s[%lane, %c0]{' transposed' * transposed}"
              f" : {shared} -> {', '.join(['i32'] * count)}"]  # fmt: skip
    return "\n".join([*lines, _stores(names)])


def _shuffle(mode: str, operand: int) -> str:
    return f"""{_loads(1)}
    %at = arith.constant {operand} : i32
    %width = arith.constant {LANES} : i32
    %top = arith.constant 31 : i32
    %v, %p = gpu.shuffle {mode} %w0, %at, %width : i32
    %q = arith.extui %p : i1 to i32
    %b = arith.shli %q, %top : i32
    %r = arith.ori %v, %b : i32
{_stores(["%r"])}"""


def _shuffled(mode: str, operand: int) -> list[int]:
    """PTX's rule with all lanes in one segment: who reaches beyond keeps its own."""
    words = []
    for lane in range(LANES):
        source = {"idx": operand, "up": lane - operand, "down": lane + operand,
                  "xor": lane ^ operand}[mode]  # fmt: skip
        inside = 0 <= source < LANES
        words.append(mix(source if inside else lane) | inside << 31)
    return words


def _vote(kind: str) -> str:
    type_ = "i32" if kind == "ballot" else "i1"
    wide = "" if kind == "ballot" else "\n    %r = arith.extui %v : i1 to i32"
    return f"""{_loads(1)}
    %b = arith.trunci %w0 : i32 to i1
    %v = fovea_warp.vote {kind} %b : {type_}{wide}
{_stores(["%v" if kind == "ballot" else "%r"])}"""


def _approximate(function: str) -> str:
    return f"""{_loads(1)}
    %x = arith.bitcast %w0 : i32 to f32
    %y = fovea_warp.approx {function} %x : f32
    %r = arith.bitcast %y : f32 to i32
{_stores(["%r"])}"""


def _copy(size: int, valid: int, outputs: int) -> str:
    shared = "memref<32x4xi32, #gpu.address_space<workgroup>>"
    reads = "\n".join(f"    %r{i} = memref.load %s[%lane, %c{i}] : {shared}"
                      for i in range(outputs))  # fmt: skip
    return f"""    %s = fovea_warp.shared : {shared}
    %valid = arith.constant {valid} : i32
    fovea_warp.cp_async {size} %in[%lane, %c0] to %s[%lane, %c0] valid %valid : !in to {shared}
    fovea_warp.cp_async_commit
    fovea_warp.cp_async_wait 0
{reads}
{_stores([f"%r{i}" for i in range(outputs)])}"""


def _atomic(kind: str) -> str:
    shared = "memref<1xi32, #gpu.address_space<workgroup>>"
    return f"""{_loads(1)}
    %s = fovea_warp.shared : {shared}
    %zero = arith.constant 0 : i32
    %first = arith.cmpi eq, %lane, %c0 : index
    scf.if %first {{
      memref.store %zero, %s[%c0] : {shared}
    }}
    fovea_warp.sync_warp
    %old = memref.atomic_rmw {kind} %w0, %s[%c0] : (i32, {shared}) -> i32
    fovea_warp.sync_warp
    %r = memref.load %s[%c0] : {shared}
{_stores(["%r"])}"""


def _mbarrier() -> str:
    """Two phases of a barrier in the block's memory: words go on by half a warp, and then to where
    all are the other way round."""
    state = "memref<1xi64, #gpu.address_space<workgroup>>"
    shared = f"memref<{LANES}xi32, #gpu.address_space<workgroup>>"
    body = f"""{_loads(1)}
    %s = fovea_warp.shared : {state}
    %true = arith.constant true
    %count = arith.constant {LANES} : i32
    %lanes = arith.constant {LANES} : index
    %first = arith.cmpi eq, %lane, %c0 : index
    scf.if %first {{
      fovea_warp.mbarrier_init %s[%c0], %count : {state}
    }}
    fovea_warp.sync_warp"""
    half = LANES // 2
    for phase, source in enumerate(("addi %half0, %lane", "subi %half1, %lane")):
        body += f"""
    %words{phase} = fovea_warp.shared : {shared}
    memref.store %w{phase}, %words{phase}[%lane] : {shared}
    fovea_warp.mbarrier_arrive %s[%c0] : {state}
    %parity{phase} = arith.constant {phase} : i32
    scf.while : () -> () {{
      %done = fovea_warp.mbarrier_try_wait %s[%c0] parity %parity{phase} : {state}
      %again = arith.xori %done, %true : i1
      scf.condition(%again)
    }} do {{
      scf.yield
    }}
    %half{phase} = arith.constant {(LANES + half - 1) if phase else half} : index
    %sum{phase} = arith.{source} : index
    %from{phase} = arith.remui %sum{phase}, %lanes : index
    %w{phase + 1} = memref.load %words{phase}[%from{phase}] : {shared}"""
    return f"{body}\n{_stores(['%w2'])}"


def _barrier(kind: str) -> str:
    """Words through the block's memory to where all are the other way round."""
    state = "memref<1xi64, #gpu.address_space<workgroup>>"
    shared = f"memref<{LANES}xi32, #gpu.address_space<workgroup>>"
    begin = f"""    %words = fovea_warp.shared : {shared}
    %last = arith.constant {LANES - 1} : index
    %from = arith.subi %last, %lane : index"""
    end = f"""    %r = memref.load %words[%from] : {shared}
{_stores(["%r"])}"""
    if kind == "bar.sync":
        return f"""{begin}
{_loads(1)}
    memref.store %w0, %words[%lane] : {shared}
    gpu.barrier
{end}"""
    return f"""{begin}
    %s = fovea_warp.shared : {state}
    %true = arith.constant true
    %count = arith.constant {LANES} : i32
    %parity = arith.constant 0 : i32
    %first = arith.cmpi eq, %lane, %c0 : index
    scf.if %first {{
      fovea_warp.mbarrier_init %s[%c0], %count : {state}
    }}
    fovea_warp.sync_warp
    fovea_warp.cp_async 4 %in[%lane, %c0] to %words[%lane] : !in to {shared}
    fovea_warp.mbarrier_arrive_copies %s[%c0] : {state}
    scf.while : () -> () {{
      %done = fovea_warp.mbarrier_try_wait %s[%c0] parity %parity : {state}
      %again = arith.xori %done, %true : i1
      scf.condition(%again)
    }} do {{
      scf.yield
    }}
{end}"""


def _grid_barrier() -> str:
    """Each lane hands its word to the lane of the next block, by way of the device's memory. The
    last row of the result is the barrier's counter."""
    return f"""    %last = arith.constant {BLOCKS * LANES} : index
    %lanes = arith.constant {LANES} : index
    %start = arith.muli %block, %lanes : index
    %row = arith.addi %start, %lane : index
    %w = memref.load %in[%row, %c0] : !in
    memref.store %w, %out[%row, %c0] : !out
    %at = memref.extract_aligned_pointer_as_index %out : !out -> index
    %four = arith.constant 4 : index
    %offset = arith.muli %last, %four : index
    %place = arith.addi %at, %offset : index
    %number = arith.index_cast %place : index to i64
    %counter = llvm.inttoptr %number : i64 to !llvm.ptr
    fovea_warp.grid_barrier %counter : !llvm.ptr
    %after = arith.addi %row, %lanes : index
    %from = arith.remui %after, %last : index
    %r = memref.load %out[%from, %c0] : !out
    fovea_warp.grid_barrier %counter : !llvm.ptr
    memref.store %r, %out[%row, %c0] : !out"""


def _cases_on_words(words: dict[str, list[int]]) -> list[Case]:
    lanes = [mix(i) for i in range(LANES)]
    products = {"f16": "m16n8k16_f16", "bf16": "m16n8k16_bf16", "tf32": "m16n8k8_tf32",
                "s8": "m16n8k32_s8"}  # fmt: skip
    made = [Case(f"mma.sync {name}", [_product_input(kind, i) for i in range(10 * LANES)], 4,
                 words[f"{name}Products"], _multiply(kind))
            for name, kind in products.items()]  # fmt: skip
    made += [Case(f"shfl.sync {name}", lanes, 1, _shuffled(mode, operand), _shuffle(mode, operand))
             for name, mode, operand in (("idx", "idx", 5), ("up", "up", 3), ("down", "down", 6),
                                         ("bfly", "xor", 9))]  # fmt: skip
    made += [Case(f"vote.sync {kind}", lanes, 1, words[f"{kind}Vote"], _vote(kind))
             for kind in ("all", "any", "uni", "ballot")]  # fmt: skip
    bounds = {"ex2": (2**-22, 0), "lg2": (2**-22, 2**-22), "rcp": (2**-23, 0),
              "rsqrt": (2**-22, 0), "tanh": (2**-11, 0)}  # fmt: skip
    made += [Case(f"{name}.approx", [_bits(_argument(name, i)) for i in range(LANES)], 1,
                  words[f"{name}Values"], _approximate(name), *bound)
             for name, bound in bounds.items()]  # fmt: skip
    made.append(Case("cvt.rna.tf32", [_tf32_input(i) for i in range(LANES)], 1,
                     words["tf32Values"], _approximate("tf32")))  # fmt: skip
    return made


def _cases_on_memory(words: dict[str, list[int]]) -> list[Case]:
    rows = [mix(2 * i) | mix(2 * i + 1) << 16 for i in range(4 * LANES)]
    made = [Case(f"ldmatrix x{count}{'.trans' * trans}", rows, count, words[f"matrices{count}"],
                 _load_matrix(count, trans))
            for count, trans in ((1, False), (2, True), (4, False))]  # fmt: skip
    made += [Case(f"cp.async {size} bytes, {valid} valid", rows, outputs,
                  words[f"copies{size}Of{valid}"], _copy(size, valid, outputs))
             for size, valid, outputs in ((16, 16, 4), (16, 4, 4), (8, 8, 2), (8, 0, 2),
                                        (4, 4, 1), (4, 1, 1))]  # fmt: skip
    numbers = [(mix(i) - 2048) & 0xFFFFFFFF for i in range(LANES)]
    operations = (("add s32", "addi", "add"), ("min s32", "mins", "min"),
                  ("max u32", "maxu", "max"), ("xor u32", "xori", "xor"))  # fmt: skip
    made += [Case(f"atom {name}", numbers, 1, words[f"{key}Atomic"], _atomic(kind))
             for name, kind, key in operations]  # fmt: skip
    made.append(Case("mbarrier", [mix(i) for i in range(LANES)], 1, words["handedOver"],
                     _mbarrier()))  # fmt: skip
    made += [Case(name, [mix(i) for i in range(LANES)], 1, words["handedOver"], _barrier(name))
             for name in ("mbarrier behind copies", "bar.sync")]  # fmt: skip
    made += [Case(f"atom.lane {operation} {dtype}", atomics.inputs(dtype),
                  2 * atomics.size_of(dtype), atomics.results(operation, dtype),
                  atomics.body(operation, dtype))
             for operation, dtype in atomics.kinds()]  # fmt: skip
    handed = [mix(i) for i in range(LANES * BLOCKS)]
    made.append(Case("barrier of all blocks", handed, 1, handed[LANES:] + handed[:LANES],
                     _grid_barrier(), blocks=BLOCKS))  # fmt: skip
    return made


def cases(path: Path = WORDS) -> list[Case]:
    words = recorded(path)
    return [*_cases_on_words(words), *_cases_on_memory(words)]


def _constants() -> str:
    return "\n".join(f"  %c{i} = arith.constant {i} : index" for i in range(10))


def _launch(name: str, operands: str, types: str) -> str:
    return f"    fovea_kernel.launch @{name}({operands}) : {types}"


def _entry(case: Case) -> str:
    """The function that the host calls, and its kernels. A barrier of all blocks has its counter
    behind the results, which a kernel of its own sets to 0 first."""
    name, barrier = case.entry, case.blocks > 1
    rows = case.blocks * LANES
    given = f"{rows}x{case.words}xi32"
    result = f"{rows + barrier}x{case.outputs}xi32"
    body = case.body.replace("!in", f"memref<{given}>").replace("!out", f"memref<{result}>")
    types = f"memref<{given}>, memref<{result}>"
    launches = [_launch(f"{name}_kernel", "%in, %out", types)]
    if barrier:
        launches.insert(0, _launch(f"{name}_clear", "%out", f"memref<{result}>"))
    lines = "\n".join(launches)
    return f"""
func.func @{name}(%in: memref<{given}> {{fovea.name = "x"}}) attributes {{fovea.entry,
    fovea.input_types = [tensor<{given}>], fovea.inputs = [{{fovea.name = "x"}}],
    fovea.result_types = [tensor<{result}>], fovea.results = [{{fovea.name = "y"}}],
    fovea.symbols = []}} {{
  %none = call @{name}.layout() : () -> index
  %out = fovea_kernel.output 0() : memref<{result}>
{lines}
  return
}}
func.func private @{name}.layout() -> index {{
  %none = arith.constant 0 : index
  return %none : index
}}
{_kernel(f"{name}_kernel", f"%in: memref<{given}>, %out: memref<{result}>", case.blocks, body)}
{_clear(name, rows, result) if barrier else ""}"""


def _kernel(name: str, parameters: str, blocks: int, body: str) -> str:
    return f"""func.func private @{name}({parameters}) attributes {{fovea_kernel.kernel}} {{
{_constants()}
  %blocks = arith.constant {blocks} : index
  fovea_kernel.grid %blocks threads({LANES}) {{
  ^bb0(%block: index, %lane: index):
{body}
  }}
  return
}}"""


def _clear(name: str, rows: int, result: str) -> str:
    body = f"""    %last = arith.constant {rows} : index
    %zero = arith.constant 0 : i32
    %first = arith.cmpi eq, %lane, %c0 : index
    scf.if %first {{
      memref.store %zero, %out[%last, %c0] : memref<{result}>
    }}"""
    return _kernel(f"{name}_clear", f"%out: memref<{result}>", 1, body)


def module(of: Callable[[Case], bool] = lambda case: True) -> str:
    """MLIR text of the phase kernel, which compiles on from there: an entry a case."""
    entries = "".join(_entry(case) for case in cases() if of(case))
    return f'module attributes {{fovea.ledger = [], fovea.phase = "kernel"}} {{{entries}\n}}\n'
