//===- Forms.h - the ways in which CUDA devices compute an operation ------===//
//
// Forms of warps and blocks, behind which come those of scalar loops (compiler/Targets/Loops).
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_TARGETS_CUDA_FORMS_H
#define FOVEA_COMPILER_TARGETS_CUDA_FORMS_H

#include "compiler/Targets/Loops/Forms.h"

#include "dialects/FoveaWarp/FoveaWarpDialect.h"

namespace fovea::cuda {

/// Warps of a block that share work, and threads of it.
inline constexpr int64_t kWarps = 4, kBlockThreads = kWarps * warp::kWarp;

/// Rows up to which a product is read rather than computed.
inline constexpr int64_t kFewRows = 8;

// Each in the file of its name; both of warps that keep nothing in WarpSums.cpp.
extern const loops::LoopForm kTileAttention;
extern const loops::LoopForm kDecodeTiles;
extern const loops::LoopForm kDecodeAttention;
extern const loops::LoopForm kWarpAttention;
extern const loops::LoopForm kFmaProduct;
extern const loops::LoopForm kWarpProduct;
extern const loops::LoopForm kWarpGates;
extern const loops::LoopForm kResidentGates;

/// TileProduct.cpp; with `tf32` of f32, too, whose operands it rounds.
loops::BoundForm tileProduct(bool tf32);

} // namespace fovea::cuda

#endif // FOVEA_COMPILER_TARGETS_CUDA_FORMS_H
