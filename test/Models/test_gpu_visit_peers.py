"""PyTorch as the peer of a visit to a GPU: on the processor, beside kernels by the emulator.

Results of both agree, so that both compute the same; who is faster says nothing here.
"""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("torch")

import gpu.prepare  # noqa: E402
from build_tree import MINILM, PROGRAM, require  # noqa: E402
from gpu.visit.peers import DRY  # noqa: E402
from gpu_visit import visit  # noqa: E402

require(PROGRAM, "./dev build")
require(MINILM, "./dev run fetches it")
# Both round results to bf16; sums of f32 differ by their order.
FAR = {"bf16": 2.0**-7, "f32": 2.0**-20}


def test_peers_agree(tmp_path: Path) -> None:
    folder = tmp_path / "gpu-visit"
    gpu.prepare.prepare(folder, emulated=True, tiny=True)
    done = visit(folder, tmp_path / "lines.jsonl", "--sections", "gemm,attention,decode,rnn,model",
                 **{DRY: "1"})  # fmt: skip
    assert done.code == 0, done.text
    expected = {"gemm": "torch", "attention": "torch_math", "decode": "torch_math", "rnn": "torch",
                "model": "torch"}  # fmt: skip
    for section, peer in expected.items():
        assert done.of(section)
        for line in done.of(section):
            assert "error" not in line["systems"][peer], line
            assert line["best_peer"] == peer and line["ratio"] > 0
            # A model's peer has weights of its own.
            if section != "model":
                assert line["difference"] <= FAR[line["dtype"]] * line["magnitude"], line
            else:
                assert "difference" not in line
