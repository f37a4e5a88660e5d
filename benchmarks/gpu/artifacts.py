"""Compiles programs into files, and reads what an artefact says of itself."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import json
import os
import struct
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ.get("FOVEA_BUILD_DIR", ROOT / "build")).resolve()
PINNED = ROOT / ".cache" / "device" / "nvidia" / "cu13" / "bin" / "ptxas"
MANIFEST, LEDGER = 1, 4
Spec = dict[str, Any]


def assembler() -> str:
    """The pinned ptxas where it is there, unless FOVEA_PTXAS names another one; "none" for PTX
    alone, which the driver assembles."""
    return os.environ.get("FOVEA_PTXAS") or (str(PINNED) if PINNED.exists() else "none")


@dataclass
class Compiler:
    """Writes artefacts below `folder`: for GPUs, or with `emulated` for the emulator. What it
    refuses is kept in `refused`, by file."""

    folder: Path
    emulated: bool
    refused: dict[str, str] = field(default_factory=dict)

    def compile(self, source: str | bytes, file: str, beside: Path | None = None) -> bool:
        """Of MLIR text or of an ONNX model. `beside` is the folder of the weights that the text
        names."""
        path = self.folder / file
        path.parent.mkdir(parents=True, exist_ok=True)
        suffix = ".mlir" if isinstance(source, str) else ".onnx"
        text = (beside or path.parent) / f"{path.stem}{suffix}"
        if isinstance(source, str):
            text.write_text(source)
        else:
            text.write_bytes(source)
        command = [BUILD / "bin" / "fovea", "compile", text, "--target=cuda", "-q", "-o", path]
        # A compiler that fails leaves what it failed on in the folder where it runs.
        with tempfile.TemporaryDirectory() as aside:
            done = subprocess.run(
                [*command, *(["--emulate"] if self.emulated else [])], cwd=aside,
                env=os.environ | {"FOVEA_PTXAS": assembler()},
                capture_output=True, text=True, check=False,
            )  # fmt: skip
        text.unlink()
        if done.returncode != 0:
            self.refused[file] = done.stderr.strip().replace(f"{text}: ", "")
        return done.returncode == 0


def _text(path: Path, wanted: int) -> Any:
    """The JSON of an artefact's section (docs/Spec-fvm.md)."""
    data = path.read_bytes()
    (count,) = struct.unpack_from("<I", data, 32)
    for place in range(count):
        kind, _, _, offset, size = struct.unpack_from("<II32sQQ", data, 128 + 128 * place)
        if kind == wanted:
            return json.loads(data[offset : offset + size])
    raise ValueError(f"{path} has no section of kind {wanted}")


def entries(path: Path) -> list[dict[str, Any]]:
    """Name, inputs and outputs of each, with dtypes and shapes."""
    return _text(path, MANIFEST)["entries"]


def forms(path: Path) -> list[str]:
    """How its kernels are computed, each form once."""
    return list(dict.fromkeys(_forms(_text(path, LEDGER))))


def tensors(infos: list[Spec], sizes: dict[str, int], fill: str = "") -> list[Spec]:
    """Entries' tensors with the values of symbols; `fill` is what the visit puts in."""
    return [{"name": info["name"], "dtype": info["dtype"], "fill": fill,
             "shape": [sizes[size] if isinstance(size, str) else size for size in info["shape"]]}
            for info in infos]  # fmt: skip


def _forms(ledger: dict[str, Any]) -> Iterator[str]:
    for record in ledger.get("kernels", []):
        yield record["form"]
