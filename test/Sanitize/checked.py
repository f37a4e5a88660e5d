"""Compiles models with AddressSanitizer's checks and runs them over buffers of exact size."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import dataclasses
import json
import os
import re
import shutil
import struct
import subprocess
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from build_tree import ROOT, fovea, sound

BYTES = {"f64": 8, "f32": 4, "f16": 2, "bf16": 2, "i64": 8, "i32": 4, "i16": 2, "i8": 1, "u8": 1,
         "bool": 1}  # fmt: skip
FOUND = 99
CHECK = re.compile(
    r"fovea\.checked_index (%[\w#]+) in %[\w#]+( wrap)? node \"[^\"]*\" : (i\d+)( loc\([^\n]*)?\n"
)
REQUIREMENT = re.compile(r" *fovea\.require [^\n]*\n")


def clang() -> str | None:
    """A clang whose sanitizer fits the compiler's."""
    return shutil.which("clang-22")


def build_host(folder: Path, *flags: str) -> Path | None:
    """The host, or None when the sanitizer's runtime, which `flags` may ask for, is missing."""
    path = folder / "host"
    if not clang():
        return None
    command = [str(clang()), *flags, "-O1", "-g",
               f"-I{ROOT}/runtime/include", str(Path(__file__).parent / "host.c"), "-o", str(path),
               "-lm", "-ldl"]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return path if done.returncode == 0 else None


def sections(path: Path) -> dict[int, bytes]:
    """Content of an artefact's sections by kind (docs/Spec-fvm.md)."""
    data = path.read_bytes()
    count = struct.unpack_from("<I", data, 32)[0]
    found = {}
    for index in range(count):
        record = 128 + 128 * index
        kind = struct.unpack_from("<I", data, record)[0]
        offset, size = struct.unpack_from("<QQ", data, record + 40)
        found[kind] = data[offset : offset + size]
    return found


def without_checks(module: str) -> str:
    """The module with indices and lengths taken as they come."""
    return REQUIREMENT.sub("", CHECK.sub(r"arith.index_cast \1 : \3 to index\n", module))


@dataclasses.dataclass
class Checked:
    """A model compiled twice: with checks of addresses, and as an artefact that describes it."""

    host: Path
    folder: Path

    def fovea(self, *arguments: object) -> None:
        sound(fovea(self.folder, *arguments, "-q"))

    def unchecked(self, model: Path, *options: str) -> Path:
        """A module of the model from which the checks of indices and lengths are gone.

        Taken behind the graph phase, which puts checks where it finds none.
        """
        path = self.folder / "unchecked.mlir"
        self.fovea("compile", model, *options, "--stop-after=graph", "--emit=mlir", "-o", path)
        text = path.read_text()
        path.write_text(without_checks(text))
        assert CHECK.search(text) or REQUIREMENT.search(text)
        assert not re.search(r"fovea\.(checked_index|require)", path.read_text())
        return path

    def compile(self, model: Path, *options: str) -> None:
        """With checks of addresses, unless there are options that say otherwise."""
        self.fovea("compile", model, *options, "-o", "model.fvm")
        how = options or ("--address-sanitizer",)
        self.fovea("compile", model, *how, "--emit=so", "-o", "model.so")

    def run(
        self, values: Mapping[str, np.ndarray], sizes: Mapping[str, int], *wrapper: str
    ) -> tuple[int, str]:
        """Exit code and output of a run of the first entry; `wrapper` starts the host."""
        parts = sections(self.folder / "model.fvm")
        manifest = json.loads(parts[1])
        entry = manifest["entries"][0]
        lines = [f"scratch {manifest['scratch_bytes']} -"]
        lines += [f"dim {sizes[name]} -" for name in entry["symbols"]]
        lines += [f"output {BYTES[output['dtype']]} -" for output in entry["outputs"]]
        for index, item in enumerate(entry["inputs"]):
            data = np.ascontiguousarray(values[item["name"]]).tobytes()
            (self.folder / f"input-{index}").write_bytes(data)
            lines.append(f"input {len(data)} {self.folder / f'input-{index}'}")
        (self.folder / "weights").write_bytes(parts.get(3, b""))
        lines.append(f"weights {len(parts.get(3, b''))} {self.folder / 'weights'}")
        (self.folder / "spec").write_text("\n".join(lines) + "\n")
        environment = os.environ | {"ASAN_OPTIONS": f"exitcode={FOUND}:detect_leaks=0"}
        command = [*wrapper, str(self.host), str(self.folder / "model.so"), entry["name"],
                   str(self.folder / "spec")]  # fmt: skip
        done = subprocess.run(command, capture_output=True, text=True, check=False,
                              env=environment, timeout=600)  # fmt: skip
        return done.returncode, done.stdout + done.stderr
