"""Damaged models end with exit code 0 or 3, in time, without much memory; artefacts with 3."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import stat
from collections import Counter
from pathlib import Path

import pytest
from build_tree import ALL, PROGRAM

pytest.importorskip("onnx")

import campaign  # noqa: E402
import corpus  # noqa: E402

MUTATIONS = 1000 if ALL else 40
PLACES = campaign.TRUNCATIONS if ALL else 4


@pytest.fixture(scope="module")
def runner(tmp_path_factory: pytest.TempPathFactory) -> campaign.Campaign:
    folder = tmp_path_factory.mktemp("damage")
    (folder / "seeds").mkdir()
    return campaign.Campaign(PROGRAM, folder)


@pytest.mark.parametrize("format", corpus.FORMATS)
def test_damage_is_refused_or_harmless(runner: campaign.Campaign, format: str) -> None:
    todo = campaign.sample(runner.seeds, MUTATIONS, PLACES)
    failures = runner.run([case for case in todo if case.seed.format == format])
    assert not failures, "\n".join(failures)


def test_every_seed_is_cut_at_every_place(runner: campaign.Campaign) -> None:
    todo = campaign.sample(runner.seeds, 0, campaign.TRUNCATIONS)
    cut = Counter(case.seed for case in todo)
    assert cut == dict.fromkeys(runner.seeds, 100)


def test_memory_is_measured_against_an_empty_model(runner: campaign.Campaign) -> None:
    assert set(runner.base) == set(corpus.FORMATS)
    for seed in runner.seeds:
        sound = runner.peak_bytes(seed, seed.file.read_bytes())
        assert runner.base[seed.format] <= 1.05 * sound


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
