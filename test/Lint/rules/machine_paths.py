"""No path of one machine: neither a home folder nor where this checkout happens to be."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator

from source_tree import TEXT, Finding, Tree

BAD = {"docs/X.md": "see /ho" + "me/somebody/fovea\n"}
HOME = re.compile(r"(?<![\w.~-])/(?:home|root|Users)/\w+")


def check(tree: Tree) -> Iterator[Finding]:
    # A checkout directly below the root or the folder for temporary files would match too much.
    parent = tree.root.parent if tree.root else None
    own = f"{parent}/" if parent and str(parent) not in ("/", tempfile.gettempdir()) else None
    for path, number, line in tree.lines(*TEXT):
        if HOME.search(line) or (own and own in line):
            yield Finding(path, number, "a path of one machine")
