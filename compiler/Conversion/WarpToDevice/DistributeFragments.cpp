//===- DistributeFragments.cpp - fragments to registers of threads --------===//
//
// The conversion of one fragment to the scalars that each thread holds.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Conversion/WarpToDevice/FragmentLayout.h"
#include "compiler/Conversion/WarpToDevice/Passes.h"

#include "mlir/Dialect/SCF/Transforms/Patterns.h"

namespace fovea {
#define GEN_PASS_DEF_DISTRIBUTEFRAGMENTS
#include "compiler/Conversion/WarpToDevice/Passes.h.inc"
} // namespace fovea

using namespace mlir;
using namespace fovea;

/// What stands for a value of `type`: its registers, nothing for tokens.
static std::optional<LogicalResult> toRegisters(Type type, SmallVectorImpl<Type> &registers) {
  if (isa<warp::CopiesType, warp::CopyGroupType>(type))
    return success();
  if (auto pending = dyn_cast<warp::PendingType>(type))
    type = pending.getFragment();
  auto fragment = dyn_cast<warp::FragmentType>(type);
  if (!fragment)
    return std::nullopt;
  registers.append(fragment.getRegisters(), fragment.getRegisterType());
  return success();
}

namespace {

struct DistributeFragments : fovea::impl::DistributeFragmentsBase<DistributeFragments> {
  void runOnOperation() override {
    TypeConverter converter;
    converter.addConversion([](Type type) { return type; });
    converter.addConversion(toRegisters);
    RewritePatternSet patterns(&getContext());
    populateFragmentArithmetic(converter, patterns);
    populateFragmentMemory(converter, patterns);
    ConversionTarget target(getContext());
    scf::populateSCFStructuralTypeConversionsAndLegality(converter, patterns, target);
    // Whatever else has a fragment is not known.
    target.markUnknownOpDynamicallyLegal([&](Operation *op) { return converter.isLegal(op); });
    if (failed(applyPartialConversion(getOperation(), target, std::move(patterns))))
      return signalPassFailure();
    getOperation().walk([&](warp::MmaSyncOp) { ++numProducts; });
  }
};

} // namespace
