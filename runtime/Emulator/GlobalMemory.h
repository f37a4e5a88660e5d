//===- GlobalMemory.h - what a launch may touch of global memory ----------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_RUNTIME_EMULATOR_GLOBALMEMORY_H
#define FOVEA_RUNTIME_EMULATOR_GLOBALMEMORY_H

#include "runtime/Emulator/Launch.h"

#include <array>
#include <vector>

namespace fovea::emulator {

class GlobalMemory {
public:
  struct Region {
    uintptr_t begin = 0;
    uint64_t bytes = 0;
    bool writable = false;
    std::string name;
    /// Where the regions up to this one end, the furthest of them.
    uintptr_t furthest = 0;
  };

  /// The memory of a launch.
  void configure(std::span<const Range> ranges, const fovea_fault_record *fault);

  /// The region in which `bytes` at `address` lie, which must be writable for a write; null if none
  /// is. Operations mostly use the region that they used last.
  const Region *find(const void *address, int64_t bytes, bool write, int32_t site) {
    Region &last = regions[lastUsed[size_t(site) % cachedSites]];
    return allows(last, uintptr_t(address), bytes, write)
               ? &last
               : search(uintptr_t(address), bytes, write, site);
  }

  /// Why an access is not allowed, as a clause, and which rule it breaks.
  std::string refusal(const void *address, int64_t bytes, bool write, Rule &rule) const;

  std::span<const Region> all() const { return regions; }

private:
  static constexpr size_t cachedSites = 64;

  static bool allows(const Region &region, uintptr_t address, int64_t bytes, bool write) {
    return address - region.begin < region.bytes && bytes > 0 &&
           uint64_t(bytes) <= region.bytes - (address - region.begin) &&
           (!write || region.writable);
  }
  const Region *search(uintptr_t address, int64_t bytes, bool write, int32_t site);

  /// In the order of their addresses, at least one.
  std::vector<Region> regions = std::vector<Region>(1);
  std::array<uint32_t, cachedSites> lastUsed = {};
};

} // namespace fovea::emulator

#endif // FOVEA_RUNTIME_EMULATOR_GLOBALMEMORY_H
