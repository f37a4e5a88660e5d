"""Every rule finds what it must find and leaves alone what is right."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import lint  # noqa: E402
from source_tree import Finding, SkipRuleError, Tree, read_tree  # noqa: E402

RULES = {lint.name_of(rule): rule for rule in lint.all_rules()}


def found(name: str, files: dict[str, str]) -> list[Finding]:
    try:
        return sorted(RULES[name].check(Tree(files)))
    except SkipRuleError as reason:
        pytest.skip(str(reason))


@pytest.mark.parametrize("name", RULES)
def test_rule_finds_its_bad_tree_and_nothing_in_no_tree(name: str) -> None:
    assert found(name, RULES[name].BAD)
    assert not found(name, {})


@pytest.mark.parametrize("name", RULES)
def test_rule_is_one_short_file_with_a_sentence(name: str) -> None:
    path = Path(RULES[name].__file__)
    assert len(path.read_text().splitlines()) < 60
    assert RULES[name].__doc__


GOOD_CPP = """//===- Good.cpp - shows what is right -------------------------------------===//
//
// A file that breaks no rule.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Base/Problem.h"
#include "dialects/Fovea/FoveaOps.h"

namespace fovea {
static int twice(int x) { return 2 * x; }
} // namespace fovea
"""


@pytest.mark.parametrize("name", RULES)
def test_rule_accepts_a_good_file(name: str) -> None:
    assert not found(name, {"compiler/Transforms/Good.cpp": GOOD_CPP})


LONG = "  x();\n" * 70


@pytest.mark.parametrize(
    ("text", "count"),
    [
        (f"int f(int a,\n      int b) {{\n{LONG}}}\n", 1),
        (f"LogicalResult Op::verify() const {{\n{LONG}}}\n", 1),
        (f"X::X(int a) : a(a), b(a) {{\n{LONG}}}\n", 1),
        (f"auto f() -> std::vector<int> {{\n{LONG}}}\n", 1),
        (f"struct S {{\n  int f() {{\n{LONG}  }}\n}};\n", 1),
        (f"namespace a {{\n{LONG}}} // namespace a\n", 0),
        (f"struct S : public B {{\n{LONG}}};\n", 0),
        (f"static const int table[] = {{\n{LONG}}};\n", 0),
        (f'const char *s = "{{ ) {{";\n// f() {{\n{LONG}', 0),
        (f"int f() {{\n  if (x) {{\n{LONG}  }}\n}}\n", 1),
    ],
)
def test_function_size_counts_functions_alone(text: str, count: int) -> None:
    assert len(found("function-size", {"compiler/F.cpp": text})) == count


@pytest.mark.parametrize(
    ("run", "is_right"),
    [
        ("fovea-opt %s | FileCheck %s", True),
        ("fovea-opt %s -verify-diagnostics", True),
        ("not fovea-opt %s", True),
        ("fovea compile %s -o %t.fvm\n// RUN: fovea verify %t.fvm", True),
        ("fovea-opt %s > %t\n// RUN: diff %t %s.expected", True),
        ("fovea-opt %s \\\n// RUN:   | FileCheck %s", True),
        ("fovea-opt %s > %t", False),
        ("fovea-opt %s | cat", False),
        ("fovea run %s", False),
    ],
)
def test_lit_run_line_ends_in_a_check(run: str, is_right: bool) -> None:
    assert (not found("lit-run-lines", {"test/x.mlir": f"// RUN: {run}\n"})) == is_right


@pytest.mark.parametrize(
    ("path", "include", "is_right"),
    [
        ("dialects/Fovea/X.cpp", "dialects/Fovea/Y.h", True),
        ("dialects/Fovea/X.cpp", "compiler/Base/Y.h", False),
        ("compiler/Analysis/X.cpp", "compiler/Transforms/Y.h", False),
        ("compiler/Transforms/X.cpp", "compiler/Analysis/Y.h", True),
        ("compiler/Targets/CPU/X.cpp", "runtime/include/fovea_abi.h", True),
        ("compiler/Frontends/Onnx/X.cpp", "compiler/Transforms/Y.h", False),
        ("compiler/Frontends/Onnx/X.cpp", "dialects/Fovea/Y.h", True),
        ("compiler/Driver/X.cpp", "compiler/Frontends/Onnx/Y.h", True),
        ("compiler/Driver/X.cpp", "tools/fovea/Y.h", False),
        ("runtime/Core/X.cpp", "compiler/Base/Y.h", False),
        ("compiler/NewLayer/X.cpp", "vector", False),
    ],
)
def test_layering_follows_the_order(path: str, include: str, is_right: bool) -> None:
    assert (not found("layering", {path: f'#include "{include}"\n'})) == is_right


@pytest.mark.parametrize(
    ("line", "is_right"),
    [
        ("registerAllDialects(registry);", False),
        ("mlir::registerAllPasses();", False),
        ("::mlir::registerAllExtensions(registry);", False),
        ("llvm::InitializeAllTargets();", False),
        ('#include "mlir/InitAllDialects.h"', False),
        ("linalg::registerAllDialectInterfaceImplementations(registry);", True),
        ("arith::registerBufferizableOpInterfaceExternalModels(registry);", True),
        ("llvm::InitializeNativeTarget();", True),
    ],
)
def test_registration_of_everything_is_for_tools(line: str, is_right: bool) -> None:
    assert (not found("registration", {"compiler/X.cpp": f"{line}\n"})) == is_right
    assert not found("registration", {"tools/fovea/fovea.cpp": f"{line}\n"})


def test_constraint_label_needs_verifier_specification_and_test() -> None:
    whole = {
        "dialects/Fovea/X.td": "    - x_c1: a constraint\n    - y_c1: another\n",
        "dialects/Fovea/X.cpp": 'emit(op, "x_c1"); emit(op, prefix + "_c1");\n',
        "docs/Spec.md": "x_c1 y_c1\n",
        "test/Dialects/x.mlir": "// expected-error {{x_c1}} {{y_c1}}\n",
    }
    assert not found("constraints", whole)
    for path in whole:
        assert found("constraints", {**whole, path: "nothing\n"}), path


@pytest.mark.parametrize("name", ["Utils.h", "FooUtil.h", "helper.py", "CommonOps.td", "Misc.cpp"])
def test_file_names_that_say_nothing(name: str) -> None:
    assert found("file-names", {f"compiler/{name}": ""})


@pytest.mark.parametrize("name", ["Commonality.h", "Utilization.h", "Miscompile.cpp"])
def test_file_names_that_say_something(name: str) -> None:
    assert not found("file-names", {f"compiler/{name}": ""})


def git(root: Path, *arguments: str) -> None:
    identity = ["-c", "user.name=test", "-c", "user.email=test@example.org"]
    subprocess.run(["git", "-C", str(root), *identity, *arguments], check=True)


def test_allow_list_may_be_begun_once_and_then_only_shrinks(tmp_path: Path) -> None:
    rule, path = RULES["allow-list"], "test/Lint/allow.txt"
    files = {"compiler/A.cpp": "x\n" * 600, "compiler/B.cpp": "x\n" * 700}
    git(tmp_path, "init", "-q")
    (tmp_path / "test/Lint").mkdir(parents=True)
    for text in ("", "compiler/A.cpp 600\n"):
        (tmp_path / path).write_text(text)
        git(tmp_path, "add", ".")
        git(tmp_path, "commit", "-q", "-m", "x")

    def findings(text: str) -> list[str]:
        return [f.text for f in rule.check(Tree({**files, path: text}, tmp_path))]

    assert not findings("compiler/A.cpp 600\n")
    assert not findings("")
    assert "added or raised" in findings("compiler/A.cpp 600\ncompiler/B.cpp 700\n")[0]
    assert "lower the entry" in findings("compiler/A.cpp 650\n")[0]


def test_lint_writes_its_counts_and_fails_for_a_finding(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lint, "read_tree", lambda root: Tree({"compiler/Utils.h": ""}))
    arguments = ["--rule", "file-names", "--results", str(tmp_path / "lint.json")]
    assert lint.main(arguments) == 1
    assert json.loads((tmp_path / "lint.json").read_text())["failures"] == ["file-names"]
    assert lint.main([*arguments, "dialects"]) == 0


def test_tree_of_a_folder_without_git_leaves_out_what_was_built(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    for name in ("compiler/A.cpp", "build/B.cpp", ".venv/c.py", "dev", "picture.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x\n")
    assert sorted(read_tree(tmp_path).files) == ["compiler/A.cpp", "dev"]
