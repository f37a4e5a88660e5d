"""The example models on short inputs by kernels of a GPU, under the emulator."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import g2p
import minilm
import pytest
from build_tree import MINILM, MODELS, require
from case import Settings


def test_sentence_embeddings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Six layers of attention, products, norms and GELU; no sentence is longer than a token."""
    require(MINILM, "./dev run fetches it")
    monkeypatch.setattr(minilm, "SENTENCES", minilm.SENTENCES[-1:])
    monkeypatch.setattr(minilm, "median_seconds", lambda run: 0.0)
    (case,) = minilm.check(Settings(MODELS))
    assert case.problems == []
    assert case.worst_error > 0


def test_letters_to_phonemes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two GRUs, of which one ends early: lookups, an argmax."""
    require(MODELS / g2p.CHECKPOINT, "./dev run fetches it")
    monkeypatch.setattr(g2p, "WORDS", g2p.WORDS[:3])
    (case,) = g2p.check(Settings(MODELS))
    assert case.problems == []
    assert case.worst_error > 0
