//===- Kernels.h - what runs the kernels of tests -------------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_TEST_RUNTIME_EMULATOR_KERNELS_H
#define FOVEA_TEST_RUNTIME_EMULATOR_KERNELS_H

#include "runtime/Emulator/Launch.h"
#include "test/Runtime/Emulator/DeviceCode.h"

#include <gtest/gtest.h>
#include <string>
#include <vector>

namespace fovea::emulator {

struct Shape {
  int32_t threads = 32;
  int64_t blocks = 1;
  int32_t sharedBytes = 0;
  bool cooperative = false;
  bool atomics = false;
};

/// Runs kernels on one emulator, as a context does.
class Launcher {
public:
  Options options;
  std::vector<int64_t> args;
  std::vector<Range> ranges;
  fovea_fault_record *fault = nullptr;
  Workers workers;

  /// Makes a vector the next argument, a word that is its address, and lets kernels use it.
  template <typename Type> void pass(std::vector<Type> &data, bool writable = true) {
    static const char *const names[] = {"argument 0", "argument 1", "argument 2", "argument 3"};
    ranges.push_back(
        {data.data(), int64_t(data.size() * sizeof(Type)), writable, names[args.size()]});
    args.push_back(int64_t(reinterpret_cast<intptr_t>(data.data())));
  }

  std::optional<Failure> run(fovea_emulated_kernel code, Shape shape) {
    fovea_device_kernel kernel = {"sample",
                                  shape.threads,
                                  shape.sharedBytes,
                                  int32_t(args.size()),
                                  shape.cooperative,
                                  shape.atomics,
                                  Sites,
                                  code,
                                  siteTexts};
    return run(kernel, shape.blocks);
  }

  std::optional<Failure> run(const fovea_device_kernel &kernel, int64_t blocks) {
    return emulator.run({&kernel, blocks, args.data(), ranges, fault, options, workers});
  }

  Emulator emulator;
};

inline std::string textOf(const std::optional<Failure> &failure) {
  return failure ? failure->text : "no failure";
}

/// Expects that the rule was broken, with a text that contains `parts`.
inline void expectBroken(const std::optional<Failure> &failure, Rule rule,
                         std::initializer_list<const char *> parts) {
  ASSERT_TRUE(failure) << "nothing was found";
  EXPECT_EQ(failure->rule, rule) << failure->text;
  for (const char *part : parts)
    EXPECT_NE(failure->text.find(part), std::string::npos)
        << "expected '" << part << "' in: " << failure->text;
}

} // namespace fovea::emulator

#endif // FOVEA_TEST_RUNTIME_EMULATOR_KERNELS_H
