#!/usr/bin/env python3
"""Letters to phonemes with two GRUs: shows how to bring a model of one's own.

The weights come from an .npz, the graphs are written as MLIR text with fovea.text: an encoder that
reads a word of any length, and a decoder that makes one phoneme a run. The greedy loop is Python.
Checked against the same model in float64 numpy (reference/gru_numpy.py).
"""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Mapping
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
START, END = PHONEMES.index("<s>"), PHONEMES.index("</s>")
MAX_PHONEMES = 20
_WORDS = (
    "compiler attention fusion kernel tensor gradient lattice quantum neutron galaxy river "
    "mountain window kitchen bicycle umbrella telephone elephant giraffe penguin butterfly "
    "chocolate cinnamon vanilla spaghetti broccoli lemon whisper thunder lightning rainbow "
    "shadow crystal emerald sapphire knight castle dragon wizard journey library language "
    "grammar rhythm psychology xylem zephyr a fjord onomatopoeia"
)
WORDS = _WORDS.split()

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


def write_modules(folder: Path, variables: Weights) -> tuple[Path, Path]:
    """Writes the weights and both modules into `folder`; gives the modules' paths."""
    safetensors.write(folder / WEIGHTS, graph_weights(variables))
    places = safetensors.offsets(folder / WEIGHTS)

    def weight(graph: Graph, name: str) -> Value:
        _, shape, offset = places[name]
        return graph.weight(name, shape, WEIGHTS, offset)

    def gru(graph: Graph, part: str, x: Value, state: Value | None) -> tuple[Value, Value]:
        w, r, bias = (weight(graph, f"{part}_{name}") for name in ("w", "r", "bias"))
        return graph.gru(x, w, r, bias, state)

    encoder = Graph("encode")
    letters = encoder.input("letters", "i64", ("time",))
    table = weight(encoder, "enc_emb")
    encoder.at("encoder/embedding")
    rows = encoder.gather(table, letters, ("time", 1, table.shape[1]))
    encoder.at("encoder/gru")
    encoder.output("state", gru(encoder, "enc", rows, None)[1])

    decoder = Graph("decode")
    phoneme = decoder.input("phoneme", "i64", (1,))
    hidden = places["dec_r"][1][2]
    state = decoder.input("state", "f32", (1, 1, hidden))
    table = weight(decoder, "dec_emb")
    decoder.at("decoder/embedding")
    row = decoder.gather(table, phoneme, (1, 1, table.shape[1]))
    decoder.at("decoder/gru")
    last = gru(decoder, "dec", row, state)[1]
    decoder.at("decoder/fc")
    flat = decoder.collapse(last, [[0, 1], [2]], (1, hidden))
    logits = decoder.linear(flat, weight(decoder, "fc_w"), weight(decoder, "fc_b"))
    decoder.output("logits", logits)
    decoder.output("next_state", last)

    paths = folder / "g2p_encoder.mlir", folder / "g2p_decoder.mlir"
    for path, graph in zip(paths, (encoder, decoder), strict=True):
        path.write_text(graph.text())
    return paths


def letters_of(word: str) -> np.ndarray:
    unknown = GRAPHEMES.index("<unk>")
    known = [GRAPHEMES.index(c) if c in GRAPHEMES else unknown for c in word]
    return np.array([*known, GRAPHEMES.index("</s>")], np.int64)


def greedy(step: Step, state: np.ndarray) -> tuple[list[int], list[np.ndarray]]:
    """Phonemes until the end mark, the likeliest at each step, and the logits they came from."""
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


def compiled_step(decoder: Case) -> Step:
    def step(phoneme: int, state: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        result = decoder.model(phoneme=np.array([phoneme], np.int64), state=state)
        return result["logits"], result["next_state"]

    return step


def check_word(word: str, encoder: Case, decoder: Case, variables: Weights) -> list[str]:
    """Compares one word's state, logits and phonemes; gives the phonemes."""
    letters = letters_of(word)
    state = encoder.model(letters=letters)["state"]
    expected_state = reference_encode(variables, letters)
    encoder.compare(f"the state of '{word}'", state[0], expected_state)
    chosen, logits = greedy(compiled_step(decoder), state)
    expected, expected_logits = greedy(reference_step(variables), expected_state)
    for got, wanted in zip(logits, expected_logits, strict=False):
        decoder.compare(f"the logits of '{word}'", got, wanted)
    decoder.expect(f"the phonemes of '{word}' differ", chosen == expected)
    return [PHONEMES[index] for index in chosen]


def check(settings: Settings) -> list[Case]:
    variables = dict(np.load(settings.file(CHECKPOINT)))
    with tempfile.TemporaryDirectory() as folder:
        encoder_path, decoder_path = write_modules(Path(folder), variables)
        encoder = prepare("g2p_encoder", encoder_path, settings)
        decoder = prepare("g2p_decoder", decoder_path, settings)
    print(f"\nPhonemes of {len(WORDS)} words, the first of them")
    for index, word in enumerate(WORDS):
        phonemes = check_word(word, encoder, decoder, variables)
        if index < 10:
            print(f"  {word:12} {' '.join(phonemes)}")
    letters, step = letters_of("onomatopoeia"), compiled_step(decoder)
    encoder.run_seconds = median_seconds(lambda: encoder.model(letters=letters))
    state = encoder.model(letters=letters)["state"]
    decoder.run_seconds = median_seconds(lambda: step(START, state))
    return [encoder, decoder]


if __name__ == "__main__":
    sys.exit(main("Turns letters into phonemes and checks the result.", check, None))
