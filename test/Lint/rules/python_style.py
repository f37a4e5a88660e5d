"""Python follows ruff with the file ruff.toml, its layout too."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from source_tree import Finding, SkipRuleError, Tree

BAD = {"x.py": "import os\n"}


def program() -> str:
    beside = Path(sys.executable).with_name("ruff")
    found = str(beside) if beside.exists() else shutil.which("ruff")
    if not found:
        raise SkipRuleError("ruff is not installed")
    return found


def check(tree: Tree) -> Iterator[Finding]:
    ruff = program()
    with tree.on_disk() as folder:
        root = folder.resolve()
        paths = [path for path, _ in tree.of(".py")]
        if not paths:
            return
        command = [ruff, "check", "--no-cache", "--output-format=json", *paths]
        done = subprocess.run(command, cwd=root, capture_output=True, text=True)
        for item in json.loads(done.stdout or "[]"):
            path = Path(item["filename"]).relative_to(root).as_posix()
            what = f"{item['code']} {item['message']}"
            yield Finding(path, item["location"]["row"], what)
        command = [ruff, "format", "--no-cache", "--check", *paths]
        done = subprocess.run(command, cwd=root, capture_output=True, text=True)
        for line in done.stdout.splitlines():
            if line.startswith("Would reformat: "):
                path = line.removeprefix("Would reformat: ")
                yield Finding(path, 0, f"run ruff format {path}")
