//===- conformance.cpp - kernels of a GPU in fibres of this processor -----===//
//
// Runs the cases of conformance under some seeds and prints those that fail.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "test/Runtime/Emulator/Conformance.h"

#include <cstdio>

int main() {
  std::string failures;
  for (uint64_t seed = 0; seed < 3; ++seed)
    failures += fovea::emulator::conformanceFailures(seed);
  std::printf("%s%zu cases\n", failures.c_str(), fovea::emulator::conformanceCases().size());
  return failures.empty() ? 0 : 1;
}
