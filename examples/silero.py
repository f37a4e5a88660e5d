#!/usr/bin/env python3
"""Voice activity of a made signal with three exports of Silero VAD, frame by frame with state.

The sequence export takes all frames at once; the other two take one frame and the state that the
frame before left. Checked against ONNX Runtime on the same files.
"""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnxruntime
from case import Case, Settings, main, median_seconds, prepare

FOLDER = "silero_vad/data"
RATE = 16000
CHUNK, CONTEXT = 512, 64
FRAMES = 60
# Of a run that is emulated.
SHORT_FRAMES = 6

Feed = dict[str, np.ndarray]
# A runner takes one feed and gives the outputs in the model's order.
Runner = Callable[[Feed], list[np.ndarray]]


def made_speech() -> np.ndarray:
    """About two seconds like speech: a gliding buzz through three formants in syllables, with
    pauses, over faint noise. Seeded."""
    rng = np.random.default_rng(7)
    time = np.arange(FRAMES * CHUNK) / RATE
    pitch = 120 + 25 * np.sin(2 * np.pi * 0.7 * time)
    phase = 2 * np.pi * np.cumsum(pitch) / RATE
    wave = np.zeros_like(time)
    for harmonic in range(1, 30):
        frequency = harmonic * pitch
        shape = sum(
            weight * np.exp(-(((frequency - formant) / 140) ** 2))
            for formant, weight in ((620, 1.0), (1250, 0.6), (2600, 0.3))
        )
        wave += (shape + 0.02) * np.sin(harmonic * phase)
    syllables = np.clip(np.sin(2 * np.pi * 3.5 * time), 0, 1) * (np.sin(2 * np.pi * 0.6 * time) > 0)
    wave = 0.25 * wave * syllables + 0.003 * rng.standard_normal(len(time))
    return wave.astype(np.float32)


def frames(wave: np.ndarray, chunk: int = CHUNK, context: int = CONTEXT) -> np.ndarray:
    """Chunks, each with the last samples of the one before in front: [N, context + chunk]."""
    padded = np.concatenate([np.zeros(context, np.float32), wave])
    count = len(wave) // chunk
    return np.stack([padded[i * chunk : i * chunk + context + chunk] for i in range(count)])


def stream(run: Runner, wave: np.ndarray, extra: Feed) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities of all frames and the last state, the state carried from frame to frame."""
    state = np.zeros((2, 1, 128), np.float32)
    probabilities = []
    for frame in wave:
        output, state = run({"input": frame[None], "state": state, **extra})
        probabilities.append(output)
    return np.concatenate(probabilities), state


def compiled_runner(case: Case) -> Runner:
    return lambda feed: list(case.model(**feed).values())


def reference_runner(path: Path) -> Runner:
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    return lambda feed: session.run(None, feed)


def print_activity(probabilities: np.ndarray) -> None:
    bars = " .:-=+*#%@"
    print("\nVoice activity, one character a frame of 32 ms")
    print("  " + "".join(bars[min(int(p * 10), 9)] for p in probabilities.ravel()))


def check_sequence(settings: Settings, wave: np.ndarray) -> Case:
    """All frames in one run, then the second half alone with the state of the first."""
    path = settings.file(f"{FOLDER}/silero_vad_16k_sequence.onnx")
    case = prepare("silero_sequence", path, settings)
    run, reference = compiled_runner(case), reference_runner(path)
    zeros = np.zeros((1, 1, 128), np.float32)
    whole = {"input": wave, "h": zeros, "c": zeros}
    probabilities, h, c = reference(whole)
    for what, got, expected in zip(
        ("speech_probs", "hn", "cn"), run(whole), (probabilities, h, c), strict=True
    ):
        case.compare(what, got, expected)
    half = len(wave) // 2
    _, h, c = run({**whole, "input": wave[:half]})
    later = run({"input": wave[half:], "h": h, "c": c})[0]
    case.compare("speech_probs of the second half", later, probabilities[half:])
    print_activity(probabilities)
    case.run_seconds = median_seconds(lambda: run(whole))
    return case


def check_streaming(name: str, file: str, settings: Settings, rates: tuple[int, ...]) -> Case:
    """One frame a run. A model that takes the sampling rate is checked at all `rates`."""
    path = settings.file(f"{FOLDER}/{file}")
    case = prepare(name, path, settings)
    run, reference = compiled_runner(case), reference_runner(path)
    speech = made_speech()
    feed: Feed = {}
    for rate in rates:
        step = RATE // rate
        extra = {"sr": np.array(rate, np.int64)} if len(rates) > 1 else {}
        wave = frames(np.ascontiguousarray(speech[::step]), CHUNK // step, CONTEXT // step)
        wave = wave[: SHORT_FRAMES if settings.emulate else None]
        expected, last = stream(reference, wave, extra)
        got, state = stream(run, wave, extra)
        case.compare(f"output at {rate} Hz", got, expected)
        case.compare(f"stateN at {rate} Hz", state, last)
        if rate == RATE:
            feed = {"input": wave[:1], "state": state, **extra}
    case.run_seconds = median_seconds(lambda: run(feed), rounds=51)
    return case


def check(settings: Settings) -> list[Case]:
    wave = frames(made_speech())
    return [
        check_sequence(settings, wave[: SHORT_FRAMES if settings.emulate else None]),
        check_streaming("silero_openvino", "silero_vad_openvino_16k.onnx", settings, rates=(RATE,)),
        check_streaming("silero_full", "silero_vad.onnx", settings, rates=(RATE, 8000)),
    ]


if __name__ == "__main__":
    sys.exit(main("Finds speech with Silero VAD and checks the result.", check, None))
