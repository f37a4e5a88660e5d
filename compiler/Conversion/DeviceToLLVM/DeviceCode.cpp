//===- DeviceCode.cpp - conversions of device code to the LLVM dialect ----===//
//
// The shell of a kernel and the patterns that both lowerings share.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Conversion/DeviceToLLVM/DeviceCode.h"
#include "compiler/Conversion/KernelToLLVM/CodeToLLVM.h"

#include "mlir/Conversion/UBToLLVM/UBToLLVM.h"
#include "mlir/Dialect/Arith/Transforms/Passes.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"

using namespace mlir;
using namespace fovea;

std::optional<KernelFacts> fovea::factsOf(Operation *kernel) {
  auto facts = kernel->getAttrOfType<DictionaryAttr>(warp::kKernelAttr);
  if (!facts)
    return std::nullopt;
  auto number = [&](StringRef name) {
    auto value = facts.getAs<IntegerAttr>(name);
    return value ? value.getInt() : 0;
  };
  return KernelFacts{number("threads"), number("shared_bytes"), number("words"),
                     facts.contains("cooperative"), facts.contains("atomics")};
}

void fovea::setFacts(Operation *kernel, const KernelFacts &facts) {
  Builder builder(kernel->getContext());
  NamedAttrList attributes;
  attributes.set("threads", builder.getI64IntegerAttr(facts.threads));
  attributes.set("shared_bytes", builder.getI64IntegerAttr(facts.sharedBytes));
  attributes.set("words", builder.getI64IntegerAttr(facts.words));
  if (facts.cooperative)
    attributes.set("cooperative", builder.getUnitAttr());
  if (facts.atomics)
    attributes.set("atomics", builder.getUnitAttr());
  kernel->setAttr(warp::kKernelAttr, attributes.getDictionary(kernel->getContext()));
}

void fovea::addMemorySpaces(LLVMTypeConverter &converter) {
  converter.addTypeAttributeConversion([](BaseMemRefType type, gpu::AddressSpaceAttr space) {
    unsigned number = 0;
    if (space.getValue() == gpu::AddressSpace::Global)
      number = unsigned(NVVM::NVVMMemorySpace::Global);
    if (space.getValue() == gpu::AddressSpace::Workgroup)
      number = unsigned(NVVM::NVVMMemorySpace::Shared);
    return IntegerAttr::get(IntegerType::get(type.getContext(), 64), number);
  });
}

void fovea::populateDeviceToLLVM(const LLVMTypeConverter &converter, RewritePatternSet &patterns) {
  populateCodeToLLVM(converter, patterns);
  arith::populateCeilFloorDivExpandOpsPatterns(patterns);
  ub::populateUBToLLVMConversionPatterns(converter, patterns);
}

void fovea::moveBody(gpu::GPUFuncOp kernel, LLVM::LLVMFuncOp function,
                     function_ref<SmallVector<Value>(OpBuilder &)> arguments) {
  Location loc = kernel.getLoc();
  Block *first = &kernel.getBody().front();
  OpBuilder builder(kernel.getContext());
  Block *entry = function.addEntryBlock(builder);
  function.getBody().getBlocks().splice(function.getBody().end(), kernel.getBody().getBlocks());
  builder.setInsertionPointToEnd(entry);
  for (auto [argument, value] : llvm::zip_equal(first->getArguments(), arguments(builder)))
    argument.replaceAllUsesWith(value);
  first->eraseArguments(0, first->getNumArguments());
  // The first block has no predecessors: it becomes part of the entry.
  entry->getOperations().splice(entry->end(), first->getOperations());
  first->erase();
  function.walk([&](gpu::ReturnOp op) {
    OpBuilder at(op);
    LLVM::ReturnOp::create(at, loc, ValueRange());
    op.erase();
  });
  kernel.erase();
}

void fovea::relaxAtomics(LLVM::LLVMFuncOp function) {
  function.walk([](LLVM::AtomicRMWOp op) {
    op.setOrdering(LLVM::AtomicOrdering::monotonic);
    op.setSyncscope("device");
  });
  function.walk([](LLVM::AtomicCmpXchgOp op) {
    op.setSuccessOrdering(LLVM::AtomicOrdering::monotonic);
    op.setFailureOrdering(LLVM::AtomicOrdering::monotonic);
    op.setSyncscope("device");
  });
}
