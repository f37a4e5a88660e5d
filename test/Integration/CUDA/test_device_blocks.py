"""Decoding in as many parts as a GPU has, under the emulator, which has few blocks itself.

The option device-blocks gives the emulator the schedule of a device. Results are compared with
float64, and rows that exclude poison keep their bits, as in test_attention_forms.py.
"""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import attention
import fovea
import numpy as np
import pytest
from build_tree import PROGRAM, require, sound
from build_tree import fovea as run_fovea
from case_inputs import Case
from crossings import Crossing
from grid_check import check
from program_text import entry

require(PROGRAM, "./dev build")

# What a device takes itself, as the first test finds.
DEVICE_BLOCKS = 256
PARTS = re.compile(r"key_parts = (\d+)")
# By parts of keys: 256 blocks over the groups of heads of one row of the batch, to a power of two,
# at most 64. Numbers of keys are known at run time alone.
DECODES = [
    ("decode_tiles", 64, Crossing(dtype="bf16", heads=(64, 64), group="4", queries=1)),
    ("decode_tiles", 64, Crossing(dtype="f16", heads=(128, 128), group="1", mask="bool",
                                  normalizer="lse_max", queries=3)),
    ("decode_tiles", 64, Crossing(dtype="bf16", heads=(64, 64), group="mqa", layout="pages",
                                  mask="lengths", queries=1)),
    ("decode_attention", 64, Crossing(dtype="f32", heads=(64, 64), group="2", mask="window",
                                      score="alibi", layout="bshd", queries=1)),
    ("warp_attention", 64, Crossing(dtype="bf16", heads=(33, 80), mask="prefix", queries=1)),
]  # fmt: skip
# Batch and keys: more than one group of 32 keys in each part, fewer keys than parts, none.
SIZES = ((1, 2100), (2, 130), (1, 40), (1, 0))


def parts_of(module: fovea.Module) -> list[int]:
    return [record["key_parts"] for record in module.ledger["kernels"]
            if record["op"] == "fovea.attention"]  # fmt: skip


def device_parts(text: str, folder: Path, *options: str) -> list[int]:
    """Of the kernels that a device gets."""
    (folder / "m.mlir").write_text(text)
    sound(run_fovea(folder, "compile", "m.mlir", "--target=cuda", "--stop-after=kernel", *options,
                    "-o", "kernels.mlir"))  # fmt: skip
    ledger = (folder / "kernels.mlir").read_text().split("fovea.ledger = ", 1)[1].splitlines()[0]
    return [int(parts) for parts in PARTS.findall(ledger)]


@pytest.mark.parametrize("form, parts, crossing", DECODES, ids=str)
def test_parts_of_a_device_agree_with_float64(
    form: str, parts: int, crossing: Crossing, tmp_path: Path
) -> None:
    text = entry(crossing)
    module = fovea.compile(text, target="cuda-emulated", threads=1, device_blocks=DEVICE_BLOCKS)
    forms = {record["form"] for record in module.ledger["kernels"]
             if record["op"] == "fovea.attention"}  # fmt: skip
    assert (forms, parts_of(module)) == ({form}, [parts])
    assert device_parts(text, tmp_path) == [parts]
    guarded = False
    for number, (batch, keys) in enumerate(SIZES):
        keys -= keys % crossing.page if crossing.layout == "pages" else 0
        case = Case(crossing, number, batch, crossing.queries, keys, "plain", False)
        rounds = form == "decode_tiles"
        outcome = check((module.entries["main"],), case, rounds_weights=rounds)
        assert not outcome.wrong, outcome.wrong
        guarded |= outcome.guarded
    assert guarded or crossing.mask == "none"


# Those of a visit to a GPU with fewer heads, and parts: 256 over the batch and the groups of heads,
# and no part shorter than 64 keys.
VISIT = [(attention.Attention("decode", 1024, 8, 128, "bf16", 1, 4), 16),
         (attention.Attention("decode", 2048, 8, 128, "bf16", 8, 4), 16),
         (attention.Attention("decode", 4096, 4, 64, "bf16", 1, 4), 64),
         (attention.Attention("decode", 520, 2, 128, "f32", 1, 2), 8)]  # fmt: skip


@pytest.mark.parametrize("problem, parts", VISIT, ids=lambda one: getattr(one, "label", one))
def test_known_sizes_are_split_as_on_a_device(
    problem: attention.Attention, parts: int, tmp_path: Path
) -> None:
    text = attention.module(problem)
    module = fovea.compile(text, target="cuda-emulated", threads=1, device_blocks=DEVICE_BLOCKS)
    assert parts_of(module) == device_parts(text, tmp_path) == [parts]
    feed = problem.inputs()
    expected = problem.expected(feed)
    (got,) = module(**feed).values()
    error = np.abs(got.astype(np.float64) - expected.result)
    assert (error <= expected.tolerance).all()


def test_few_blocks_split_less(tmp_path: Path) -> None:
    """And the emulator's own number is smaller than a device's."""
    crossing = replace(DECODES[0][2], normalizer="lse_max")
    text = entry(crossing)
    assert device_parts(text, tmp_path, "--device-blocks=8") == [4]
    assert parts_of(fovea.compile(text, target="cuda-emulated")) == [4]
    assert device_parts(text, tmp_path, "--device-blocks=256") == device_parts(text, tmp_path)


@pytest.mark.parametrize(
    "arguments, code, said",
    [
        (("--target=cuda", "--device-blocks=0"), 3, "it is a number from 1 to 4096"),
        (("--target=host", "--device-blocks=8"), 3, "'device-blocks' is for targets of devices"),
        (("--target=reference", "--device-blocks=8"), 3, "target 'reference' has no blocks"),
    ],
)
def test_refused(arguments: tuple[str, ...], code: int, said: str, tmp_path: Path) -> None:
    (tmp_path / "m.mlir").write_text(entry(DECODES[0][2]))
    done = run_fovea(tmp_path, "run", "m.mlir", *arguments)
    assert said in done.stderr and done.returncode == code


def test_refused_behind_the_graph(tmp_path: Path) -> None:
    (tmp_path / "m.mlir").write_text(entry(DECODES[0][2]))
    options = ("--target=cuda", "--device-blocks=64")
    sound(run_fovea(tmp_path, "compile", "m.mlir", *options, "--stop-after=graph", "-o", "g.mlir"))
    late = run_fovea(tmp_path, "compile", "g.mlir", *options, "--stop-after=kernel")
    assert late.returncode == 3 and "'device-blocks' comes too late" in late.stderr
