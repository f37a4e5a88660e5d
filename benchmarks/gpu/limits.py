"""Kernels by hand that reach what a GPU can do at most: multiply-adds of f32, and products of bf16
by mma.sync, which the compiler's schedules are made of (on Hopper, wgmma does more)."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

from dataclasses import dataclass

# Sums that do not wait for each other: more than the pipelines are deep.
SUMS = 8
THREADS = 256


@dataclass(frozen=True)
class Loop:
    """So many blocks, each of whose threads does so many rounds of SUMS operations."""

    blocks: int
    rounds: int

    def fma_flops(self) -> int:
        return 2 * SUMS * THREADS * self.blocks * self.rounds

    def mma_flops(self) -> int:
        return 2 * 16 * 8 * 16 * SUMS * (THREADS // 32) * self.blocks * self.rounds


# Blocks enough for the last ones not to count; a millisecond of work.
FULL = {"fma": Loop(33792, 512), "mma": Loop(8448, 256)}
TINY = {"fma": Loop(2, 3), "mma": Loop(1, 2)}


def _entry(name: str, given: str, loop: Loop, body: str) -> str:
    """`%x` is the input and `%y` the result, of which each thread writes an element."""
    x, y = f"memref<{given}>", f"memref<{THREADS}xf32>"
    return f"""
func.func @{name}(%x: {x} {{fovea.name = "x"}}) attributes {{fovea.entry,
    fovea.input_types = [tensor<{given}>], fovea.inputs = [{{fovea.name = "x"}}],
    fovea.result_types = [tensor<{THREADS}xf32>], fovea.results = [{{fovea.name = "y"}}],
    fovea.symbols = []}} {{
  %none = call @{name}.layout() : () -> index
  %y = fovea_kernel.output 0() : {y}
  fovea_kernel.launch @{name}_kernel(%x, %y) : {x}, {y}
  return
}}
func.func private @{name}.layout() -> index {{
  %none = arith.constant 0 : index
  return %none : index
}}
func.func private @{name}_kernel(%x: {x}, %y: {y}) attributes {{fovea_kernel.kernel}} {{
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %rounds = arith.constant {loop.rounds} : index
  %blocks = arith.constant {loop.blocks} : index
  fovea_kernel.grid %blocks threads({THREADS}) {{
  ^bb0(%block: index, %thread: index):
{body}
    // Only one block writes: the others have the same result.
    %writes = arith.cmpi eq, %block, %c0 : index
    scf.if %writes {{
      memref.store %result, %y[%thread] : {y}
    }}
  }}
  return
}}"""


def _added(names: list[str]) -> str:
    lines, total = [], names[0]
    for place, name in enumerate(names[1:]):
        lines.append(f"    %t{place} = arith.addf {total}, {name} : f32")
        total = f"%t{place}"
    return "\n".join([*lines, f"    %zero = arith.constant 0.0 : f32\n"
                              f"    %result = arith.addf {total}, %zero : f32"])  # fmt: skip


def _fma(loop: Loop) -> str:
    """y = sums of s <- s x0 + x1 from x[i]; one input, so that nothing is known to the compiler."""
    at = "\n".join(f"    %i{i} = arith.constant {i} : index\n"
                   f"    %s{i} = memref.load %x[%i{i}] : memref<{SUMS}xf32>"
                   for i in range(SUMS))  # fmt: skip
    carried = ", ".join(f"%a{i} = %s{i}" for i in range(SUMS))
    steps = "\n".join(f"      %n{i} = math.fma %a{i}, %s0, %s1 : f32" for i in range(SUMS))
    types = ", ".join(["f32"] * SUMS)
    body = f"""{at}
    %e:{SUMS} = scf.for %r = %c0 to %rounds step %c1 iter_args({carried}) -> ({types}) {{
{steps}
      scf.yield {", ".join(f"%n{i}" for i in range(SUMS))} : {types}
    }}
{_added([f"%e#{i}" for i in range(SUMS)])}"""
    return _entry("fma", f"{SUMS}xf32", loop, body)


def _mma(loop: Loop) -> str:
    """Products of one pair of fragments, each added to its own sum."""
    loads = "\n".join(f"    %i{i} = arith.constant {i} : index\n"
                      f"    %w{i} = memref.load %x[%i{i}] : memref<6xi32>"
                      for i in range(6))  # fmt: skip
    sums = [f"a{i}_{j}" for i in range(SUMS) for j in range(4)]
    carried = ", ".join(f"%{name} = %start" for name in sums)
    four = "f32, f32, f32, f32"
    steps = "\n".join(
        f"      %n{i}:4 = fovea_warp.mma_sync m16n8k16_bf16 a(%w0, %w1, %w2, %w3) b(%w4, %w5)"
        f" c({', '.join(f'%a{i}_{j}' for j in range(4))}) : {four} -> {four}"
        for i in range(SUMS)
    )
    types = ", ".join(["f32"] * len(sums))
    body = f"""{loads}
    %start = arith.constant 0.0 : f32
    %e:{len(sums)} = scf.for %r = %c0 to %rounds step %c1 iter_args({carried}) -> ({types}) {{
{steps}
      scf.yield {", ".join(f"%n{i}#{j}" for i in range(SUMS) for j in range(4))} : {types}
    }}
{_added([f"%e#{i}" for i in range(len(sums))])}"""
    return _entry("mma", "6xi32", loop, body)


def module(loops: dict[str, Loop]) -> str:
    """MLIR text of the phase kernel with the entries fma and mma."""
    return ('module attributes {fovea.ledger = [], fovea.phase = "kernel"} {'
            f'{_fma(loops["fma"])}{_mma(loops["mma"])}\n}}\n')  # fmt: skip


def doubled(count: int) -> str:
    """y = x + x of so many f32: what a plain kernel of the compiler gets of the bandwidth."""
    kind = f"tensor<{count}xf32>"
    return f"""
func.func @main(%x: {kind} {{fovea.name = "x"}}) -> ({kind} {{fovea.name = "y"}}) {{
  %y = arith.addf %x, %x : {kind}
  return %y : {kind}
}}
"""
