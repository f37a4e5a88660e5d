"""Kernels of a GPU under the emulator: the target, and the tests that it does not take yet.

Those are listed in refused.txt, a regular expression a line, of what follows test_device_ in the
file's name and of the test's name. A test that is refused and not listed fails, as does one that is
listed and not refused.

Each test takes one of three seeds, by its name. With --all every call is made with all of them, and
has to give the same bits.
"""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import functools
import os
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import fovea
import numpy as np
import pytest
from build_tree import ALL, NOT_YET
from emulator_seeds import SEEDS, seed_of

TARGET = "cuda-emulated"
# The same by the command line.
OPTIONS = ("--target=cuda", "--emulate")
# The host would have to read what kernels have computed.
REASON = f"{NOT_YET}: what a run does next depends on elements of a tensor"
LIST = Path(__file__).with_name("refused.txt")


@functools.cache
def listed() -> re.Pattern[str]:
    lines = LIST.read_text().splitlines()
    return re.compile("|".join(line for line in lines if line and not line.startswith("#")))


@dataclass
class Refusal:
    """Whether one test is to be refused, and whether it was."""

    name: str
    expected: bool
    happened: bool = False

    def skip(self) -> NoReturn:
        """Ends the test, which the target does not take."""
        self.happened = True
        if not self.expected:
            pytest.fail(f"refused ({REASON}), and not in {LIST.name}: {self.name}")
        pytest.skip(REASON)

    def close(self) -> None:
        if self.expected and not self.happened:
            pytest.fail(f"no longer refused; take it out of {LIST.name}: {self.name}")


def refusal_of(request: pytest.FixtureRequest) -> Refusal:
    name = f"{request.path.stem.removeprefix('test_device_')} {request.node.name}"
    return Refusal(name, listed().fullmatch(name) is not None)


class SeededModule:
    """A module that runs with each of some seeds, and has to give the same bits. Whatever else is
    asked of it, it is the first."""

    def __init__(self, modules: list[fovea.Module]) -> None:
        self._modules = modules

    @property
    def entries(self) -> dict[str, SeededModule]:
        """Entries that run with each seed, too."""
        every = [module.entries for module in self._modules]
        return {name: SeededModule([entries[name] for entries in every]) for name in every[0]}

    def __getattr__(self, name: str) -> object:
        return getattr(self._modules[0], name)

    def __call__(self, *positional: object, **named: object) -> dict[str, np.ndarray]:
        first, *others = (module(*positional, **named) for module in self._modules)
        for results in others:
            for name, result in results.items():
                assert result.tobytes() == first[name].tobytes(), f"'{name}' depends on the seed"
        return first


def with_all_seeds(module: fovea.Module, seed: int, threads: int = 0) -> SeededModule:
    """The module, which has a seed, and with it those with the others."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.fvm"
        module.save(path)
        others = [fovea.load(path, threads, emulate_seed=s) for s in SEEDS if s != seed]
    return SeededModule([module, *others])


def replace_target(monkeypatch: pytest.MonkeyPatch, refusal: Refusal) -> None:
    """Makes fovea.compile compile for the emulator, and end the test where that is refused; what
    fovea.load loads has the test's seed, too."""
    compile_model, load_model = fovea.compile, fovea.load
    seed = seed_of(refusal.name)

    def compile_for_device(
        model: str | os.PathLike[str] | bytes, target: str = "", **options: Any
    ) -> fovea.Module | SeededModule:
        try:
            module = compile_model(model, target=TARGET, **{"emulate_seed": seed} | options)
        except fovea.FoveaError as error:
            if error.code == NOT_YET or f"error[{NOT_YET}]" in str(error):
                refusal.skip()
            raise
        return with_all_seeds(module, seed, options.get("threads", 0)) if ALL else module

    def load_for_device(*positional: Any, **options: Any) -> fovea.Module:
        return load_model(*positional, **{"emulate_seed": seed} | options)

    monkeypatch.setattr(fovea, "compile", compile_for_device)
    monkeypatch.setattr(fovea, "load", load_for_device)
