"""BERT and mean pooling in float64, from the formulas of Devlin et al. 2018.

Reads config.json and the safetensors file itself and shares nothing with the compiler.
"""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np

_DTYPES = {"F32": np.float32, "F16": np.float16, "F64": np.float64, "I64": np.int64}


def read_safetensors(path: Path) -> dict[str, np.ndarray]:
    """Tensors by name: 8 bytes of length, a JSON header, the data."""
    data = path.read_bytes()
    length = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + length])
    header.pop("__metadata__", None)
    tensors = {}
    for name, entry in header.items():
        begin, end = entry["data_offsets"]
        raw = data[8 + length + begin : 8 + length + end]
        tensors[name] = np.frombuffer(raw, _DTYPES[entry["dtype"]]).reshape(entry["shape"])
    return tensors


def gelu(x: np.ndarray) -> np.ndarray:
    erf = np.frompyfunc(math.erf, 1, 1)
    return 0.5 * x * (1 + erf(x / math.sqrt(2)).astype(np.float64))


def layer_norm(x: np.ndarray, gain: np.ndarray, bias: np.ndarray, epsilon: float) -> np.ndarray:
    mean = x.mean(-1, keepdims=True)
    variance = ((x - mean) ** 2).mean(-1, keepdims=True)
    return (x - mean) / np.sqrt(variance + epsilon) * gain + bias


class Bert:
    """A BERT encoder with mean pooling and normalization behind it."""

    def __init__(self, folder: Path) -> None:
        self.config = json.loads((folder / "config.json").read_text())
        if self.config["hidden_act"] != "gelu":
            raise ValueError(f"hidden_act {self.config['hidden_act']} is not written here")
        tensors = read_safetensors(folder / "model.safetensors")
        self.tensors = {name.removeprefix("bert."): value for name, value in tensors.items()}

    def tensor(self, name: str) -> np.ndarray:
        return self.tensors[name].astype(np.float64)

    def linear(self, name: str, x: np.ndarray) -> np.ndarray:
        return x @ self.tensor(f"{name}.weight").T + self.tensor(f"{name}.bias")

    def norm(self, name: str, x: np.ndarray) -> np.ndarray:
        epsilon = self.config["layer_norm_eps"]
        return layer_norm(x, self.tensor(f"{name}.weight"), self.tensor(f"{name}.bias"), epsilon)

    def heads(self, x: np.ndarray) -> np.ndarray:
        batch, steps, width = x.shape
        count = self.config["num_attention_heads"]
        return x.reshape(batch, steps, count, width // count).transpose(0, 2, 1, 3)

    def attention(self, name: str, x: np.ndarray, mask: np.ndarray) -> np.ndarray:
        query, key, value = (
            self.heads(self.linear(f"{name}.{part}", x)) for part in ("query", "key", "value")
        )
        scores = query @ key.transpose(0, 1, 3, 2) / math.sqrt(query.shape[-1])
        scores = np.where(mask[:, None, None, :] != 0, scores, -np.inf)
        weights = np.exp(scores - scores.max(-1, keepdims=True))
        weights /= weights.sum(-1, keepdims=True)
        return (weights @ value).transpose(0, 2, 1, 3).reshape(x.shape)

    def hidden(self, ids: np.ndarray, mask: np.ndarray, types: np.ndarray) -> np.ndarray:
        """The last hidden state [batch, seq, hidden]."""
        x = self.tensor("embeddings.word_embeddings.weight")[ids]
        x = x + self.tensor("embeddings.token_type_embeddings.weight")[types]
        x = x + self.tensor("embeddings.position_embeddings.weight")[: ids.shape[1]]
        x = self.norm("embeddings.LayerNorm", x)
        for layer in range(self.config["num_hidden_layers"]):
            prefix = f"encoder.layer.{layer}"
            mixed = self.attention(f"{prefix}.attention.self", x, mask)
            x = x + self.linear(f"{prefix}.attention.output.dense", mixed)
            x = self.norm(f"{prefix}.attention.output.LayerNorm", x)
            wide = gelu(self.linear(f"{prefix}.intermediate.dense", x))
            x = x + self.linear(f"{prefix}.output.dense", wide)
            x = self.norm(f"{prefix}.output.LayerNorm", x)
        return x

    @staticmethod
    def pool(hidden: np.ndarray, mask: np.ndarray) -> np.ndarray:
        """Mean over the tokens that the mask keeps, scaled to length 1."""
        kept = mask[:, :, None].astype(np.float64)
        mean = (hidden * kept).sum(1) / np.maximum(kept.sum(1), 1e-9)
        return mean / np.maximum(np.linalg.norm(mean, axis=1, keepdims=True), 1e-12)
