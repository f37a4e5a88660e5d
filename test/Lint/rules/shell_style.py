"""Shell scripts are clean in the eyes of shellcheck and stop at the first error."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator

from source_tree import Finding, SkipRuleError, Tree

BAD = {"x.sh": "#!/usr/bin/env bash\nset -euo pipefail\nrm $1/*\n"}
STRICT = re.compile(r"^set -e?uo pipefail$", re.MULTILINE)


def check(tree: Tree) -> Iterator[Finding]:
    paths = [path for path, _ in tree.of(".sh")]
    for path in paths:
        if not STRICT.search(tree.files[path]):
            yield Finding(path, 1, "expected 'set -euo pipefail' (-uo where a step may fail)")
    if not shutil.which("shellcheck"):
        raise SkipRuleError("shellcheck is not installed")
    if not paths:
        return
    with tree.on_disk() as root:
        command = ["shellcheck", "--format=json", *paths]
        done = subprocess.run(command, cwd=root, capture_output=True, text=True)
        for item in json.loads(done.stdout or "[]"):
            yield Finding(item["file"], item["line"], f"SC{item['code']} {item['message']}")
