//===- GlobalMemory.cpp - what a launch may touch of global memory --------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "runtime/Emulator/GlobalMemory.h"
#include "runtime/Artifact/Status.h"

#include <algorithm>

namespace fovea::emulator {

using fvm::concat;

void GlobalMemory::configure(std::span<const Range> ranges, const fovea_fault_record *fault) {
  regions.clear();
  for (size_t i = 0; i < ranges.size(); ++i)
    if (ranges[i].bytes > 0)
      regions.push_back(
          {uintptr_t(ranges[i].address), uint64_t(ranges[i].bytes), ranges[i].writable,
           ranges[i].name.empty() ? concat("memory range ", i) : std::string(ranges[i].name)});
  if (fault)
    regions.push_back({uintptr_t(fault), sizeof(*fault), true, "the fault record"});
  if (regions.empty())
    regions.emplace_back();
  std::sort(regions.begin(), regions.end(),
            [](const Region &a, const Region &b) { return a.begin < b.begin; });
  uintptr_t furthest = 0;
  for (Region &region : regions)
    region.furthest = furthest = std::max(furthest, region.begin + region.bytes);
  lastUsed.fill(0);
}

const GlobalMemory::Region *GlobalMemory::search(uintptr_t address, int64_t bytes, bool write,
                                                 int32_t site) {
  auto after =
      std::upper_bound(regions.begin(), regions.end(), address,
                       [](uintptr_t value, const Region &region) { return value < region.begin; });
  while (after != regions.begin() && (--after)->furthest > address)
    if (allows(*after, address, bytes, write)) {
      lastUsed[size_t(site) % cachedSites] = uint32_t(after - regions.begin());
      return &*after;
    }
  return nullptr;
}

std::string GlobalMemory::refusal(const void *pointer, int64_t bytes, bool write,
                                  Rule &rule) const {
  auto address = uintptr_t(pointer);
  const Region *nearest = nullptr;
  uintptr_t least = ~uintptr_t(0);
  for (const Region &region : regions) {
    if (write && allows(region, address, bytes, false)) {
      rule = Rule::ReadOnly;
      return concat("writes ", bytes, " bytes at ", region.name, " + ",
                    int64_t(address - region.begin), ", which is not to be written");
    }
    uintptr_t end = region.begin + region.bytes;
    uintptr_t distance = address < region.begin ? region.begin - address
                         : address < end        ? 0
                                                : address - end;
    if (region.bytes && distance < least) {
      least = distance;
      nearest = &region;
    }
  }
  rule = Rule::Bounds;
  std::string access = concat(write ? "writes " : "reads ", bytes, " bytes ");
  // Far from everything it is no index gone wrong, and the distance says nothing.
  constexpr uintptr_t near = uintptr_t(1) << 40;
  if (!nearest || least > near)
    return concat(access, "of global memory that is not among the launch's arguments");
  bool before = address < nearest->begin;
  return concat(access, "at ", nearest->name, before ? " - " : " + ",
                int64_t(before ? nearest->begin - address : address - nearest->begin),
                ", which has ", int64_t(nearest->bytes), " bytes");
}

} // namespace fovea::emulator
