"""Each verb of the command line does what its help says."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import json
from pathlib import Path

import fovea as package
import numpy as np
import pytest
from build_tree import Run

VERBS = ["bench", "compile", "doctor", "explain", "inspect", "run", "verify"]


def test_help_names_every_verb_and_fits_a_screen(fovea: Run) -> None:
    result = fovea("--help")
    assert result.returncode == 0
    assert not result.stderr
    assert len(result.stdout.splitlines()) <= 24
    for verb in VERBS:
        assert f"  {verb} " in result.stdout


@pytest.mark.parametrize("verb", VERBS)
def test_help_of_a_verb_fits_a_screen(fovea: Run, verb: str) -> None:
    result = fovea(verb, "--help")
    assert result.returncode == 0
    assert f"Usage: fovea {verb}" in result.stdout
    assert len(result.stdout.splitlines()) <= 24
    assert max(map(len, result.stdout.splitlines())) <= 100


def test_version_is_one_line(fovea: Run) -> None:
    assert fovea("--version").stdout.startswith("fovea 0.")


def test_compile_writes_an_artefact_beside(fovea: Run, tmp_path: Path) -> None:
    result = fovea("compile", "linear.mlir")
    assert result.returncode == 0
    assert not result.stdout
    assert "1/1 ops on cpu, 0 fallback" in result.stderr
    assert (tmp_path / "linear.fvm").read_bytes()[1:4] == b"FVM"


def test_quiet_says_nothing(fovea: Run) -> None:
    assert not fovea("compile", "linear.mlir", "-q").stderr


def test_same_model_gives_same_bytes(fovea: Run, tmp_path: Path) -> None:
    for name in ("a.fvm", "b.fvm"):
        assert fovea("compile", "weighted.mlir", "-o", name).returncode == 0
    assert (tmp_path / "a.fvm").read_bytes() == (tmp_path / "b.fvm").read_bytes()


@pytest.mark.parametrize(
    ("kind", "ending", "start"),
    [
        ("llvm", ".ll", b"; ModuleID"),
        ("asm", ".s", b"\t"),
        ("obj", ".o", b"\x7fELF"),
        ("so", ".so", b"\x7fELF"),
        ("mlir", ".llvm.mlir", b""),
    ],
)
def test_emit_writes_other_forms(
    fovea: Run, tmp_path: Path, kind: str, ending: str, start: bytes
) -> None:
    assert fovea("compile", "linear.mlir", f"--emit={kind}").returncode == 0
    content = (tmp_path / f"linear{ending}").read_bytes()
    assert content.startswith(start)
    assert len(content) > 500


def test_run_computes_what_numpy_computes(fovea: Run, tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    shapes = {"x": (7, 40), "w": (96, 40), "b": (96,)}
    given = {name: rng.standard_normal(s).astype(np.float32) for name, s in shapes.items()}
    for name, value in given.items():
        np.save(tmp_path / f"{name}.npy", value)
    inputs = [f"--input={name}=@{name}.npy" for name in given]
    result = fovea("run", "linear.mlir", *inputs, "--out=out.npz", "--threads", "1")
    assert result.returncode == 0, result.stderr
    assert "[7x96]" in result.stdout
    with np.load(tmp_path / "out.npz") as out:
        assert out.files == ["y"]
        want = given["x"].astype(np.float64) @ given["w"].T + given["b"]
        np.testing.assert_allclose(out["y"], want, rtol=0, atol=1e-4)


def test_run_of_an_artefact_is_run_of_its_model(fovea: Run, tmp_path: Path) -> None:
    assert fovea("compile", "linear.mlir").returncode == 0
    for source in ("linear.mlir", "linear.fvm"):
        assert fovea("run", source, "--size=n=13", f"--out={source}.npz").returncode == 0
    with np.load(tmp_path / "linear.mlir.npz") as a, np.load(tmp_path / "linear.fvm.npz") as b:
        assert a["y"].shape == (13, 96)
        np.testing.assert_array_equal(a["y"], b["y"])


def test_run_on_the_reference_is_close(fovea: Run) -> None:
    runs = [fovea("run", "linear.mlir", "--json", *extra) for extra in ([], ["--target=reference"])]
    compiled, reference = (json.loads(run.stdout)["outputs"][0] for run in runs)
    assert compiled["shape"] == reference["shape"] == [5, 96]
    assert compiled["max"] == pytest.approx(reference["max"], rel=1e-5)


def test_dim_makes_a_size_static(fovea: Run) -> None:
    fovea("compile", "linear.mlir", "--dim=n=3")
    result = fovea("inspect", "linear.fvm")
    assert "x: f32[3 x 40]" in result.stdout


def test_inspect_shows_header_entries_and_sections(fovea: Run) -> None:
    fovea("compile", "weighted.mlir")
    text = fovea("inspect", "weighted.fvm").stdout
    for expected in ("format 1", "x: f32[n x 40]", "y: f32[n x 24]", "code 'cpu'", "sound"):
        assert expected in text
    described = json.loads(fovea("inspect", "weighted.fvm", "--json").stdout)
    assert {"manifest", "sections"} <= described.keys()
    assert described["manifest"]["entries"][0]["name"] == "main"


def test_inspect_describes_a_model(fovea: Run) -> None:
    described = json.loads(fovea("inspect", "weighted.mlir", "--json").stdout)
    assert described["operations"]["fovea.contract"] == 1
    assert described["weight_bytes"] == 24 * 40 * 4


@pytest.mark.parametrize("source", ["linear.mlir", "linear.fvm"])
def test_explain_names_the_form_of_a_product(fovea: Run, source: str) -> None:
    fovea("compile", "linear.mlir")
    assert "fovea.contract by " in fovea("explain", source).stdout
    kernels = json.loads(fovea("explain", source, "--json").stdout)["kernels"]
    assert [kernel["op"] for kernel in kernels] == ["fovea.contract"]
    assert {"form", "refused", "node"} <= kernels[0].keys()


@pytest.mark.parametrize(
    ("model", "op"),
    [
        ("raised", "fovea.attention"),
        ("attention", "fovea.attention"),
        ("probabilities", "linalg.softmax"),
        ("gru", "fovea.rnn"),
    ],
)
def test_explain_says_what_the_ledger_says(
    fovea: Run, tmp_path: Path, model: str, op: str
) -> None:
    assert fovea("compile", f"{model}.mlir").returncode == 0
    kernels = package.load(tmp_path / f"{model}.fvm").ledger["kernels"]
    for source in (f"{model}.mlir", f"{model}.fvm"):
        assert json.loads(fovea("explain", source, "--json").stdout)["kernels"] == kernels
    assert op in {kernel["op"] for kernel in kernels}


def test_attention_that_is_not_raised_is_said_and_may_be_refused(fovea: Run) -> None:
    result = fovea("explain", "probabilities.mlir", "--json")
    missed = [r for r in json.loads(result.stdout)["kernels"] if r["form"] == "decomposed"]
    assert [(r["node"], r["op"]) for r in missed] == [("layer/softmax", "linalg.softmax")]
    assert missed[0]["refused"][0]["form"] == "fovea.attention"
    assert "also reads scores or probabilities" in missed[0]["refused"][0]["text"]
    assert fovea("compile", "probabilities.mlir").returncode == 0
    strict = fovea("compile", "probabilities.mlir", "--require-fused")
    assert strict.returncode == 3
    assert "node 'layer/softmax'" in strict.stderr
    assert "error[FV0401]" in strict.stderr


def test_bench_writes_its_keys(fovea: Run, tmp_path: Path) -> None:
    result = fovea("bench", "linear.mlir", "--time=20", "--json=bench.json", "--threads=1")
    assert result.returncode == 0, result.stderr
    measured = json.loads((tmp_path / "bench.json").read_text())
    assert list(sorted(measured)) == sorted(
        ["name", "threads", "timed", "min_ms", "median_ms", "gflops", "peak_gflops",
         "peak_fraction", "read_gbps", "peak_gbps", "load_ms", "peak_bytes"]
    )  # fmt: skip
    assert measured["threads"] == 1
    assert measured["timed"] == "whole runs, by the host's clock"
    assert 0 < measured["min_ms"] <= measured["median_ms"]
    assert measured["peak_gflops"] > 1
    assert measured["peak_fraction"] == pytest.approx(
        measured["gflops"] / measured["peak_gflops"], rel=1e-6
    )


@pytest.mark.parametrize("source", ["linear.mlir", "weighted.fvm"])
def test_bench_counts_operations_and_weights_for_the_shapes(fovea: Run, source: str) -> None:
    fovea("compile", "weighted.mlir")
    result = fovea("bench", source, "--size=n=7", "--time=20", "--json")
    measured = json.loads(result.stdout)
    outputs = 96 if source == "linear.mlir" else 24
    flops = measured["gflops"] * measured["min_ms"] * 1e6
    assert flops == pytest.approx(2 * 7 * 40 * outputs, rel=1e-6)
    read = round(measured["read_gbps"] * measured["min_ms"] * 1e6)
    # Weights are packed into panels whose last one may be padded; arguments are no weights.
    weights = range(24 * 40 * 4, 64 * 40 * 4 + 1) if source == "weighted.fvm" else range(1)
    assert read in weights


def test_doctor_measures_on_demand(fovea: Run) -> None:
    measured = json.loads(fovea("doctor", "--measure", "--threads=1", "--json").stdout)["peaks"]
    assert measured["threads"] == 1
    assert measured["peak_gflops"] > 1
    assert measured["peak_gbps"] > 0.1


def test_doctor_judges_the_cpu(fovea: Run) -> None:
    result = fovea("doctor", FOVEA_PYTHON="no-such-python")
    assert result.returncode == 0
    assert "cpu" in result.stdout
    assert "WARN  python" in result.stdout


def test_dump_writes_each_phase(fovea: Run, tmp_path: Path) -> None:
    assert fovea("compile", "linear.mlir", "--dump=new/dumped").returncode == 0
    names = sorted(path.name for path in (tmp_path / "new" / "dumped").iterdir())
    assert names == ["graph.mlir", "import.mlir", "kernel.mlir", "llvm.mlir", "schedule.mlir"]
