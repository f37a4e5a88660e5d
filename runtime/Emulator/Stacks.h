//===- Stacks.h - stacks of fibres ----------------------------------------===//
//
// Stacks are made once and used again, by block after block and launch after launch. Each has a
// page below it that cannot be touched. Memory is only taken for the pages that are used.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_RUNTIME_EMULATOR_STACKS_H
#define FOVEA_RUNTIME_EMULATOR_STACKS_H

#include "runtime/Emulator/Fiber.h"

#include <cstdint>
#include <vector>

namespace fovea::emulator {

class Stacks {
public:
  Stacks() = default;
  ~Stacks();
  Stacks(const Stacks &) = delete;
  Stacks &operator=(const Stacks &) = delete;

  /// Makes sure that there are `count` stacks; false when there is no memory for them.
  bool reserve(int64_t count);

  /// Stack `index`, of those reserved.
  Stack at(int64_t index) const;

private:
  std::vector<std::byte *> chunks;
};

} // namespace fovea::emulator

#endif // FOVEA_RUNTIME_EMULATOR_STACKS_H
