"""The files that the damage campaign starts from, by format, with the mutations that fit each."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import dataclasses
import json
import struct
import subprocess
from collections.abc import Callable
from pathlib import Path

import corpus_onnx
import damage
import damage_mlir
import damage_onnx
import numpy as np
from fovea import safetensors

FORMATS = ("onnx", "safetensors", "config", "mlir", "fvm")


@dataclasses.dataclass(frozen=True)
class Seed:
    """A sound model. `file` is what gets damaged; the program is given `model`."""

    format: str
    name: str
    model: Path
    file: Path

    @property
    def verb(self) -> str:
        return "run" if self.format == "fvm" else "compile"


MUTATIONS: dict[str, list[damage.Mutation]] = {
    "onnx": [*damage.BYTES, *[damage_onnx.wire] * 4, *[damage_onnx.fields] * 20],
    "safetensors": [*damage.BYTES, damage.header_length, *[damage.safetensors_header] * 6],
    "config": [*damage.BYTES, *[damage.text_tokens] * 10, damage.text_lines],
    "mlir": [damage.flip_bit, damage.remove_span, damage.move_span, *[damage.text_tokens] * 4,
             damage.text_lines, *[damage_mlir.meaning] * 20],
    "fvm": [*damage.BYTES],
}  # fmt: skip

_CONFIG = {
    "architectures": ["BertModel"], "model_type": "bert", "hidden_act": "gelu", "hidden_size": 8,
    "num_attention_heads": 2, "num_hidden_layers": 1, "intermediate_size": 16,
    "max_position_embeddings": 12, "type_vocab_size": 2, "vocab_size": 30,
    "layer_norm_eps": 1e-12, "pad_token_id": 0, "position_embedding_type": "absolute",
}  # fmt: skip


def _bert_tensors() -> dict[str, np.ndarray]:
    layer = "encoder.layer.0."
    pairs = {layer + f"attention.self.{part}": (8, 8) for part in ("query", "key", "value")}
    pairs |= {"embeddings.LayerNorm": (8,), layer + "attention.output.dense": (8, 8),
              layer + "attention.output.LayerNorm": (8,), layer + "intermediate.dense": (16, 8),
              layer + "output.dense": (8, 16), layer + "output.LayerNorm": (8,)}  # fmt: skip
    shapes = {"embeddings.word_embeddings.weight": (30, 8),
              "embeddings.position_embeddings.weight": (12, 8),
              "embeddings.token_type_embeddings.weight": (2, 8)}  # fmt: skip
    for name, shape in pairs.items():
        shapes |= {name + ".weight": shape, name + ".bias": shape[:1]}
    rng = np.random.default_rng(3)
    return {name: rng.standard_normal(shape).astype("f4") for name, shape in shapes.items()}


def write_bert(folder: Path) -> None:
    """A BERT of one layer with mean pooling."""
    (folder / "1_Pooling").mkdir(parents=True)
    (folder / "config.json").write_text(json.dumps(_CONFIG, indent=1))
    kinds = [("Transformer", ""), ("Pooling", "1_Pooling"), ("Normalize", "2_Normalize")]
    modules = [{"type": f"sentence_transformers.models.{kind}", "path": path}
               for kind, path in kinds]  # fmt: skip
    (folder / "modules.json").write_text(json.dumps(modules, indent=1))
    pooling = {"word_embedding_dimension": 8, "pooling_mode_mean_tokens": True}
    (folder / "1_Pooling" / "config.json").write_text(json.dumps(pooling, indent=1))
    safetensors.write(folder / "model.safetensors", _bert_tensors())


def write_sharded(folder: Path) -> None:
    """The same model in two files with an index."""
    write_bert(folder)
    (folder / "model.safetensors").unlink()
    tensors = list(_bert_tensors().items())
    index = {}
    for part, items in enumerate((tensors[:5], tensors[5:])):
        name = f"model-0000{part + 1}-of-00002.safetensors"
        safetensors.write(folder / name, dict(items))
        index |= {key: name for key, _ in items}
    (folder / "model.safetensors.index.json").write_text(
        json.dumps({"metadata": {"total_size": 1}, "weight_map": index}, indent=1)
    )


def _folders(folder: Path) -> list[Seed]:
    whole, sharded = folder / "whole", folder / "sharded"
    write_bert(whole)
    write_sharded(sharded)
    shard = sharded / "model-00001-of-00002.safetensors"
    files = [("safetensors", whole, whole / "model.safetensors"), ("safetensors", sharded, shard),
             ("config", whole, whole / "config.json"), ("config", whole, whole / "modules.json"),
             ("config", whole, whole / "1_Pooling" / "config.json"),
             ("config", sharded, sharded / "model.safetensors.index.json")]  # fmt: skip
    return [Seed(kind, f"{kind}-{i}", model, file) for i, (kind, model, file) in enumerate(files)]


def _texts(folder: Path, program: Path) -> list[Seed]:
    """Hand-written modules, and one that was stopped after each phase."""
    seeds = []
    weights = np.random.default_rng(4).standard_normal(16 + 16 * 8).astype("f4")
    (folder / "weights.bin").write_bytes(weights.tobytes())
    for source in sorted((Path(__file__).parent / "Inputs").glob("*.mlir")):
        path = folder / source.name
        path.write_text(source.read_text())
        seeds.append(Seed("mlir", source.stem, path, path))
    for phase in ("import", "graph", "schedule", "kernel", "llvm"):
        path = folder / f"stopped-{phase}.mlir"
        command = [program, "compile", folder / "attention.mlir", "-q", f"--stop-after={phase}",
                   "--emit=mlir", "-o", path]  # fmt: skip
        subprocess.run(command, check=True, cwd=folder)
        seeds.append(Seed("mlir", path.stem, path, path))
    return seeds


def _artifacts(folder: Path, program: Path) -> list[Seed]:
    command = [program, "compile", folder / "whole", "-q", "-o", folder / "whole.fvm"]
    subprocess.run(command, check=True, cwd=folder)
    return [Seed("fvm", "whole", folder / "whole.fvm", folder / "whole.fvm")]


def empty(folder: Path, program: Path) -> dict[str, bytes]:
    """A file of each format with no model in it, or one that gives what it takes."""
    folder.mkdir()
    kind = "tensor<1xf32>"
    module = f"func.func @main(%x: {kind}) -> {kind} {{\n  return %x : {kind}\n}}\n"
    (folder / "empty.mlir").write_text(module)
    command = [program, "compile", "empty.mlir", "-q", "-o", "empty.fvm"]
    subprocess.run(command, check=True, cwd=folder)
    return {
        "onnx": corpus_onnx.empty().SerializeToString(),
        "safetensors": struct.pack("<Q", 2) + b"{}",
        "config": b"{}",
        "mlir": module.encode(),
        "fvm": (folder / "empty.fvm").read_bytes(),
    }


def write(folder: Path, program: Path) -> list[Seed]:
    """All sound models, written into `folder`."""
    seeds = [Seed("onnx", path.stem, path, path) for path in corpus_onnx.write(folder)]
    make: list[Callable[[], list[Seed]]] = [
        lambda: _folders(folder), lambda: _texts(folder, program),
        lambda: _artifacts(folder, program),
    ]  # fmt: skip
    return [*seeds, *(seed for step in make for seed in step())]
