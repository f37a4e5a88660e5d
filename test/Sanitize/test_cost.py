"""Checks of indices cost at most one percent: instructions counted, so that nothing is noise."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import re
import shutil
from pathlib import Path

import checked
import numpy as np
import pytest
from build_tree import MINILM, require

MOST = 0.01
# What valgrind can run; the checks are the same scalar instructions for every target.
TARGET = "--target=x86-64-v3"
TOKENS = 16


def instructions(run: checked.Checked, values: dict[str, np.ndarray], sizes: dict[str, int]) -> int:
    """Of a run of the model, the start of the process left out."""
    counted = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null",
               "--toggle-collect=fovea_run_*"]  # fmt: skip
    code, text = run.run(values, sizes, *counted)
    found = re.search(r"Collected : (\d+)", text)
    assert code == 0 and found, text
    return int(found[1])


def test_checks_cost_at_most_one_percent(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """A sentence encoder, whose tokens and positions are looked up."""
    model = require(MINILM, "./dev run fetches it")
    host = checked.build_host(tmp_path_factory.mktemp("host"))
    if not shutil.which("valgrind") or host is None:
        pytest.skip("valgrind or clang-22 is missing")
    run = checked.Checked(host, tmp_path)
    ids = np.arange(TOKENS)[None] + 1000
    values = {"input_ids": ids, "attention_mask": np.ones_like(ids),
              "token_type_ids": np.zeros_like(ids)}  # fmt: skip
    counts = []
    for source in (run.unchecked(model, TARGET), model):
        run.compile(source, TARGET)
        counts.append(instructions(run, values, {"batch": 1, "seq": TOKENS}))
    print(f"{counts[0]} instructions without checks, {counts[1]} with")
    assert counts[0] <= counts[1] <= counts[0] * (1 + MOST)
