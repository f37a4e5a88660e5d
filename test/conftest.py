"""The folders that tests import from."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FOLDERS = ("test", "python", "examples", "benchmarks", "scripts", "test/Assembly",
           "test/Assembly/Device", "test/Attention", "test/Emulation", "test/Fuzz",
           "test/Integration/CPU", "test/Integration/CUDA", "test/Integration/Onnx",
           "test/Integration/Targets", "test/Onnx", "test/Recurrence", "test/Sanitize")  # fmt: skip
sys.path[:0] = [str(ROOT / folder) for folder in FOLDERS]
