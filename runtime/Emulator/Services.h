//===- Services.h - the table that emulated kernels call ------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_RUNTIME_EMULATOR_SERVICES_H
#define FOVEA_RUNTIME_EMULATOR_SERVICES_H

#include "runtime/include/fovea_device_abi.h"

namespace fovea::emulator {

/// The table with or without checks of plain accesses.
const fovea_emulator &services(bool checkMemory);

} // namespace fovea::emulator

#endif // FOVEA_RUNTIME_EMULATOR_SERVICES_H
