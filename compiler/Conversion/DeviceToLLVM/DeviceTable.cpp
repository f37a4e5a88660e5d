//===- DeviceTable.cpp - the table of kernels that host code launches -----===//
//
// Writes fovea_device_kernel structures as constant data.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Conversion/DeviceToLLVM/DeviceCode.h"
#include "compiler/Conversion/DeviceToLLVM/Passes.h"
#include "fovea_device_abi.h"

namespace fovea {
#define GEN_PASS_DEF_DEVICETABLE
#include "compiler/Conversion/DeviceToLLVM/Passes.h.inc"
} // namespace fovea

using namespace mlir;
using namespace fovea;

// The structure below is written field by field.
static_assert(sizeof(fovea_device_kernel) == 48 && offsetof(fovea_device_kernel, emulated) == 32);

namespace {

struct DeviceTable : fovea::impl::DeviceTableBase<DeviceTable> {
  void runOnOperation() override {
    SmallVector<Operation *> kernels;
    getOperation().walk([&](Operation *op) {
      if (op->hasAttr(warp::kKernelAttr))
        kernels.push_back(op);
    });
    numKernels += kernels.size();
    MLIRContext *context = &getContext();
    pointer = LLVM::LLVMPointerType::get(context);
    Type i32 = IntegerType::get(context, 32), i64 = IntegerType::get(context, 64);
    entry = LLVM::LLVMStructType::getLiteral(
        context, {pointer, i32, i32, i32, i32, i32, i32, pointer, pointer});
    Location loc = getOperation().getLoc();
    OpBuilder builder = OpBuilder::atBlockEnd(getOperation().getBody());
    LLVM::GlobalOp::create(builder, loc, i64, /*isConstant=*/true, LLVM::Linkage::External,
                           kDeviceKernelCount, builder.getI64IntegerAttr(kernels.size()));
    SmallVector<KernelNames> names;
    for (Operation *kernel : kernels)
      names.push_back(writeNames(builder, kernel));
    auto type = LLVM::LLVMArrayType::get(entry, kernels.size());
    fill(builder, loc, kDeviceKernels, type, LLVM::Linkage::External, [&](Value table) {
      for (auto [place, kernel] : llvm::enumerate(kernels))
        table = LLVM::InsertValueOp::create(builder, loc, table,
                                            writeEntry(builder, loc, kernel, names[place]), place);
      return table;
    });
  }

private:
  /// Names of the globals that hold a kernel's name and the texts of its sites; of those without
  /// sites the second is empty.
  struct KernelNames {
    std::string name, sites;
    int64_t siteCount = 0;
  };

  LLVM::GlobalOp writeText(OpBuilder &builder, Location loc, const Twine &name, StringRef text) {
    std::string bytes = text.str() + '\0';
    auto type = LLVM::LLVMArrayType::get(builder.getI8Type(), bytes.size());
    return LLVM::GlobalOp::create(builder, loc, type, /*isConstant=*/true, LLVM::Linkage::Internal,
                                  name.str(), builder.getStringAttr(bytes));
  }

  /// A constant whose value is what `value` makes of poison.
  void fill(OpBuilder &builder, Location loc, StringRef name, Type type, LLVM::Linkage linkage,
            function_ref<Value(Value)> value) {
    auto global =
        LLVM::GlobalOp::create(builder, loc, type, /*isConstant=*/true, linkage, name, Attribute());
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToStart(builder.createBlock(&global.getInitializer()));
    Value empty = LLVM::PoisonOp::create(builder, loc, type);
    LLVM::ReturnOp::create(builder, loc, value(empty));
  }

  Value addressOf(OpBuilder &builder, Location loc, StringRef symbol) {
    return LLVM::AddressOfOp::create(builder, loc, pointer, symbol);
  }

  KernelNames writeNames(OpBuilder &builder, Operation *kernel) {
    Location loc = kernel->getLoc();
    StringRef name = SymbolTable::getSymbolName(kernel).getValue();
    KernelNames names{("fovea_device_name." + name).str(), "", 0};
    writeText(builder, loc, names.name, name);
    auto sites = kernel->getAttrOfType<ArrayAttr>(warp::kSitesAttr);
    if (!sites || sites.empty())
      return names;
    names.sites = ("fovea_device_sites." + name).str();
    names.siteCount = sites.size();
    for (auto [place, text] : llvm::enumerate(sites.getAsValueRange<StringAttr>()))
      writeText(builder, loc, names.sites + "." + Twine(place), text);
    auto type = LLVM::LLVMArrayType::get(pointer, sites.size());
    fill(builder, loc, names.sites, type, LLVM::Linkage::Internal, [&](Value list) {
      for (int64_t place = 0; place < names.siteCount; ++place) {
        std::string text = names.sites + "." + std::to_string(place);
        list =
            LLVM::InsertValueOp::create(builder, loc, list, addressOf(builder, loc, text), place);
      }
      return list;
    });
    return names;
  }

  Value writeEntry(OpBuilder &builder, Location loc, Operation *kernel, const KernelNames &names) {
    KernelFacts facts = *factsOf(kernel);
    bool emulated = kernel->getParentOp() == getOperation();
    Value null = LLVM::ZeroOp::create(builder, loc, pointer);
    Value result = LLVM::PoisonOp::create(builder, loc, entry);
    int64_t place = 0;
    auto add = [&](Value value) {
      result = LLVM::InsertValueOp::create(builder, loc, result, value, place++);
    };
    add(addressOf(builder, loc, names.name));
    for (int64_t number : {facts.threads, facts.sharedBytes, facts.words,
                           int64_t(facts.cooperative), int64_t(facts.atomics), names.siteCount})
      add(LLVM::ConstantOp::create(builder, loc, builder.getI32Type(),
                                   builder.getI32IntegerAttr(number)));
    add(emulated ? addressOf(builder, loc, SymbolTable::getSymbolName(kernel).getValue()) : null);
    add(names.sites.empty() ? null : addressOf(builder, loc, names.sites));
    return result;
  }

  Type pointer, entry;
};

} // namespace
