"""What an artefact must keep of its compilation: bits, memory, use by several threads."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import build_tree
import conformance_cases as cases
import fovea
import numpy as np
import pytest
from build_tree import MODELS, sound
from workloads import Workload, workloads

REAL = ("minilm_b1_s128", "silero_sequence_60", "silero_openvino", "silero_full",
        "g2p_word")  # fmt: skip


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Workload]:
    """The example models with inputs, by name; none when their packages are missing."""
    if not (MODELS / "silero_vad").exists():
        return {}
    found = workloads(MODELS, tmp_path_factory.mktemp("models"))
    return {workload.name: workload for workload in found}


def model_and_inputs(
    name: str, real: dict[str, Workload], folder: Path
) -> tuple[Path, dict[str, np.ndarray]]:
    if name in cases.CASES:
        case = cases.CASES[name]()
        (folder / "model.mlir").write_text(case.text)
        return folder / "model.mlir", case.inputs
    if name not in real:
        pytest.skip(f"{MODELS} lacks the example models (./dev run fetches them)")
    return real[name].source, real[name].feed


def saved(inputs: dict[str, np.ndarray], folder: Path) -> list[str]:
    """Writes the inputs; the arguments that name them."""
    for name, array in inputs.items():
        np.save(folder / f"{name}.npy", array)
    return [f"--input={name}=@{name}.npy" for name in inputs]


def outputs_of(path: Path) -> dict[str, bytes]:
    with np.load(path) as arrays:
        return {name: arrays[name].tobytes() for name in arrays}


@pytest.mark.parametrize("name", [*cases.CASES, *REAL])
def test_a_fresh_process_gives_the_same_bits(
    tmp_path: Path, real: dict[str, Workload], name: str
) -> None:
    """Compile and run in one process, against compile in one and run in another."""
    source, inputs = model_and_inputs(name, real, tmp_path)
    arguments = saved(inputs, tmp_path)
    sound(build_tree.fovea(tmp_path, "run", source, "--out=together.npz", *arguments))
    sound(build_tree.fovea(tmp_path, "compile", source, "-o", "model.fvm"))
    sound(build_tree.fovea(tmp_path, "run", "model.fvm", "--out=apart.npz", *arguments))
    together = outputs_of(tmp_path / "together.npz")
    assert together == outputs_of(tmp_path / "apart.npz")
    here = {key: value.tobytes() for key, value in fovea.compile(source)(**inputs).items()}
    assert together == here


def test_other_inputs_give_other_bits(tmp_path: Path) -> None:
    """The comparison above can fail."""
    case = cases.contraction()
    model = fovea.compile(case.text)
    first = model(**case.inputs)["y"].tobytes()
    case.inputs["b"][0] += 1e-3
    assert model(**case.inputs)["y"].tobytes() != first


@pytest.mark.parametrize("name", ["gru", "attention", "minilm_b1_s128"])
def test_threads_share_a_module_with_a_context_each(
    tmp_path: Path, real: dict[str, Workload], name: str
) -> None:
    source, inputs = model_and_inputs(name, real, tmp_path)
    model = fovea.compile(source, threads=2)
    alone = {key: value.tobytes() for key, value in model(**inputs).items()}

    def run(_: int) -> bool:
        return all(
            {key: value.tobytes() for key, value in model(**inputs).items()} == alone
            for _ in range(4)
        )

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(run, range(8)))


def attention_text(causal: bool) -> str:
    """One head of self-attention over a dynamic length."""
    tensor = 'tensor<1x1x?x64xf32> {fovea.name = "%s", fovea.shape = ["", "", "s", ""]}'
    names = ", ".join(f"%{name}: {tensor % name}" for name in "qkv")
    maps = ", ".join(
        f"affine_map<(b, h, i, j, d, e) -> (b, h, {last})>"
        for last in ("i, d", "j, d", "j, e", "i, e")
    )
    three = ", ".join(["tensor<1x1x?x64xf32>"] * 3)
    return f"""
func.func @main({names}) -> ({tensor % "y"}) attributes {{fovea.entry}} {{
  %c0 = arith.constant 0 : index
  %c2 = arith.constant 2 : index
  %s = tensor.dim %q, %c2 : tensor<1x1x?x64xf32>
  %e = tensor.empty(%s) : tensor<1x1x?x64xf32>
  %r = fovea.attention ins(%q, %k, %v : {three})
      {"offset(%c0) causal" if causal else ""} outs(%e : tensor<1x1x?x64xf32>)
      {{scale = 0.125 : f64, indexing_maps = [{maps}]}} -> tensor<1x1x?x64xf32>
  return %r : tensor<1x1x?x64xf32>
}}
"""


@pytest.mark.parametrize("causal", [False, True])
def test_attention_makes_no_matrix_of_scores_or_mask(causal: bool) -> None:
    model = fovea.compile(attention_text(causal))
    steps = 4096
    # One byte for each pair of query and key is the least that such a matrix would take.
    assert model.peak_bytes(s=steps) < steps * steps / 8
    assert model.peak_bytes(s=2 * steps) <= 2.1 * model.peak_bytes(s=steps)


def lengths_of(workload: Workload) -> Iterator[tuple[int, int]]:
    """Peak bytes at S and at 2S for some S."""
    model = fovea.compile(workload.source)
    for steps in (32, 128, 256):
        yield tuple(model.peak_bytes(batch=2, seq=length) for length in (steps, 2 * steps))


def test_bench_has_all_figures_of_minilm(tmp_path: Path, real: dict[str, Workload]) -> None:
    """Operations by hand: of a layer four square products, two wide ones and attention."""
    if not real:
        pytest.skip(f"{MODELS} lacks the example models (./dev run fetches them)")
    sizes = ["--size=batch=1", "--size=seq=128"]
    source = real["minilm_b1_s128"].source
    sound(build_tree.fovea(tmp_path, "bench", source, *sizes, "--time=50", "--json=bench.json"))
    measured = json.loads((tmp_path / "bench.json").read_text())
    assert all(value is not None for value in measured.values())
    steps, width, wide = 128, 384, 1536
    layer = 2 * steps * width * (4 * width + 2 * wide) + 4 * steps * steps * width
    flops = measured["gflops"] * measured["min_ms"] * 1e6
    assert flops == pytest.approx(6 * layer, rel=1e-6)


def test_bench_has_no_figure_for_what_a_branch_may_leave_out(
    tmp_path: Path, real: dict[str, Workload]
) -> None:
    """Silero's model has a branch for each rate of samples, with weights of its own."""
    if not real:
        pytest.skip(f"{MODELS} lacks the example models (./dev run fetches them)")
    full = real["silero_full"]
    options = ["--time=50", "--json", *saved(full.feed, tmp_path)]
    measured = json.loads(sound(build_tree.fovea(tmp_path, "bench", full.source, *options)).stdout)
    figures = ("gflops", "peak_fraction", "read_gbps")
    assert [measured[name] for name in figures] == [None] * len(figures)


def test_memory_grows_with_the_length_and_not_its_square(real: dict[str, Workload]) -> None:
    if not real:
        pytest.skip(f"{MODELS} lacks the example models (./dev run fetches them)")
    for once, twice in lengths_of(real["minilm_b1_s128"]):
        assert twice <= 2.1 * once
