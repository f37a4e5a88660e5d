#!/usr/bin/env python3
"""Letters to phonemes with two GRUs: shows how to bring a model of one's own.

The weights come from an .npz, the graph is written as MLIR text with fovea.text: an encoder that
reads a word of any length, and a loop in which a decoder makes one phoneme a step until the end
mark. A word is one call. Checked against the same model in float64 numpy (reference/gru_numpy.py).
"""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
from case import Case, Settings, main, median_seconds, prepare
from fovea import safetensors
from fovea.text import Graph, Value
from reference.gru_numpy import gru_cell

CHECKPOINT = "g2p_en/checkpoint20.npz"
WEIGHTS = "g2p.safetensors"
GRAPHEMES = ["<pad>", "<unk>", "</s>", *"abcdefghijklmnopqrstuvwxyz"]
_PHONEMES = (
    "<pad> <unk> <s> </s> AA0 AA1 AA2 AE0 AE1 AE2 AH0 AH1 AH2 AO0 AO1 AO2 AW0 AW1 AW2 AY0 AY1 "
    "AY2 B CH D DH EH0 EH1 EH2 ER0 ER1 ER2 EY0 EY1 EY2 F G HH IH0 IH1 IH2 IY0 IY1 IY2 JH K L M "
    "N NG OW0 OW1 OW2 OY0 OY1 OY2 P R S SH T TH UH0 UH1 UH2 UW UW0 UW1 UW2 V W Y Z ZH"
)
PHONEMES = _PHONEMES.split()
PAD, START, END = (PHONEMES.index(name) for name in ("<pad>", "<s>", "</s>"))
MAX_PHONEMES = 20
_WORDS = (
    "compiler attention fusion kernel tensor gradient lattice quantum neutron galaxy river "
    "mountain window kitchen bicycle umbrella telephone elephant giraffe penguin butterfly "
    "chocolate cinnamon vanilla spaghetti broccoli lemon whisper thunder lightning rainbow "
    "shadow crystal emerald sapphire knight castle dragon wizard journey library language "
    "grammar rhythm psychology xylem zephyr a fjord onomatopoeia"
)
WORDS = _WORDS.split()
# Of a run that is emulated.
SHORT_WORDS = 4

Weights = Mapping[str, np.ndarray]
Step = Callable[[int, np.ndarray], tuple[np.ndarray, np.ndarray]]


def graph_weights(variables: Weights) -> dict[str, np.ndarray]:
    """The checkpoint's tensors in the shapes that fovea.gru takes."""
    tensors = {name: variables[name] for name in ("enc_emb", "dec_emb", "fc_w", "fc_b")}
    for part in ("enc", "dec"):
        tensors[f"{part}_w"] = variables[f"{part}_w_ih"][None]
        tensors[f"{part}_r"] = variables[f"{part}_w_hh"][None]
        biases = (variables[f"{part}_b_ih"], variables[f"{part}_b_hh"])
        tensors[f"{part}_bias"] = np.concatenate(biases)[None]
    return tensors


def write_module(folder: Path, variables: Weights) -> Path:
    """Writes the weights and the module into `folder`; gives the module's path.

    letters [time] -> phonemes [20], the likeliest at each step up to the end mark and then <pad>;
    logits [20, P] that they came from; count [1] of the steps, that of the end mark included.
    """
    safetensors.write(folder / WEIGHTS, graph_weights(variables))
    places = safetensors.offsets(folder / WEIGHTS)
    graph = Graph()

    def weights(*names: str) -> list[Value]:
        return [graph.weight(name, places[name][1], WEIGHTS, places[name][2]) for name in names]

    letters = graph.input("letters", "i64", ("time",))
    table, w, r, bias = weights("enc_emb", "enc_w", "enc_r", "enc_bias")
    graph.at("encoder/embedding")
    rows = graph.gather(table, letters, ("time", 1, table.shape[1]))
    graph.at("encoder/gru")
    state = graph.gru(rows, w, r, bias)[1]

    dec_table, dec_w, dec_r, dec_bias = weights("dec_emb", "dec_w", "dec_r", "dec_bias")
    fc_w, fc_b = weights("fc_w", "fc_b")
    hidden, count = dec_r.shape[2], fc_w.shape[0]
    graph.at("decoder")
    # What a step reads is what the one before has written behind it.
    pads, first = graph.fill("i64", (1 + MAX_PHONEMES,), PAD), graph.constant("i64", [START])
    start = graph.with_rows(pads, first, graph.index(0))
    none = graph.fill("f32", (MAX_PHONEMES, count), 0)

    def goes_on(at: str, carried: Sequence[Value]) -> str:
        return graph.compare("ne", graph.element(carried[0], at), graph.scalar("i64", END), "i64")

    def step(at: str, carried: Sequence[Value]) -> list[Value]:
        phonemes, logits, state = carried
        graph.at("decoder/embedding")
        row = graph.gather(dec_table, graph.rows(phonemes, at), (1, 1, dec_table.shape[1]))
        graph.at("decoder/gru")
        state = graph.gru(row, dec_w, dec_r, dec_bias, state)[1]
        graph.at("decoder/fc")
        now = graph.linear(graph.collapse(state, [[0, 1], [2]], (1, hidden)), fc_w, fc_b)
        graph.at("decoder/argmax")
        best = graph.argmax(now)
        behind = graph.following(at)
        return [graph.with_rows(phonemes, best, behind), graph.with_rows(logits, now, at), state]

    steps, (phonemes, logits, _) = graph.while_loop(
        [start, none, state], goes_on, step, most=MAX_PHONEMES
    )
    graph.output("phonemes", graph.rows(phonemes, graph.index(1), MAX_PHONEMES))
    graph.output("logits", logits)
    graph.output("count", steps)
    path = folder / "g2p.mlir"
    path.write_text(graph.text())
    return path


def letters_of(word: str) -> np.ndarray:
    unknown = GRAPHEMES.index("<unk>")
    known = [GRAPHEMES.index(c) if c in GRAPHEMES else unknown for c in word]
    return np.array([*known, GRAPHEMES.index("</s>")], np.int64)


def greedy(step: Step, state: np.ndarray) -> tuple[list[int], list[np.ndarray]]:
    """What the module computes, step by step: phonemes up to the end mark, which is left out, and
    the logits of all steps."""
    phoneme, chosen, all_logits = START, [], []
    for _ in range(MAX_PHONEMES):
        logits, state = step(phoneme, state)
        all_logits.append(logits)
        phoneme = int(logits.argmax())
        if phoneme == END:
            break
        chosen.append(phoneme)
    return chosen, all_logits


def reference_encode(variables: Weights, letters: np.ndarray) -> np.ndarray:
    h = np.zeros((1, variables["enc_w_hh"].shape[1]))
    for row in variables["enc_emb"][letters].astype(np.float64):
        h = gru_cell(row[None], h, variables, "enc")
    return h


def reference_step(variables: Weights) -> Step:
    def step(phoneme: int, state: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        x = variables["dec_emb"][[phoneme]].astype(np.float64)
        h = gru_cell(x, state, variables, "dec")
        return h @ variables["fc_w"].T.astype(np.float64) + variables["fc_b"], h

    return step


def check_word(word: str, case: Case, variables: Weights) -> list[str]:
    """Compares one word's logits and phonemes; gives the phonemes."""
    letters = letters_of(word)
    result = case.model(letters=letters)
    steps = int(result["count"][0])
    expected, expected_logits = greedy(reference_step(variables),
                                       reference_encode(variables, letters))  # fmt: skip
    case.compare(f"the logits of '{word}'", result["logits"][:steps],
                 np.concatenate(expected_logits))  # fmt: skip
    wanted = np.full(MAX_PHONEMES, PAD)
    wanted[:steps] = [*expected, END][:steps]
    case.expect(f"the phonemes of '{word}' differ", bool((result["phonemes"] == wanted).all()))
    return [PHONEMES[index] for index in expected]


def check(settings: Settings) -> list[Case]:
    variables = dict(np.load(settings.file(CHECKPOINT)))
    with tempfile.TemporaryDirectory() as folder:
        case = prepare("g2p", write_module(Path(folder), variables), settings)
    words = WORDS[:SHORT_WORDS] if settings.emulate else WORDS
    print(f"\nPhonemes of {len(words)} words, the first of them")
    for index, word in enumerate(words):
        phonemes = check_word(word, case, variables)
        if index < 10:
            print(f"  {word:12} {' '.join(phonemes)}")
    letters = letters_of("onomatopoeia")
    case.run_seconds = median_seconds(lambda: case.model(letters=letters))
    return [case]


if __name__ == "__main__":
    sys.exit(main("Turns letters into phonemes and checks the result.", check, None))
