//===- Kernels.h - kernels of tests and what runs them --------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_TEST_RUNTIME_EMULATOR_KERNELS_H
#define FOVEA_TEST_RUNTIME_EMULATOR_KERNELS_H

#include "runtime/Emulator/Launch.h"

#include <gtest/gtest.h>
#include <string>
#include <vector>

namespace fovea::emulator {

/// Numbers of operations, and their texts in the table of sites of every kernel here.
enum Site : int32_t { First, Second, Third, Fourth, Sites };
inline const char *const siteTexts[Sites] = {"the first", "the second", "the third", "the fourth"};

constexpr uint32_t allLanes = ~uint32_t(0);

struct Shape {
  int32_t threads = 32;
  int64_t blocks = 1;
  int32_t sharedBytes = 0;
  bool cooperative = false;
  int32_t localBytes = 0;
};

/// Runs kernels on one emulator, as a context does.
class Launcher {
public:
  Options options;
  std::vector<int64_t> args;
  std::vector<Range> ranges;
  fovea_fault_record *fault = nullptr;

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
                                  shape.localBytes,
                                  int32_t(args.size()),
                                  shape.cooperative,
                                  Sites,
                                  code,
                                  siteTexts};
    return run(kernel, shape.blocks);
  }

  std::optional<Failure> run(const fovea_device_kernel &kernel, int64_t blocks) {
    return emulator.run({&kernel, blocks, args.data(), ranges, fault, options});
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

template <typename Type> Type *pointerOf(int64_t word) {
  return reinterpret_cast<Type *>(intptr_t(word));
}

// What compiled kernels do: an access is announced, then done.

template <typename Type> Type read(fovea_thread *thread, int32_t space, const Type *at, Site site) {
  thread->emulator->access(thread, space, FOVEA_READ, at, sizeof(Type), site);
  return *at;
}

template <typename Type>
void write(fovea_thread *thread, int32_t space, Type *at, Type value, Site site) {
  thread->emulator->access(thread, space, FOVEA_WRITE, at, sizeof(Type), site);
  *at = value;
}

template <typename Type> Type readShared(fovea_thread *thread, int64_t index, Site site) {
  return read(thread, FOVEA_SPACE_SHARED, static_cast<Type *>(thread->shared) + index, site);
}

template <typename Type>
void writeShared(fovea_thread *thread, int64_t index, Type value, Site site) {
  write(thread, FOVEA_SPACE_SHARED, static_cast<Type *>(thread->shared) + index, value, site);
}

template <typename Type> Type readGlobal(fovea_thread *thread, const Type *at, Site site) {
  return read(thread, FOVEA_SPACE_GLOBAL, at, site);
}

template <typename Type> void writeGlobal(fovea_thread *thread, Type *at, Type value, Site site) {
  write(thread, FOVEA_SPACE_GLOBAL, at, value, site);
}

/// A barrier of the block.
inline void sync(fovea_thread *thread, Site site = Fourth) {
  thread->emulator->barrier(thread, 0, (thread->threads + 31) / 32 * 32, site);
}

} // namespace fovea::emulator

#endif // FOVEA_TEST_RUNTIME_EMULATOR_KERNELS_H
