//===- Recurrent.h - LSTM and GRU modules for tests -----------------------===//
//
// Builds and runs one fovea.lstm or fovea.gru whose attributes a case chooses.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_TEST_COMPILER_TARGETS_REFERENCE_RECURRENT_H
#define FOVEA_TEST_COMPILER_TARGETS_REFERENCE_RECURRENT_H

#include "test/Compiler/Targets/Reference/Evaluate.h"

namespace fovea::reference {

/// The parts of a recurrence that cases vary.
struct RecurrentCase {
  std::string attributes = "";
  std::string order = "";
  std::string activations = "";
  bool peephole = false, lengths = false, batchMajor = false;
  int directions = 1, state = 2;
};

/// Runs an LSTM (four gates) or a GRU (three) of 3 steps, 2 rows, 2 inputs and 2 units: x is
/// wave(., 0), w wave(., 1), r wave(., 2), bias wave(., 3), initial_h wave(., 4), initial_c
/// wave(., 5), peephole wave(., 6), projection wave(., 7), lengths [1, 0]. Gives y, y_h and, for
/// the LSTM, y_c.
Tensors runNamed(const RecurrentCase &c, bool lstm, Mode mode = Mode::Exact);

} // namespace fovea::reference

#endif // FOVEA_TEST_COMPILER_TARGETS_REFERENCE_RECURRENT_H
