"""What is wrong with a plug-in, a pipeline or its passes is one message, and no bug of Fovea."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from build_tree import BUILD, ROOT, Done, Run, plugin, sound


def refused(result: Done, code: str, *texts: str) -> None:
    """Exit code 3 with one problem, which has a remedy."""
    assert (result.returncode, result.stdout) == (3, ""), result.stderr
    assert result.stderr.count("error[") == result.stderr.count(f"error[{code}]") == 1
    assert result.stderr.count("\n  try: ") == 1
    for text in texts:
        assert text in result.stderr


@pytest.mark.parametrize("verb", ["compile", "run", "verify", "bench", "explain"])
def test_every_verb_loads_plugins(fovea: Run, verb: str) -> None:
    result = fovea(verb, "linear.mlir", "--pass-plugin=absent.so", "--after=graph:cse")
    refused(result, "FV0330", "absent.so: ", "No such file")


@pytest.mark.parametrize(
    ("library", "text"),
    [
        ("NoEntryPoint", "does not define mlirGetPassPluginInfo"),
        ("MissingSymbol", "undefined symbol: fovea_test_nowhere"),
        ("OtherInterface", "its version is 99, this is version 1"),
    ],
)
def test_a_library_that_is_no_plugin(fovea: Run, library: str, text: str) -> None:
    options = [f"--pass-plugin={plugin(library)}", "--after=graph:cse"]
    refused(fovea("compile", "linear.mlir", *options), "FV0330", f"lib{library}.so: ", text)


@pytest.mark.parametrize(("file", "text"), [("linear.mlir", "ELF"), (".", "it is no file")])
def test_a_file_that_is_no_library(fovea: Run, file: str, text: str) -> None:
    refused(fovea("compile", "linear.mlir", f"--pass-plugin={file}", "--after=graph:cse"),
            "FV0330", f"{file}: ", text)  # fmt: skip


def test_a_plugin_without_a_pipeline(fovea: Run) -> None:
    result = fovea("compile", "linear.mlir", f"--pass-plugin={plugin('DistanceBias')}")
    refused(result, "FV0332", "would not be used")


@pytest.mark.parametrize(
    ("pipeline", "text"),
    [
        ("nowhere", "'nowhere' does not refer to a registered pass"),
        ("faulty-fail", "'faulty-fail' does not refer to a registered pass"),  # of no plug-in here
        ("cse(", "unbalanced parentheses"),
        ("cse,", "'' does not refer"),
        ("cse)", "unbalanced parentheses"),
        ("canonicalize{max-iterations=x}", "canonicalize"),
        ("builtin.module()", "names no pass"),
        ("func.func(fovea-require-extents", "unbalanced"),
        ("fovea-require-extents", "restricted to 'func.func'"),
        ("func.func(fovea-form-kernels)", "restricted to 'builtin.module'"),
    ],
)
def test_a_pipeline_that_cannot_be_read(fovea: Run, pipeline: str, text: str) -> None:
    result = fovea("compile", "linear.mlir", f"--after=graph:{pipeline}")
    refused(result, "FV0332", f"pipeline '{pipeline}' after graph", text)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("grahp:cse", "no phase 'grahp', did you mean 'graph'?"),
        ("cse", "phases are import, graph, schedule, kernel and llvm"),
        ("graph:", "names a phase but no passes"),
    ],
)
def test_a_phase_that_does_not_exist(fovea: Run, value: str, text: str) -> None:
    refused(fovea("compile", "linear.mlir", f"--after={value}"), "FV0310", f"'{value}'", text)


def test_a_phase_that_lies_behind_the_input(fovea: Run) -> None:
    sound(fovea("compile", "linear.mlir", "--stop-after=schedule", "-o", "s.mlir"))
    result = fovea("compile", "s.mlir", "--after=graph:cse")
    refused(result, "FV0333", "after graph would not run", "behind phase 'schedule'")


def test_a_phase_behind_the_last_one(fovea: Run, tmp_path: Path) -> None:
    result = fovea("compile", "linear.mlir", "--stop-after=graph", "--after=kernel:cse", "-o", "g")
    refused(result, "FV0333", "stops after 'graph'")
    assert not (tmp_path / "g").exists()


def test_a_target_without_phases(fovea: Run) -> None:
    result = fovea("run", "linear.mlir", "--target=reference", "--after=import:cse")
    refused(result, "FV0333", "target 'reference'")


def test_an_artefact_takes_no_passes(fovea: Run) -> None:
    sound(fovea("compile", "linear.mlir"))
    for option in ("--after=graph:cse", "--pass-plugin=x.so"):
        result = fovea("run", "linear.fvm", option)
        assert (result.returncode, result.stdout) == (2, "")
        assert "is for models" in result.stderr


@pytest.mark.parametrize(
    "pipeline", ["gpu.module(cse)", "builtin.module(func.func(gpu.func(cse)))"]
)
def test_a_pipeline_for_operations_that_are_not_there(fovea: Run, pipeline: str) -> None:
    refused(
        fovea("compile", "linear.mlir", f"--after=graph:{pipeline}"), "FV0336", "ran on nothing"
    )


@pytest.mark.parametrize(
    ("name", "code", "text"),
    [
        ("fail", "FV0334", "does not like this function; nor any other"),
        ("fail-silently", "FV0334", "it says nothing"),
        ("break", "FV0335", "block with no terminator"),
        ("break-entry", "FV0335", "fovea.entry"),
        ("crash", "FV0334", "crashed"),
    ],
)
@pytest.mark.parametrize("phase", ["import", "graph"])
def test_a_pass_that_goes_wrong(
    fovea: Run, tmp_path: Path, name: str, code: str, text: str, phase: str
) -> None:
    before = sorted(path.name for path in tmp_path.iterdir())
    options = [f"--pass-plugin={plugin('FaultyPasses')}", f"--after={phase}:faulty-{name}"]
    result = fovea("verify", "linear.mlir", *options)
    refused(result, code, f"'faulty-{name}'", f"after {phase}", text)
    assert sorted(path.name for path in tmp_path.iterdir()) == before  # no reproducer of a bug


def test_a_dump_shows_the_module_before_a_pass_that_fails(fovea: Run, tmp_path: Path) -> None:
    options = [f"--pass-plugin={plugin('FaultyPasses')}", "--after=graph:faulty-break"]
    refused(fovea("compile", "linear.mlir", *options, "--dump=d"), "FV0335")
    sound(fovea("compile", "d/graph.mlir", "-o", "m.fvm"))


def test_what_passes_have_changed_is_no_bug_of_the_compiler(fovea: Run) -> None:
    """What the next phase would have done is done already, so that it finds no tensors."""
    result = fovea("compile", "linear.mlir", "--after=graph:fovea-cpu-schedule")
    refused(result, "FV0337", "leave the passes of option after out")


def test_verify_refuses_passes_that_change_the_interface(fovea: Run) -> None:
    options = [f"--pass-plugin={plugin('FaultyPasses')}", "--after=graph:faulty-rename-input"]
    assert fovea("run", "linear.mlir", *options).returncode == 0
    result = fovea("verify", "linear.mlir", *options)
    assert (result.returncode, result.stdout) == (3, "")
    assert "changed the inputs or outputs of 'main'" in result.stderr


def test_a_copy_of_a_plugin_is_refused(fovea: Run, tmp_path: Path) -> None:
    original = plugin("DistanceBias")
    shutil.copy(original, tmp_path / "copy.so")
    options = [f"--pass-plugin={original}", "--pass-plugin=copy.so", "--after=graph:distance-bias"]
    refused(fovea("compile", "attention.mlir", *options), "FV0330", "copy.so: ", str(original))
    (tmp_path / "link.so").symlink_to(original)
    options[1] = "--pass-plugin=link.so"
    sound(fovea("compile", "attention.mlir", *options))


def test_plugins_with_passes_of_one_name(fovea: Run) -> None:
    options = [f"--pass-plugin={plugin(name)}" for name in ("FaultyPasses", "SamePasses")]
    result = fovea("compile", "linear.mlir", *options, "--after=graph:cse")
    refused(result, "FV0334", "libSamePasses.so' crashed", "previously registered for pass faulty")


@pytest.mark.usefixtures("fovea")
def test_a_plugin_that_is_built_anew_needs_a_new_process(tmp_path: Path) -> None:
    """The old passes are never run in the name of the new file."""
    code = """
import shutil, sys
import fovea
original, text = sys.argv[1], open("attention.mlir").read()
shutil.copy(original, "plugin.so")
options = {"pass_plugin": "plugin.so", "after": "graph:distance-bias"}
fovea.compile(text, **options)
fovea.compile(text, **options)
shutil.copy(original, "new.so")
shutil.move("new.so", "plugin.so")
try:
    fovea.compile(text, **options)
except fovea.FoveaError as error:
    print(error)
"""
    command = [sys.executable, "-c", code, str(plugin("DistanceBias"))]
    variables = {"PYTHONPATH": str(ROOT / "python"), "FOVEA_BUILD_DIR": str(BUILD)}
    done = subprocess.run(command, cwd=tmp_path, env=os.environ | variables, capture_output=True,
                          text=True, timeout=300, check=False)  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "has changed since this process loaded it" in done.stdout
