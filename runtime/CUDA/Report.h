//===- Report.h - what this machine has for CUDA --------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_RUNTIME_CUDA_REPORT_H
#define FOVEA_RUNTIME_CUDA_REPORT_H

#include <string>
#include <vector>

namespace fovea::cuda {

/// One sentence: of the driver, or of a device.
struct Report {
  /// False where something is missing; the text says what and what to do.
  bool good;
  std::string text;
};

/// The driver with its version, then each device with name, compute capability and memory. Never
/// fails; a machine without CUDA has one report.
std::vector<Report> describeMachine();

} // namespace fovea::cuda

#endif // FOVEA_RUNTIME_CUDA_REPORT_H
