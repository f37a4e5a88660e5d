"""The files that the rules look at, and what a rule reports.

A tree is a map from path to text, so that a rule is tested on files that exist nowhere.
"""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

CPP = (".cpp", ".h", ".c", ".hpp")
PYTHON = (".py", ".py.in")
SHELL = (".sh",)
TEXT = (*CPP, *PYTHON, *SHELL, ".td", ".mlir", ".cmake", ".md", ".txt", ".in", ".toml", ".ini",
        ".json", ".map", ".yaml")  # fmt: skip
# Files without a suffix that are text.
NAMED = {"dev": ".sh", "run": ".sh", ".clang-format": ".yaml", ".clang-tidy": ".yaml"}


class SkipRuleError(Exception):
    """Raised by a rule that cannot run here; the text says why."""


@dataclass(frozen=True, order=True)
class Finding:
    """One line that breaks a rule; line 0 stands for the whole file. Notes do not fail."""

    path: str
    line: int
    text: str
    is_note: bool = False


def kind_of(path: str) -> str:
    """The suffix that decides which rules apply, e.g. ".sh" for the file dev."""
    name = PurePosixPath(path)
    return NAMED.get(name.name, name.suffix)


@dataclass(frozen=True)
class Tree:
    """Paths, relative to the root and with forward slashes, and their texts."""

    files: dict[str, str]
    root: Path | None = None

    def of(self, *kinds: str, under: tuple[str, ...] = ("",)) -> Iterator[tuple[str, str]]:
        """Files of these kinds below these folders, in order."""
        for path in sorted(self.files):
            if path.startswith(under) and kind_of(path) in kinds:
                yield path, self.files[path]

    def lines(self, *kinds: str, under: tuple[str, ...] = ("",)) -> Iterator[tuple[str, int, str]]:
        """The same line by line: path, number from 1, text."""
        for path, text in self.of(*kinds, under=under):
            for number, line in enumerate(text.splitlines(), 1):
                yield path, number, line

    @contextmanager
    def on_disk(self) -> Iterator[Path]:
        """The root, or for a tree made in memory a folder with its files."""
        if self.root is not None:
            yield self.root
            return
        with tempfile.TemporaryDirectory() as folder:
            for path, text in self.files.items():
                target = Path(folder) / path
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_text(text)
            yield Path(folder)


def file_names(root: Path) -> list[str]:
    """What git knows or would add; in a folder without git, everything that is not hidden."""
    command = ["git", "-C", str(root), "ls-files", "-z", "--cached", "--others",
               "--exclude-standard"]  # fmt: skip
    try:
        listed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        return sorted(set(listed.split("\0")) - {""})
    except (OSError, subprocess.CalledProcessError):
        paths = (path.relative_to(root) for path in root.rglob("*"))
        skipped = (".", "build", "__pycache__")
        return [
            p.as_posix() for p in sorted(paths) if not any(x.startswith(skipped) for x in p.parts)
        ]


def read_tree(root: Path) -> Tree:
    """Every text file of the project, as it is in the work tree."""
    files = {}
    for name in file_names(root):
        if kind_of(name) in TEXT and (root / name).is_file():
            # Bytes that are not UTF-8 become characters that the text rule reports.
            files[name] = (root / name).read_bytes().decode("utf-8", errors="replace")
    return Tree(files, root)
