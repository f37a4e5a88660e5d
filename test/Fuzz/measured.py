"""Runs a command, and writes its wait status and its peak memory in bytes to a descriptor.

A process's peak begins at the size of the one that it was forked from: that of a program which is
started by a large one says nothing. This one is small.
"""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

import os
import sys


def main(argv: list[str]) -> int:
    report, *command = argv
    os.set_inheritable(int(report), False)
    process = os.posix_spawnp(command[0], command, os.environ)
    _, status, usage = os.wait4(process, 0)
    os.write(int(report), f"{status} {usage.ru_maxrss * 1024}".encode())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
