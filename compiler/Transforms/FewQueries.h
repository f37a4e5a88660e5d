//===- FewQueries.h - when queries count as few ---------------------------===//
//
// Attention of few queries is bound by reading keys: it has forms of its own on every target, and
// attention of any number of queries a branch for it.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_TRANSFORMS_FEWQUERIES_H
#define FOVEA_COMPILER_TRANSFORMS_FEWQUERIES_H

#include <cstdint>

namespace fovea {

/// Queries up to which reading keys is what takes the time: of a head, or of all heads that share
/// its keys where these are read once for them.
inline constexpr int64_t kFewQueries = 16;

/// With fewer keys than these, a CPU's blocks of many queries are ahead from fewer queries on.
inline constexpr int64_t kFewKeys = 4096, kFewQueriesOnFewKeys = 12;

} // namespace fovea

#endif // FOVEA_COMPILER_TRANSFORMS_FEWQUERIES_H
