//===- Architecture.h - which code a GPU takes ----------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_RUNTIME_CUDA_ARCHITECTURE_H
#define FOVEA_RUNTIME_CUDA_ARCHITECTURE_H

#include <span>
#include <string_view>
#include <vector>

namespace fovea::cuda {

/// Indices into `targets`, names of sections, of those that a device of compute capability
/// `major`.`minor` takes, the best first: cubins "sm_<number>" of its own major version that are
/// not younger than it, the youngest first; then PTX "compute_<number>" not younger than it, which
/// the driver assembles, the youngest first. Other names are passed over.
std::vector<size_t> rankCode(std::span<const std::string_view> targets, int major, int minor);

} // namespace fovea::cuda

#endif // FOVEA_RUNTIME_CUDA_ARCHITECTURE_H
