"""The start of a visit: python3 FOLDER --out gpu-visit.jsonl"""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

import sys
from pathlib import Path

if sys.version_info < (3, 10):  # noqa: UP036
    sys.exit(f"Python 3.10 or later is needed, this is {sys.version.split()[0]}")

from visit.program import main  # noqa: E402

sys.exit(main(sys.argv[1:], Path(__file__).resolve().parent))
