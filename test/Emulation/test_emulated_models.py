"""Whole models on AArch64: the examples check themselves, and the conformance suite's modules."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

from pathlib import Path

import emulated_model
import emulator
import g2p
import minilm
import pytest
from build_tree import MINILM, MODELS, fovea, require, sound
from case import Settings
from conformance_cases import CASES
from test_conformance import disagreement

emulator.shared()


@pytest.mark.parametrize("case", CASES)
def test_conformance(case: str) -> None:
    made = CASES[case]()
    with emulator.loaded(made.text) as (entries,):
        assert disagreement(entries["main"](**made.inputs), made) == ""


def test_a_bad_index_stops_the_run() -> None:
    case = CASES["lookup"]()
    case.inputs["i"][2] = 500
    with emulator.loaded(case.text) as (entries,):
        with pytest.raises(emulator.RunFailed, match="index 500 is out of range for 9 elements"):
            entries["main"](**case.inputs)
        # The process goes on.
        case.inputs["i"][2] = -1
        assert disagreement(entries["main"](**case.inputs), case) == ""


def test_this_machine_compiles_and_says_that_it_cannot_run(tmp_path: Path) -> None:
    case = CASES["contraction"]()
    (tmp_path / "model.mlir").write_text(case.text)
    sound(fovea(tmp_path, "compile", "model.mlir", f"--target={emulator.TARGET}"))
    for arguments in (("model.fvm",), ("model.mlir", f"--target={emulator.TARGET}")):
        done = fovea(tmp_path, "run", *arguments)
        assert (done.returncode, done.stdout, done.stderr.count("error")) == (3, "", 1)
        assert "it is for 'aarch64-unknown-linux-gnu', this machine is x86_64-linux" in done.stderr


def test_code_of_this_machine_is_refused_there(tmp_path: Path) -> None:
    (tmp_path / "model.mlir").write_text(CASES["contraction"]().text)
    sound(fovea(tmp_path, "compile", "model.mlir", "--target=x86-64-v3"))
    with pytest.raises(emulator.RunFailed, match="this machine is aarch64-linux.*armv8-a"):
        emulator.shared().load(tmp_path / "model.fvm")


def test_letters_to_phonemes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two GRUs, of which one ends early: packed weights, lookups, an argmax."""
    require(MODELS / g2p.CHECKPOINT, "./dev run fetches it")
    monkeypatch.setattr(g2p, "prepare", emulated_model.prepare)
    monkeypatch.setattr(g2p, "WORDS", g2p.WORDS[:6])
    (case,) = g2p.check(Settings(MODELS, threads=2))
    assert case.problems == []
    assert case.worst_error > 0


def test_sentence_embeddings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Six layers of attention, products with packed weights, norms and GELU."""
    require(MINILM, "./dev run fetches it")
    monkeypatch.setattr(minilm, "prepare", emulated_model.prepare)
    monkeypatch.setattr(minilm, "SENTENCES", minilm.SENTENCES[-1:])
    monkeypatch.setattr(minilm, "median_seconds", lambda run: 0.0)
    (case,) = minilm.check(Settings(MODELS, threads=2))
    assert case.problems == []
    assert case.worst_error > 0
