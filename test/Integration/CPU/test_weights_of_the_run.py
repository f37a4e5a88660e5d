"""Cells written by hand with weights that are inputs: joined, packed and computed as constants."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import fovea
import numpy as np
import pytest
from written_cells import GATES, by_hand, saved, tensor


def with_inputs(text: str, h: int) -> str:
    """The program whose recurrent weights are inputs instead of constants."""
    text = re.sub(r"^(fovea\.weight @r.*|  %r\w? = fovea\.get_weight.*)\n", "", text, flags=re.M)
    inputs = "".join(f', %r{g}: {tensor(h, h)} {{fovea.name = "r{g}"}}' for g in GATES)
    return text.replace('{fovea.name = "x"})', f'{{fovea.name = "x"}}{inputs})')


SIZES = [(1, 128), (5, 37)]


def check(b: int, h: int, folder: Path, threads: Sequence[int] = (1, 2)) -> list[fovea.Module]:
    """Weights that are inputs give the bits of constants; the modules that take them."""
    text = by_hand("four", 9, b, h)
    path, values = saved(folder, text, h)
    x = np.random.default_rng(4).standard_normal((9, b, h)).astype(np.float32)
    want = fovea.compile(path)(x=x)["y"]
    path.write_text(with_inputs(text, h))
    recurrent = np.split(values[4 * h * h : 8 * h * h].reshape(4 * h, h), 4)
    feed = {f"r{g}": np.ascontiguousarray(r) for g, r in zip(GATES, recurrent, strict=True)}
    modules = [fovea.compile(path, threads=number) for number in threads]
    for module in modules:
        assert np.array_equal(module(x=x, **feed)["y"], want)
    return modules


@pytest.mark.parametrize("b, h", SIZES)
def test_four_inputs_have_the_bits_of_constants(b: int, h: int, tmp_path: Path) -> None:
    for module in check(b, h, tmp_path):
        assert any(kernel["form"] == "gate_product" for kernel in module.ledger["kernels"])
