//===- Report.cpp - what this machine has for CUDA ------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "runtime/CUDA/Report.h"

#include "runtime/CUDA/Device.h"

namespace fovea::cuda {

using fvm::concat;
using fvm::Status;

std::vector<Report> describeMachine() {
  const Driver *driver = nullptr;
  if (Status status = Driver::get(driver); !status.ok())
    return {{false, std::string(status.message())}};
  std::vector<Report> reports = {
      {true, concat("driver '", driver->library(), "' for CUDA ", versionText(driver->version()))}};
  int32_t count = 0;
  if (Status status = Device::count(count); !status.ok())
    return {{false, std::string(status.message())}};
  if (count == 0)
    reports.push_back({false, "the driver finds no device; see CUDA_VISIBLE_DEVICES"});
  for (int32_t index = 0; index < count; ++index) {
    const Device *device = nullptr;
    if (Status status = Device::open(index, device); !status.ok()) {
      reports.push_back({false, std::string(status.message())});
      continue;
    }
    reports.push_back({true, concat("device ", index, ": ", device->name(), ", compute capability ",
                                    device->major(), ".", device->minor(), ", ",
                                    device->memoryBytes() >> 20, " MiB")});
  }
  return reports;
}

} // namespace fovea::cuda
