"""One section of a visit: where its files are, the device, its lines, its time."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import contextlib
import gzip
import json
import random
import struct
import tempfile
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from . import clocks
from .artifact import DTYPES, Artifact, FoveaError, Shaped, code_sections, kernel_table
from .device import AnyDevice
from .results import Line, Results

# Random elements that inputs repeat: a prime, so that no row of a tensor equals another.
_PERIOD = 100003
_WORDS = 3000


class DeviceLostError(Exception):
    """The device takes no more work from this process."""


@dataclass
class Session:
    """`plan` is the folder's; `lines` are what sections before have written; `after` is the case
    behind which to go on."""

    folder: Path
    plan: dict[str, Any]
    device: AnyDevice
    results: Results
    lines: list[Line]
    deadline: float
    after: str | None = None
    _noise: dict[tuple[str, str, float], bytes] = field(default_factory=dict)
    _unpacked: list[tempfile.TemporaryDirectory[str]] = field(default_factory=list)
    _artifacts: list[Artifact] = field(default_factory=list)
    _tensors: list[Shaped] = field(default_factory=list)

    def data(self, name: str) -> Any:
        return json.loads((self.folder / name).read_text())

    def cases(self, cases: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        """Those that are left, each with its begin on the disk; what there is no time for is named
        in a line."""
        skipping, left_out = self.after is not None, []
        for case in cases:
            if skipping:
                skipping = case["case"] != self.after
                if not skipping and case.get("file"):
                    # The process before has died of it.
                    self.results.add(behind=case["case"], **self.examined(case["file"]))
                continue
            if time.monotonic() > self.deadline:
                left_out.append(case["case"])
                continue
            self.results.begin(case["case"])
            yield case
        if left_out:
            self.results.add(left_out=left_out, why="no time was left")

    @contextlib.contextmanager
    def guarded(self, case: dict[str, Any], **facts: object) -> Iterator[None]:
        """What a case raises becomes its line; a device that is lost by it ends the section. Else
        what the case has borrowed is given back."""
        try:
            yield
        except Exception as error:
            lost = self.device.is_lost()
            # The runtime takes no more work either after what it calls a failure of the device.
            if isinstance(error, FoveaError) and error.code == "DEVICE":
                lost = lost or str(error)
            text = f"{type(error).__name__}: {error}"[:2000]
            if not lost and case.get("file"):
                facts |= self.examined(case["file"])
            self.results.add(case=case["case"], ok=False, error=text, device_lost=lost, **facts)
            if lost:
                raise DeviceLostError(lost) from None
        self._give_back()

    def examined(self, file: str) -> dict[str, object]:
        """What is known of an artefact's kernels: how they are launched, what the driver makes of
        the code of the device's architecture and of the PTX, with its logs."""
        try:
            sections = code_sections(self.file(file))
            launched = kernel_table(sections["cpu"])
            driver, said = self.device.driver, {}
            for target, code in sections.items():
                if driver and target != "cpu" and self._takes(target):
                    said[target] = driver.examine(code, list(launched))
        except Exception as error:
            return {"not_examined": f"{type(error).__name__}: {error}"[:400]}
        return {"launched": launched, "sections": said}

    def _takes(self, target: str) -> bool:
        """By NVIDIA's rules: cubins of the same major version, PTX of older ones."""
        major, minor = (int(self.device.facts[f"capability_{part}"]) for part in ("major", "minor"))
        number = int(target.rsplit("_", 1)[1])
        same = number // 10 == major or not target.startswith("sm_")
        return same and number <= 10 * major + minor

    def _give_back(self) -> None:
        while self._artifacts:
            self._artifacts.pop().close()
        while self._tensors:
            self.device.free(self._tensors.pop().pointer)

    def add(self, case: str, ok: bool = True, **line: object) -> None:
        self.results.add(case=case, ok=ok, **line, clocks=clocks.now())

    def file(self, name: str) -> Path:
        """An artefact of the folder, which has them packed."""
        if not self._unpacked:
            self._unpacked.append(tempfile.TemporaryDirectory())
        path = Path(self._unpacked[0].name) / name.replace("/", "_")
        if not path.exists():
            path.write_bytes(gzip.decompress((self.folder / f"{name}.gz").read_bytes()))
        return path

    def load(self, file: str) -> Artifact:
        return Artifact(self.file(file))

    def borrow(self, file: str) -> Artifact:
        """Until the case ends."""
        self._artifacts.append(self.load(file))
        return self._artifacts[-1]

    def tensor(self, spec: dict[str, Any]) -> Shaped:
        """Memory of the device for {name, dtype, shape, fill, scale}, until the case ends."""
        shape = tuple(spec["shape"])
        size = Shaped(spec["dtype"], shape, 0).bytes
        shaped = Shaped(spec["dtype"], shape, self.device.allocate(size), self.device.type)
        self._tensors.append(shaped)
        if spec.get("fill"):
            self._fill(shaped, spec["fill"], spec.get("scale", 1.0))
        return shaped

    def _fill(self, shaped: Shaped, kind: str, scale: float) -> None:
        """The same elements in every run: numbers of a normal distribution times `scale`, "ids" in
        [0, 1000), "ones" or "zeros"; doubled on the device until the tensor is full."""
        if shaped.bytes == 0:
            return
        pattern = self._pattern(shaped.dtype, kind, scale)[: shaped.bytes]
        self.device.write(shaped.pointer, pattern)
        done = len(pattern)
        while done < shaped.bytes:
            # Whole patterns, so that it goes on as it began.
            step = min(done, shaped.bytes - done)
            self.device.copy(shaped.pointer + done, shaped.pointer, step)
            done += step
        self.device.synchronize()

    def _pattern(self, dtype: str, kind: str, scale: float) -> bytes:
        if (dtype, kind, scale) in self._noise:
            return self._noise[dtype, kind, scale]
        rng = random.Random(1)
        if kind == "ids":
            numbers = [rng.randrange(1000) for _ in range(_WORDS)]
        elif kind in ("ones", "zeros"):
            numbers = [int(kind == "ones")] * _WORDS
        else:
            numbers = [rng.gauss(0, scale) for _ in range(_PERIOD)]
        made = encoded(numbers, dtype)
        self._noise[dtype, kind, scale] = made
        return made


def encoded(numbers: list[float], dtype: str) -> bytes:
    """Numbers as the elements of a dtype; bf16 is cut off."""
    if dtype == "bf16":
        wide = struct.pack(f"<{len(numbers)}f", *numbers)
        return b"".join(wide[at + 2 : at + 4] for at in range(0, len(wide), 4))
    letter = {"f32": "f", "f16": "e", "i64": "q", "i32": "i"}[dtype]
    assert struct.calcsize(letter) * 8 == DTYPES[dtype][1]
    return struct.pack(f"<{len(numbers)}{letter}", *numbers)
