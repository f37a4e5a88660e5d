"""The lit suite: every .mlir file below test/, run with the tools of one build folder.

Only the tools named below are on the path, so that no test passes with a program that happens to
be installed. `config` and `lit_config` are lit's.
"""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

import os
import shutil
from pathlib import Path

import lit.formats

SOURCE = Path(config.fovea_source_dir)
BUILD = Path(config.fovea_build_dir)
LLVM_TOOLS = Path(config.llvm_tools_dir)

config.name = "Fovea"
config.test_format = lit.formats.ShTest(execute_external=False)
config.suffixes = [".mlir"]
config.excludes = ["Inputs", "Lint", "Install", "Fuzz"]
config.test_source_root = str(SOURCE / "test")
config.test_exec_root = str(BUILD / "test")

# A folder of links keeps the other programs of LLVM's folder out of reach.
tools = BUILD / "test" / "tools"
tools.mkdir(parents=True, exist_ok=True)
for name in ("FileCheck", "not", "count", "split-file", "llvm-objdump", "llvm-readelf"):
    link = tools / name
    if (LLVM_TOOLS / name).exists() and not link.exists():
        link.symlink_to(LLVM_TOOLS / name)
config.environment["PATH"] = os.pathsep.join([str(BUILD / "bin"), str(tools), "/usr/bin", "/bin"])
config.environment["FILECHECK_OPTS"] = "--enable-var-scope --allow-unused-prefixes=false"
config.environment["HOME"] = str(BUILD / "test")
config.substitutions.append(("%source_dir", str(SOURCE)))

# Features: what a test may require. A test that requires one not here is counted as skipped.
flags = set()
if (cpuinfo := Path("/proc/cpuinfo")).exists():
    lines = (line for line in cpuinfo.read_text().splitlines() if line.startswith("flags"))
    flags = set(next(lines, "").split())
features = config.available_features
features |= {"avx2"} if {"avx2", "fma"} <= flags else set()
features |= {"avx512"} if {"avx512f", "avx512vl", "avx512bw", "avx512dq"} <= flags else set()
features |= {"avx512_vnni"} & flags | {"avx512_bf16"} & flags | {"amx_tile"} & flags
features |= {"cuda"} if Path("/dev/nvidiactl").exists() else set()
features |= {"ptxas"} if shutil.which("ptxas") else set()
features |= {"all"} if os.environ.get("FOVEA_TEST_ALL") == "1" else set()
features |= {"sanitize"} if config.fovea_sanitize else set()
