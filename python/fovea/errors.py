"""The one exception of the package."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import re


class FoveaError(Exception):
    """Something that Fovea refused or could not do.

    code is "FV0031" for a problem of the compiler, else the name of the runtime's code, such as
    "SHAPE_MISMATCH"; node is the model's node concerned, "" when there is none; hint is a remedy,
    "" when none is known.
    """

    def __init__(self, message: str, code: str = "", node: str = "", hint: str = "") -> None:
        super().__init__(message)
        found = re.search(r"error\[(FV\d{4})\]", message)
        self.code = found.group(1) if found else code
        named = re.search(r"node '([^']*)'", message)
        self.node = node or (named.group(1) if named else "")
        tried = re.search(r"^\s*try: (.*)$", message, re.MULTILINE)
        self.hint = hint or (tried.group(1) if tried else "")
