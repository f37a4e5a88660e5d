"""Models with recurrences that are called for a moment's work: a frame of Silero VAD, a word of g2p
from its letters to its last phoneme. Both come as Fovea and as ONNX Runtime take them."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import functools
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from problem import Expected, Feed

ROOT = Path(__file__).resolve().parent.parent
MODELS = ROOT / ".cache" / "models"
sys.path[:0] = [path for path in map(str, (ROOT / "examples", ROOT / "python"))
                if path not in sys.path]  # fmt: skip

LABEL = re.compile(r"(silero_frame|silero_16k_frame|g2p_word)_f32")
FILES = {"silero_frame": "silero_vad.onnx", "silero_16k_frame": "silero_vad_openvino_16k.onnx"}
# Of Silero's convolutions and its LSTM, the next to last: results, inputs of each and taps, and
# how many places of a frame have them.
SILERO = ((258, 1, 256, 4), (128, 129, 3, 4), (64, 128, 3, 2), (64, 64, 3, 1), (128, 64, 3, 1),
          (512, 256, 1, 1), (1, 128, 1, 1))  # fmt: skip
WORD = "onomatopoeia"
# As ./dev run holds whole models to.
TOLERANCE = 1e-4


class Bound(Protocol):
    """A model whose inputs are arrays that it reads at each call, and whose results lie in arrays
    that it writes at each call."""

    results: Feed

    def call(self) -> None: ...


# Makes a model ready with these inputs.
Bind = Callable[[Path | bytes, Feed], Bound]


@dataclass(frozen=True)
class WholeModel:
    """`name` is silero_frame (the export that takes the sampling rate), silero_16k_frame (the one
    that does not) or g2p_word."""

    name: str
    dtype: str = "f32"

    @property
    def kind(self) -> str:
        return self.name.partition("_")[0]

    @property
    def label(self) -> str:
        return f"{self.name}_{self.dtype}"

    def flops(self) -> int:
        """Of convolutions and products."""
        return _work(self.kind)[0]

    def bytes(self) -> int:
        """Of the weights, each once, and of embeddings the rows that are read."""
        return _work(self.kind)[1]

    def steps_of(self) -> None:
        return None

    def inputs(self) -> Feed:
        """A frame of made speech with a state of zeros, or a word's letters."""
        import g2p
        import silero

        if self.kind == "g2p":
            return {"letters": g2p.letters_of(WORD)}
        frame = silero.frames(silero.made_speech())[30:31]
        feed = {"input": frame, "state": np.zeros((2, 1, 128), np.float32)}
        rate = {"sr": np.array(silero.RATE, np.int64)} if self.name == "silero_frame" else {}
        return feed | rate

    def expected(self, feed: Feed) -> Expected:
        """Of Silero by ONNX's own reference, in f32; of g2p the logits of all steps in float64."""
        if self.kind == "g2p":
            return Expected(np.concatenate(_phonemes()), TOLERANCE)
        from onnx.reference import ReferenceEvaluator

        outputs = ReferenceEvaluator(str(_silero(self.name))).run(None, feed)
        return Expected(flat(outputs), TOLERANCE)


def parse(label: str) -> WholeModel | None:
    match = LABEL.fullmatch(label)
    return WholeModel(match[1]) if match else None


def flat(arrays: list[np.ndarray]) -> np.ndarray:
    return np.concatenate([array.ravel() for array in arrays])


def _silero(name: str) -> Path:
    return MODELS / "silero_vad" / "data" / FILES[name]


@functools.cache
def _variables() -> Feed:
    return dict(np.load(MODELS / "g2p_en" / "checkpoint20.npz"))


@functools.cache
def _phonemes() -> list[np.ndarray]:
    import g2p

    state = g2p.reference_encode(_variables(), g2p.letters_of(WORD))
    return g2p.greedy(g2p.reference_step(_variables()), state)[1]


@functools.cache
def _work(kind: str) -> tuple[int, int]:
    """Operations and bytes of weights of a call."""
    if kind == "g2p":
        shapes = {name: array.shape for name, array in _variables().items()}
        cells = {part: int(np.prod(shapes[f"{part}_w_ih"]) + np.prod(shapes[f"{part}_w_hh"]))
                 for part in ("enc", "dec")}  # fmt: skip
        last, letters, steps = int(np.prod(shapes["fc_w"])), len(WORD) + 1, len(_phonemes())
        flops = 2 * (letters * cells["enc"] + steps * (cells["dec"] + last))
        rows = letters * shapes["enc_emb"][1] + steps * shapes["dec_emb"][1]
        return flops, 4 * (sum(cells.values()) + last + rows)
    weights = [filters * inputs * taps for filters, inputs, taps, _ in SILERO]
    places = [layer[-1] for layer in SILERO]
    return 2 * sum(np.multiply(weights, places).tolist()), 4 * sum(weights)


def _speller(encoder: Bound, decoder: Bound, feed: Feed, logits: list[np.ndarray]) -> None:
    """Runs a word; `feed` has the decoder's inputs, which are overwritten."""
    import g2p

    phoneme, state = feed["phoneme"], feed["state"]
    logits.clear()
    encoder.call()
    np.copyto(state, encoder.results["state"])
    phoneme[0] = g2p.START
    for _ in range(g2p.MAX_PHONEMES):
        decoder.call()
        logits.append(decoder.results["logits"].copy())
        phoneme[0] = logits[-1].argmax()
        if phoneme[0] == g2p.END:
            return
        np.copyto(state, decoder.results["next_state"])


def bound(
    problem: WholeModel, folder: Path, bind: Bind, as_onnx: bool
) -> tuple[Callable[[], None], Callable[[], np.ndarray]]:  # fmt: skip
    """A call and what gives its result; `folder` takes the files of g2p's module. Of ONNX models
    phonemes are chosen here, one call of the decoder each; Fovea's module does that itself."""
    feed = problem.inputs()
    if problem.kind == "silero":
        ready = bind(_silero(problem.name), feed)
        return ready.call, lambda: flat(list(ready.results.values()))
    import g2p
    import g2p_onnx

    variables, logits = _variables(), []
    if not as_onnx:
        word = bind(g2p.write_module(folder, variables), feed)
        return word.call, lambda: word.results["logits"][: int(word.results["count"][0])]
    models = (g2p_onnx.encoder(variables), g2p_onnx.decoder(variables))
    sources = [model.SerializeToString() for model in models]
    width = variables["dec_w_hh"].shape[1]
    step = {"phoneme": np.array([g2p.START]), "state": np.zeros((1, 1, width), np.float32)}
    encoder, decoder = bind(sources[0], feed), bind(sources[1], step)
    return (lambda: _speller(encoder, decoder, step, logits)), lambda: np.concatenate(logits)
