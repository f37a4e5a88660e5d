"""Each operation of threads and each kind has a case of conformance, or a reason."""
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

from __future__ import annotations

import re

import pytest
from build_tree import ROOT
from gpu import conformance, conformance_atomics

# Operations of threads that no case has, each with its reason.
WITHOUT = {
    "fault": "ends the run; test/Integration/CUDA has runs that it ends",
}
# Enumerators that no case names, each with its reason.
UNNAMED = {
    "FOVEA_ATOMIC_RELAXED": "in each atomic operation; the compiler makes all of them relaxed",
    "FOVEA_ATOMIC_ACQ_REL": "no kernel says it, since the compiler makes all relaxed",
}
KINDS = r"FOVEA_(?:MMA|SHUFFLE|VOTE|APPROX|ATOMIC)_\w+"


def without_case(operations: set[str], text: str) -> set[str]:
    return {name for name in operations if f"fovea_warp.{name} " not in text + " "}


@pytest.fixture(scope="module")
def operations() -> set[str]:
    """Those that the lowerings to a GPU and to the emulator know."""
    files = [ROOT / "dialects" / "FoveaWarp" / f"{part}Ops.td" for part in ("Thread", "Mbarrier")]
    text = "".join(path.read_text() for path in files)
    found = set(re.findall(r': FoveaWarp_\w*Op<"(\w+)"', text))
    assert len(found) > 10
    return found


def test_each_operation_has_a_case_or_a_reason(operations: set[str]) -> None:
    text = conformance.module().replace("\n", " ")
    assert without_case(operations, text) == set(WITHOUT)
    assert without_case({"vote", "no_such"}, text) == {"no_such"}
    assert without_case(operations, text.replace("mbarrier_arrive_copies", "")) > set(WITHOUT)


def test_each_kind_has_a_case_or_a_reason() -> None:
    header = (ROOT / "runtime" / "include" / "fovea_device_abi.h").read_text()
    kinds = set(re.findall(rf"({KINDS}) = ", header))
    folder = ROOT / "test" / "Runtime" / "Emulator"
    cases = "".join(path.read_text() for path in sorted(folder.glob("Conformance*.cpp"))
                    if path.stem in ("Conformance", "ConformanceAtomics"))  # fmt: skip
    named = set(re.findall(rf"Op::\w+, ({KINDS})", cases))
    named |= set(re.findall(rf"Op::\w+, \w+, ({KINDS})", cases))
    assert kinds - named == set(UNNAMED)


def test_results_of_atomics_are_those_of_their_types() -> None:
    found = {kind: conformance_atomics.results(*kind) for kind in conformance_atomics.kinds()}
    assert found["min", "s32"] != found["min", "u32"]
    assert found["max", "s64"] != found["max", "u64"]
    assert len(found["or", "u64"]) == 2 * len(found["or", "u32"]) == 4 * 32
    changed = [found["cas", "u32"][2 * lane] != found["cas", "u32"][2 * lane + 1]
               for lane in range(32)]  # fmt: skip
    assert changed == [lane % 2 == 0 for lane in range(32)]
