"""Products by the rows of the table: their programs, values, and what they should come to."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

from pathlib import Path

import fovea
import ml_dtypes
import numpy as np
import pytest

Array = np.ndarray
BF16 = np.dtype(ml_dtypes.bfloat16)

# The rows that test_product_rows.py executes where the processor has them, with their targets.
# They are the proven ones: whoever adds a row here has seen it run.
EXECUTED = {
    "amx-bf16": ("x86-64-v4+amx-bf16", "bf16", "tile_product"),
    "avx512bf16": ("x86-64-v4+avx512bf16", "bf16", "dot_product"),
    "amx-int8": ("x86-64-v4+amx-int8", "i8", "tile_product"),
    "avx512vnni": ("x86-64-v4+avx512vnni", "i8", "dot_product"),
    "avx512": ("x86-64-v4", "f32", "panel_product"),
    "avx2": ("x86-64-v3", "f32", "panel_product"),
}
# Of these, those that are taken only where a schedule names their form.
NAMED = {"avx512bf16"}
# Those that an emulator executes.
EMULATED = {"neon": "test/Emulation/test_emulated_products.py"}
FLAGS = {"amx-bf16": "amx_bf16", "avx512bf16": "avx512_bf16", "amx-int8": "amx_int8",
         "avx512vnni": "avx512_vnni", "avx512": "avx512vl", "avx2": "avx2"}  # fmt: skip
NUMPY = {"f32": np.dtype(np.float32), "bf16": BF16, "f16": np.dtype(np.float16),
         "i8": np.dtype(np.int8)}


def usable(row: str) -> None:
    """Skips a row whose instructions this machine lacks."""
    if FLAGS[row] not in Path("/proc/cpuinfo").read_text().split():
        pytest.skip(f"this processor has no {FLAGS[row]}")


def program(kind: str, shapes: dict[str, str], weight: bool, batch: bool = False) -> str:
    """y = x w + b in the type of sums, w an input or a weight, transposed when a batch has it."""
    total = "i32" if kind == "i8" else "f32"
    add = "addi" if kind == "i8" else "addf"
    dims, outer = ("g, m, n, k", "g, ") if batch else ("m, n, k", "")
    inner = "n, k" if batch else "k, n"
    x, w, y = (f"tensor<{shapes[name]}x{kind if name != 'y' else total}>" for name in "xwy")
    sizes = [f"%d{place} = tensor.dim %x, %c{place} : {x}"
             for place in range(2) if shapes["x"].split("x")[place] == "?"]  # fmt: skip
    dynamic = ", ".join(line.split()[0] for line in sizes)
    given = f'%w: {w} {{fovea.name = "w"}}, ' if not weight else ""
    return "\n".join([
        f'fovea.weight @w from "w.bin" : {w}' if weight else "",
        f'func.func @main(%x: {x} {{fovea.name = "x"{names(shapes["x"])}}}, {given}'
        f'%b: tensor<{shapes["n"]}x{total}> {{fovea.name = "b"}})'
        f' -> ({y} {{fovea.name = "y"}}) {{',
        *(f"  %c{place} = arith.constant {place} : index" for place in range(2)),
        *(f"  {line}" for line in sizes),
        f"  %w = fovea.get_weight @w : {w}" if weight else "",
        f"  %o = tensor.empty({dynamic}) : {y}",
        f"  %y = fovea.contract ins(%x, %w : {x}, {w})",
        f"    captures(%b : tensor<{shapes['n']}x{total}>)",
        f"    outs(%o : {y}) {{indexing_maps = [affine_map<({dims}) -> ({outer}m, k)>,",
        f"    affine_map<({dims}) -> ({outer}{inner})>, affine_map<({dims}) -> (n)>,",
        f"    affine_map<({dims}) -> ({outer}m, n)>]}} epilogue {{",
        f"    ^bb0(%sum: {total}, %bias: {total}):",
        f"      %z = arith.{add} %sum, %bias : {total}",
        f"      fovea.yield %z : {total}",
        f"    }} -> {y}",
        f"  return %y : {y}",
        "}",
    ])  # fmt: skip


def by_form(text: str, form: str) -> str:
    """The program with a schedule that names the form."""
    assert text.count("{indexing_maps") == 1
    schedule = f'{{schedule = #fovea.schedule<form = "{form}">, indexing_maps'
    return text.replace("{indexing_maps", schedule)


def names(shape: str) -> str:
    extents = shape.split("x")
    if "?" not in extents:
        return ""
    listed = ", ".join('"M"' if extent == "?" else '""' for extent in extents)
    return f", fovea.shape = [{listed}]"


def values(rng: np.random.Generator, kind: str, *shape: int) -> Array:
    if kind == "i8":
        return rng.integers(-128, 128, shape).astype(np.int8)
    return rng.standard_normal(shape).astype(NUMPY[kind])


def check(module: fovea.Module, kind: str, x: Array, w: Array, inputs: dict[str, Array]) -> None:
    """Integers are exact; floats as near to float64 as sums in f32 come."""
    bias = inputs["b"]
    got = np.asarray(module(x=x, **inputs)["y"])
    if kind == "i8":
        assert np.array_equal(got, x.astype(np.int64) @ w.astype(np.int64) + bias)
        return
    wide, by = x.astype(np.float64), w.astype(np.float64)
    want, terms = wide @ by + bias, np.abs(wide) @ np.abs(by) + np.abs(bias)
    bound = 2.0**-24 * np.sqrt(w.shape[-2]) * terms * 2 + 3 * 2.0**-24 * np.abs(want)
    assert (np.abs(got.astype(np.float64) - want) <= bound).all()


def compiled(
    text: str, folder: Path, row: str, w: Array, form: str = "", optimization: int = 3
) -> fovea.Module:
    """The program for the row's target; it is computed by the row's form, or the one given."""
    target, _, usual = EXECUTED[row]
    text = by_form(text, usual) if row in NAMED else text
    (folder / "w.bin").write_bytes(w.tobytes())
    (folder / "model.mlir").write_text(text)
    module = fovea.compile(folder / "model.mlir", target=target, optimization=optimization)
    assert [kernel["form"] for kernel in module.ledger["kernels"]] == [form or usual]
    return module


def bias_of(kind: str, columns: int) -> Array:
    return (np.arange(columns) * 3 - 7).astype(np.int32 if kind == "i8" else np.float32)
