//===- Architecture.cpp - which code a GPU takes --------------------------===//
//
// NVIDIA's rules of compatibility: CUDA C++ Programming Guide, "Compute capability" and "PTX
// compatibility".
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "runtime/CUDA/Architecture.h"

#include <algorithm>
#include <charconv>
#include <optional>

namespace fovea::cuda {

/// 90 of "sm_90" behind the prefix "sm_". Names with a letter behind the number ("sm_90a") are for
/// that one architecture, and nothing emits them yet.
static std::optional<int> numberBehind(std::string_view prefix, std::string_view name) {
  if (!name.starts_with(prefix))
    return std::nullopt;
  name.remove_prefix(prefix.size());
  int number = 0;
  auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
  if (error != std::errc() || end != name.data() + name.size() || number < 10)
    return std::nullopt;
  return number;
}

std::vector<size_t> rankCode(std::span<const std::string_view> targets, int major, int minor) {
  struct Candidate {
    size_t index;
    bool assembled;
    int number;
  };
  const int own = 10 * major + minor;
  std::vector<Candidate> candidates;
  for (size_t i = 0; i < targets.size(); ++i) {
    std::optional<int> cubin = numberBehind("sm_", targets[i]);
    std::optional<int> ptx = numberBehind("compute_", targets[i]);
    if (cubin && *cubin / 10 == major && *cubin <= own)
      candidates.push_back({i, true, *cubin});
    if (ptx && *ptx <= own)
      candidates.push_back({i, false, *ptx});
  }
  std::ranges::sort(candidates, [](const Candidate &a, const Candidate &b) {
    return a.assembled != b.assembled ? a.assembled : a.number > b.number;
  });
  std::vector<size_t> order;
  for (const Candidate &candidate : candidates)
    order.push_back(candidate.index);
  return order;
}

} // namespace fovea::cuda
