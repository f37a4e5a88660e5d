//===- SharedMemory.cpp - memory of a block in schedules ------------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Targets/CUDA/SharedMemory.h"

#include "dialects/FoveaWarp/FoveaWarpDialect.h"

#include "mlir/Dialect/GPU/IR/GPUDialect.h"

using namespace mlir;
using namespace fovea;

Value cuda::sharedBuffer(loops::Nest &nest, ArrayRef<int64_t> shape, Type element) {
  MLIRContext *context = nest.builder.getContext();
  auto space = gpu::AddressSpaceAttr::get(context, gpu::AddressSpace::Workgroup);
  auto type = MemRefType::get(shape, element, MemRefLayoutAttrInterface(), space);
  return warp::SharedOp::create(nest.builder, nest.loc, type, IntegerAttr());
}
