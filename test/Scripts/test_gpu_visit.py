"""./dev bench gpu without a GPU: the whole visit on the least sizes, by the emulator."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import gzip
import json
import re
import shutil
from pathlib import Path

import gpu.prepare
import numpy as np
import pytest
from build_tree import PROGRAM, ROOT, require
from gpu import table
from gpu.visit.program import SECTIONS
from gpu.visit.results import ended
from gpu_visit import Visit, visit

require(PROGRAM, "./dev build")
TIMED = ("gemm", "attention", "decode", "rnn", "model")
CASES = sorted((ROOT / "test" / "Runtime" / "Emulator").glob("Conformance*.cpp"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("visit") / "gpu-visit"
    assert gpu.prepare.prepare(made, emulated=True, tiny=True) == {}
    return made


@pytest.fixture(scope="module")
def dry(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Visit:
    return visit(folder, tmp_path_factory.mktemp("out") / "lines.jsonl")


def test_all_sections_end_well(dry: Visit) -> None:
    assert dry.code == 0, dry.text
    assert list(dict.fromkeys(line["section"] for line in dry.lines)) == list(SECTIONS)
    for section in SECTIONS:
        found = dry.of(section)
        assert all(line["ok"] for line in found), found
        # FlexAttention is a peer, of which a dry run has none.
        assert bool(found) == (section != "flex"), section
    assert [line["section"] for line in dry.lines if "skipped" in line] == ["flex"]
    assert not [line for line in dry.lines if "left_out" in line]


def test_every_case_that_begins_has_an_end(dry: Visit) -> None:
    begun = [(line["section"], line["case"]) for line in dry.lines if line.get("state") == "begun"]
    assert begun == [(line["section"], line["case"]) for section in SECTIONS
                     for line in dry.of(section)]  # fmt: skip
    assert all(line["at_s"] >= 0 for line in dry.lines)


def test_lines_of_times_have_figures(dry: Visit) -> None:
    for section in TIMED:
        for line in dry.of(section):
            ours = line["systems"]["fovea"]
            assert 0 < ours["min_us"] <= ours["median_us"]
            best = min(ours["median_us"], ours.get("graph_median_us", 1e99))
            assert line["tflops"] == pytest.approx(1e-6 * line["flops"] / best, rel=1e-2)
            assert line["tbps"] == pytest.approx(1e-6 * line["bytes"] / best, rel=1e-2)
            assert line["peak_fraction"] > 0 and line["bandwidth_fraction"] > 0
            assert "ratio" not in line and line["forms"]
    limits = {line["case"]: line for line in dry.of("limits")}
    assert limits["copy"]["tbps"] > 0 and limits["launch"]["us"] > 0
    assert limits["fma_f32"]["tflops"] > 0 and limits["mma_bf16"]["tflops"] > 0


def test_conformance_has_the_cases_of_the_emulator(dry: Visit) -> None:
    """And one more, whose blocks wait for each other."""
    texts = "".join(path.read_text() for path in CASES)
    named = set(re.findall(r'\{"([^"]+)", Op::', texts))
    ran = {line["case"] for line in dry.of("conformance")}
    assert named <= ran
    assert ran - named == {"barrier of all blocks"}


def change(file: Path, name: str, value: float) -> None:
    """Sets all elements of an array that a program of the sweep is compared with."""
    with np.load(file.with_suffix(".npz")) as kept:
        arrays = dict(kept)
    arrays[name] = np.full_like(arrays[name], value)
    np.savez(file.with_suffix(".npz"), **arrays)


def test_results_that_differ_are_named(folder: Path, tmp_path: Path) -> None:
    """One word, and one element: the case, its kernel and the place stand in its line."""
    bad = tmp_path / "bad"
    shutil.copytree(folder, bad)
    cases = json.loads((bad / "conformance.json").read_text())
    cases[0]["expected"][9] ^= 1
    approximate = next(case for case in cases if case["case"] == "rcp.approx")
    approximate["expected"][3] += 4
    (bad / "conformance.json").write_text(json.dumps(cases))
    first, second = json.loads((bad / "sweep.json").read_text())[:2]
    change(bad / first["file"], "c0_bound0", 0)
    change(bad / second["file"], "c0_want0", np.nan)
    done = visit(bad, tmp_path / "lines.jsonl", "--sections", "conformance,sweep")
    assert done.code == 1
    wrong = [line for line in ended(done.lines) if line.get("ok") is False]
    names = [cases[0]["case"], "rcp.approx", first["case"], second["case"]]
    assert [line["case"] for line in wrong] == names
    assert wrong[0]["wrong"].startswith("lane 2, word 1: ")
    assert wrong[0]["kernel"] == "mma_sync_f16_kernel" and len(wrong[0]["words"]) == 128
    assert re.match(r"output 0\[.*\] is .*, expected .*; [1-9]\d* of \d+ are", wrong[2]["wrong"])
    assert "expected nan" in wrong[3]["wrong"] and wrong[3]["launched"] and wrong[3]["forms"]
    assert f"{cases[0]['case']}: lane 2, word 1" in done.text


def test_a_damaged_artefact_costs_its_cases(folder: Path, tmp_path: Path) -> None:
    bad = tmp_path / "bad"
    shutil.copytree(folder, bad)
    plan = json.loads((bad / "plan.json").read_text())
    file = bad / f"{plan['gemm'][0]['file']}.gz"
    file.write_bytes(gzip.compress(b"no artefact"))
    done = visit(bad, tmp_path / "lines.jsonl", "--sections", "gemm")
    assert done.code == 1
    broken, sound = done.of("gemm")
    assert "does not start like a .fvm file" in broken["error"] or "bytes" in broken["error"]
    assert not broken["ok"] and sound["ok"]


def test_without_numpy_the_sweep_is_skipped(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "numpy.py").write_text('raise ImportError("hidden")')
    done = visit(folder, tmp_path / "lines.jsonl", "--sections", "conformance,sweep,attention",
                 PYTHONPATH=str(tmp_path))  # fmt: skip
    assert done.code == 0, done.text
    assert [line["skipped"] for line in done.lines if "skipped" in line] == [
        "numpy is not there: results of programs cannot be compared"]  # fmt: skip
    assert len(done.of("conformance")) == 56 and len(done.of("attention")) == 4


def test_no_time_names_what_is_left_out(folder: Path, tmp_path: Path) -> None:
    done = visit(folder, tmp_path / "lines.jsonl", "--sections", "limits,conformance",
                 "--minutes", "0")  # fmt: skip
    assert [line["skipped"] for line in done.lines] == ["no time was left"] * 2


def test_page_has_what_is_kept(dry: Visit) -> None:
    text = table.section(ended(dry.lines))
    for section in TIMED:
        for line in dry.of(section):
            assert f"| {line['case']} | " in text
    cases = len(dry.of("conformance"))
    assert f"{cases} of {cases} agree" in text and "emulator" in text
    assert table.section([]) == table.NONE
    assert table.is_latest()


def test_lines_are_kept_and_written_to_the_page(
    dry: Visit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page, lines = tmp_path / "page.md", tmp_path / "lines.jsonl"
    page.write_text(table.PAGE.read_text())
    lines.write_text("".join(json.dumps(line) + "\n" for line in dry.lines))
    monkeypatch.setattr(table, "PAGE", page)
    monkeypatch.setattr(table, "RESULTS", tmp_path / "results.jsonl")
    assert table.keep(lines) == 0
    assert table.is_latest() and "| fma_f32 | " in page.read_text()
    assert len((tmp_path / "results.jsonl").read_text().splitlines()) == len(ended(dry.lines))
    page.write_text(page.read_text().replace("| fma_f32 | ", "| fma_f32 |  "))
    assert not table.is_latest()
    assert table.keep(tmp_path / "none.jsonl") == 1


def test_folder_has_no_build_and_no_checkout(folder: Path) -> None:
    """Of the binding only what needs Python alone; nothing links LLVM."""
    assert {path.name for path in (folder / "fovea").iterdir()} == {
        "__init__.py", "errors.py", "libraries.py", "runtime_abi.py", "lib"}  # fmt: skip
    library = (folder / "fovea" / "lib" / "libfovea-runtime.so").read_bytes()
    assert b"libLLVM" not in library and b"libMLIR" not in library
    for path in (folder / "visit").rglob("*.py"):
        assert not re.search(r"^(?:from|import) (?:gpu|numpy|torch|ml_dtypes)\b",
                             path.read_text(), re.MULTILINE), path  # fmt: skip
