//===- FakeDriver.h - a CUDA driver for tests -----------------------------===//
//
// A library with the functions of libcuda.so.1 that the runtime calls, on the host's memory. What
// it gives as addresses of a device are none of the host, so that a mix-up crashes. Its eight
// devices run the kernels `double_values`, `report_fault`, `shared_hog` and `grid_sum` of
// FakeKernels.cpp; others do nothing.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_TEST_RUNTIME_CUDA_FAKEDRIVER_H
#define FOVEA_TEST_RUNTIME_CUDA_FAKEDRIVER_H

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace fovea::test {

/// What the driver was asked, and what it is to do. The library exports `fake_cuda`, which gives
/// the one state of the process. The environment variables FAKE_CUDA_VERSION, FAKE_CUDA_DEVICES and
/// FAKE_CUDA_FAIL ("cuInit:100") set the fields of those names at the start; FAKE_CUDA_CALLS names
/// a file to which calls are added as lines.
struct FakeCuda {
  int version = 13000, devices = 8, major = 9, minor = 0;
  /// The next call of a function returns the number, or throws where that is kThrow.
  std::map<std::string, int> fail;
  /// Calls in order: the name, then what a test may want to know.
  std::vector<std::string> calls;
  /// A stream that is captured.
  void *captured = nullptr;
  /// First bytes of the module that was loaded last.
  std::string image;
  /// Milliseconds between any two events.
  float elapsed = 2;
  int64_t liveAllocations = 0, allocations = 0;
  /// Most bytes of one allocation.
  uint64_t memory = uint64_t(1) << 30;

  int64_t count(const std::string &start) const {
    int64_t found = 0;
    for (const std::string &call : calls)
      found += call.starts_with(start);
    return found;
  }
};

/// A failure of the fake's own: memory of the host runs out within the call.
inline constexpr int kThrow = -1;

/// Added to an address of the host: an address of a device.
inline constexpr uint64_t kFakeOffset = uint64_t(1) << 60;

/// What a kernel of the fake computes from its words; the last one is the record of faults.
using FakeKernel = void (*)(const int64_t *words, int64_t blocks, int threads);
FakeKernel findFakeKernel(const std::string &name);

template <typename T> T *fakeHost(int64_t address) {
  return reinterpret_cast<T *>(uint64_t(address) - kFakeOffset);
}

} // namespace fovea::test

extern "C" fovea::test::FakeCuda *fake_cuda();

#endif // FOVEA_TEST_RUNTIME_CUDA_FAKEDRIVER_H
