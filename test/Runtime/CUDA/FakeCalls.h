//===- FakeCalls.h - what functions of the CUDA driver for tests share ----===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_TEST_RUNTIME_CUDA_FAKECALLS_H
#define FOVEA_TEST_RUNTIME_CUDA_FAKECALLS_H

#include "runtime/CUDA/DriverApi.h"
#include "test/Runtime/CUDA/FakeDriver.h"

#include <functional>

/// A function that the library exports.
#define FAKE extern "C" __attribute__((visibility("default"))) int

namespace fovea::test {

/// Notes a call; what it is to return.
int called(const std::string &name, const std::string &details = "");
/// The same of a function that needs a current context.
int calledWithin(const std::string &name, const std::string &details = "");

/// Does work now, or keeps it where the stream records.
int queueFake(cuda::StreamHandle stream, std::function<void()> work);

inline std::string on(cuda::StreamHandle stream) {
  return "on " + std::to_string(reinterpret_cast<uintptr_t>(stream));
}

} // namespace fovea::test

#endif // FOVEA_TEST_RUNTIME_CUDA_FAKECALLS_H
