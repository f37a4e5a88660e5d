"""Damaged models end with exit code 0 or 3, in time, without much memory; artefacts with 3."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "test" / "Fuzz"), str(ROOT / "python")]

pytest.importorskip("onnx")

import campaign  # noqa: E402
import corpus  # noqa: E402

ALL = os.environ.get("FOVEA_TEST_ALL") == "1"
MUTATIONS = 1000 if ALL else 40
PLACES = campaign.TRUNCATIONS if ALL else 10


def program() -> Path:
    return Path(os.environ.get("FOVEA_BUILD_DIR", ROOT / "build")) / "bin" / "fovea"


@pytest.fixture(scope="module")
def runner(tmp_path_factory: pytest.TempPathFactory) -> campaign.Campaign:
    folder = tmp_path_factory.mktemp("damage")
    (folder / "seeds").mkdir()
    return campaign.Campaign(program(), folder)


@pytest.mark.parametrize("format", corpus.FORMATS)
def test_damage_is_refused_or_harmless(runner: campaign.Campaign, format: str) -> None:
    todo = campaign.sample(runner.seeds, MUTATIONS, PLACES)
    failures = runner.run([case for case in todo if case.seed.format == format])
    assert not failures, "\n".join(failures)


def judged(runner: campaign.Campaign, folder: Path, script: str) -> str:
    """The verdict on a program that does what the script does."""
    fake = folder / "fake"
    fake.write_text(f"#!/bin/sh\n{script}\n")
    fake.chmod(fake.stat().st_mode | stat.S_IXUSR)
    seed = next(seed for seed in runner.seeds if seed.format == "onnx")
    real, runner.program = runner.program, fake
    try:
        return runner.judge(campaign.Case(seed, 0, b"damaged"))
    finally:
        runner.program = real


@pytest.mark.parametrize(
    ("script", "verdict"),
    [
        ("echo error >&2; exit 3", ""),
        ("echo error >&2; exit 4", "exit 4"),
        ("kill -SEGV $$", "exit -11"),
        ("exit 3", "without an error"),
        ("head -c 300000000 /dev/zero | tail -c 299999999 > /dev/null", "peak memory"),
        ("exec sleep 30", "exit -9"),
    ],
)
def test_the_judge_sees_what_is_wrong(
    runner: campaign.Campaign, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str,
    verdict: str,
) -> None:  # fmt: skip
    monkeypatch.setattr(campaign, "LIMIT_SECONDS", 3.0)
    found = judged(runner, tmp_path, script)
    assert verdict in found and bool(verdict) == bool(found), found
