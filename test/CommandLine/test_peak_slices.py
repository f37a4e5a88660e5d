"""fovea doctor --slices measures as often as a program asks."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import json
import subprocess
import time
from pathlib import Path

import pytest


def slices(
    program: Path, asked: str, *options: str
) -> subprocess.CompletedProcess[str]:  # fmt: skip
    command = [program, "doctor", "--slices", "--threads=2", *options]
    return subprocess.run(command, input=asked, capture_output=True, text=True)


def test_each_line_has_an_answer(program: Path) -> None:
    done = slices(program, "multiply 1\nread 1\nmultiply 0.5\nreread 1 65536\nreread 1 0\n")
    assert (done.returncode, done.stderr) == (0, "")
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    keys = [["gflops"], ["gbps"], ["gflops"], ["gbps"], ["gbps"]]
    assert [list(answer) for answer in answers] == keys
    assert all(value > 0.1 for answer in answers for value in answer.values())


def test_the_nearest_cache_is_faster_than_memory(program: Path) -> None:
    # The best of several slices: others may have the processors in between.
    done = slices(program, "read 2\nreread 2 32768\n" * 10)
    rates = [json.loads(line)["gbps"] for line in done.stdout.splitlines()]
    assert max(rates[1::2]) > 1.5 * max(rates[::2])


def test_an_answer_comes_before_the_next_question(program: Path) -> None:
    command = [program, "doctor", "--slices", "--threads=1", "--target=x86-64-v3"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        for milliseconds in (1, 30):
            start = time.monotonic()
            process.stdin.write(f"multiply {milliseconds}\n".encode())
            process.stdin.flush()
            assert json.loads(process.stdout.readline())["gflops"] > 1
            assert time.monotonic() - start >= milliseconds * 1e-3
        process.stdin.close()
        assert process.wait() == 0


@pytest.mark.parametrize(
    "asked", ["divide 1", "read", "multiply x", "multiply -1", "read 1e9", "reread 1", "reread 1 x"]
)
def test_what_is_no_slice_is_a_usage_error(program: Path, asked: str) -> None:
    done = slices(program, f"multiply 1\n{asked}\nread 1\n")
    assert done.returncode == 2
    assert len(done.stdout.splitlines()) == 1
    assert f"'{asked}' is no slice" in done.stderr
