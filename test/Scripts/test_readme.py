"""README.md is true: its first session, and its counts of the onnx package's cases."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import Any

import expectations
import numpy as np
import pytest
from build_tree import MINILM, MODELS, ROOT, fovea, require, sound

README = (ROOT / "README.md").read_text()


def numbers(text: str) -> list[int]:
    return [int(number.replace(",", "")) for number in re.findall(r"\b\d[\d,]*", text)]


def test_counts_of_onnx_cases() -> None:
    outcomes = expectations.parse(expectations.LIST.read_text())
    static, symbolic = (
        Counter(words.split()[0] for (_, of), words in outcomes.items() if of == form)
        for form in expectations.FORMS
    )
    assert set(static) == {"pass", "refused", "no-data"}
    assert set(symbolic) == {"pass", "refused", "no-data"}
    (said,) = re.findall(r"^- ONNX: (.*?)^-", README, re.M | re.S)
    with_data = static.total() - static["no-data"]
    assert numbers(said) == [
        with_data, static["pass"], static["refused"], symbolic["pass"], symbolic["refused"]
    ]  # fmt: skip


def test_first_session(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its Python runs as it stands, and gives the rows that stand below it."""
    require(MINILM, "./dev run fetches it")
    minilm = pytest.importorskip("minilm")
    (tmp_path / ".cache").mkdir()
    (tmp_path / ".cache" / "models").symlink_to(MODELS.resolve())
    monkeypatch.chdir(tmp_path)
    session = README.split("## A first session")[1].split("\n## ")[0]
    code, rows = re.findall(r"```(?:python)?\n(.*?)```", session, re.S)
    given = minilm.tokenize(MINILM, minilm.SENTENCES)
    names: dict[str, Any] = dict(zip(("ids", "mask", "types"), given.values(), strict=True))
    exec(code, names)  # what a reader would type
    capsys.readouterr()
    loaded = names["model"](**given)["sentence_embedding"]
    np.testing.assert_array_equal(loaded, names["vectors"])
    minilm.print_similarities(names["vectors"])
    printed = capsys.readouterr().out.splitlines()
    assert len(rows.splitlines()) == 4
    assert set(rows.splitlines()) <= set(printed)
    for verb in ("inspect", "explain"):
        assert f"`{verb}`" in session
        sound(fovea(tmp_path, verb, "minilm.fvm"))
