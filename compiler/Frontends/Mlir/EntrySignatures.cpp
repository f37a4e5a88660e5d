//===- EntrySignatures.cpp - names and shapes of entries ------------------===//
//
// Arguments and results are treated alike: a list of types with attributes.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Frontends/Mlir/EntrySignatures.h"
#include "dialects/Fovea/FoveaDialect.h"

#include "mlir/IR/Verifier.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include "llvm/ADT/StringSet.h"

using namespace fovea;
using namespace mlir;

namespace {
/// One argument or result of an entry.
class Slot {
public:
  Slot(func::FuncOp function, unsigned index, bool result)
      : function(function), index(index), result(result) {}

  Type type() const {
    return result ? function.getResultTypes()[index] : function.getArgumentTypes()[index];
  }
  Attribute get(StringRef name) const {
    return result ? function.getResultAttr(index, name) : function.getArgAttr(index, name);
  }
  void set(StringRef name, Attribute value) {
    StringAttr key = StringAttr::get(function.getContext(), name);
    result ? function.setResultAttr(index, key, value) : function.setArgAttr(index, key, value);
  }
  std::string text() const { return (result ? "result" : "arg") + std::to_string(index); }

  /// A handle; MLIR's accessors are not const.
  mutable func::FuncOp function;
  unsigned index;
  bool result;
};
} // namespace

static SmallVector<Slot> slotsOf(func::FuncOp function, bool results) {
  unsigned count = results ? function.getNumResults() : function.getNumArguments();
  SmallVector<Slot> slots;
  for (unsigned index = 0; index < count; ++index)
    slots.emplace_back(function, index, results);
  return slots;
}

SmallVector<func::FuncOp> fovea::entriesOf(ModuleOp module) {
  return llvm::to_vector(
      llvm::make_filter_range(module.getOps<func::FuncOp>(),
                              [](func::FuncOp function) { return function->hasAttr(kEntryAttr); }));
}

/// The type of a slot, null when it is no ranked tensor.
static RankedTensorType tensorOf(const Slot &slot) {
  return dyn_cast<RankedTensorType>(slot.type());
}

void fovea::completeEntries(ModuleOp module) {
  Builder builder(module.getContext());
  if (entriesOf(module).empty())
    for (func::FuncOp function : module.getOps<func::FuncOp>())
      if (function.isPublic() && !function.isExternal())
        function->setAttr(kEntryAttr, builder.getUnitAttr());
  for (func::FuncOp function : entriesOf(module)) {
    for (bool results : {false, true}) {
      for (Slot slot : slotsOf(function, results)) {
        if (!slot.get(kNameAttr))
          slot.set(kNameAttr, builder.getStringAttr(slot.text()));
        RankedTensorType type = tensorOf(slot);
        if (!type || type.hasStaticShape() || slot.get(kShapeAttr))
          continue;
        SmallVector<std::string> symbols;
        for (int64_t dim = 0; dim < type.getRank(); ++dim)
          symbols.push_back(
              type.isDynamicDim(dim) && !results ? slot.text() + "_dim" + std::to_string(dim) : "");
        SmallVector<StringRef> texts(symbols.begin(), symbols.end());
        slot.set(kShapeAttr, builder.getStrArrayAttr(texts));
      }
    }
  }
}

/// Names travel as C strings.
static bool isText(StringRef text) { return text.size() <= 4096 && !text.contains('\0'); }

/// True when `name`, given for elements that the module cannot tell apart, fits their type.
static bool isDtypeOf(Attribute name, Type element) {
  auto text = dyn_cast<StringAttr>(name);
  if (!text || !element.isSignlessInteger())
    return false;
  std::string bits = std::to_string(element.getIntOrFloatBitWidth());
  return element.isInteger(1) ? text == "bool" : text == "i" + bits || text == "u" + bits;
}

/// Checks one slot; `names` are those of its side so far, `symbols` those that arguments bind.
static LogicalResult checkSlot(const Slot &slot, llvm::StringSet<> &names,
                               llvm::StringSet<> &symbols) {
  auto fail = [&](const Twine &what) {
    return slot.function.emitOpError("entry, " + slot.text() + ": " + what);
  };
  RankedTensorType type = tensorOf(slot);
  if (!type || !type.getElementType().isIntOrFloat() || type.getEncoding() || type.getRank() > 16)
    return fail("expected a ranked tensor of numbers of at most 16 dimensions");
  auto name = dyn_cast<StringAttr>(slot.get(kNameAttr));
  if (!name || name.getValue().empty() || !isText(name.getValue()) ||
      !names.insert(name.getValue()).second)
    return fail("expected fovea.name to be a unique, non-empty string");
  if (Attribute dtype = slot.get(kDtypeAttr); dtype && !isDtypeOf(dtype, type.getElementType()))
    return fail("expected fovea.dtype to name the signed or unsigned form of the integers");
  Attribute shape = slot.get(kShapeAttr);
  if (!shape)
    return type.hasStaticShape() ? success() : LogicalResult(fail("expected fovea.shape"));
  auto list = dyn_cast<ArrayAttr>(shape);
  if (!list || static_cast<int64_t>(list.size()) != type.getRank())
    return fail("expected fovea.shape to have one string per dimension");
  for (auto [dim, entry] : llvm::enumerate(list)) {
    auto symbol = dyn_cast<StringAttr>(entry);
    if (!symbol || !isText(symbol.getValue()) || (!symbol.empty() && !type.isDynamicDim(dim)))
      return fail("expected fovea.shape to name dynamic dimensions alone");
    if (slot.result && !symbol.empty() && !symbols.contains(symbol.getValue()))
      return fail("symbol '" + symbol.getValue() + "' is of no argument");
    if (!slot.result && symbol.empty() && type.isDynamicDim(dim))
      return fail("expected a symbol for every dynamic dimension");
    if (!slot.result && !symbol.empty())
      symbols.insert(symbol.getValue());
  }
  return success();
}

LogicalResult fovea::checkEntries(ModuleOp module) {
  SmallVector<func::FuncOp> entries = entriesOf(module);
  if (entries.empty())
    return module.emitError("expected a public function to compile");
  LogicalResult result = success();
  for (func::FuncOp function : entries) {
    if (!function.isPublic() || function.isExternal()) {
      result = function.emitOpError("expected an entry to be public and to have a body");
      continue;
    }
    llvm::StringSet<> symbols;
    for (bool results : {false, true}) {
      llvm::StringSet<> names;
      for (const Slot &slot : slotsOf(function, results))
        if (failed(checkSlot(slot, names, symbols)))
          result = failure();
    }
  }
  return result;
}

/// The slot's type with the sizes of `dims`; updates its fovea.shape.
static Type narrow(Slot &slot, const llvm::StringMap<int64_t> &dims) {
  RankedTensorType type = tensorOf(slot);
  auto shape = dyn_cast_or_null<ArrayAttr>(slot.get(kShapeAttr));
  if (!shape)
    return type;
  SmallVector<int64_t> sizes(type.getShape());
  SmallVector<StringRef> symbols;
  for (auto [dim, entry] : llvm::enumerate(shape)) {
    StringRef symbol = cast<StringAttr>(entry).getValue();
    auto found = dims.find(symbol);
    symbols.push_back(found == dims.end() ? symbol : "");
    if (found != dims.end())
      sizes[dim] = found->second;
  }
  slot.set(kShapeAttr, Builder(type.getContext()).getStrArrayAttr(symbols));
  return RankedTensorType::get(sizes, type.getElementType());
}

static void specializeEntry(func::FuncOp function, const llvm::StringMap<int64_t> &dims) {
  OpBuilder builder(function.getContext());
  SmallVector<Type> arguments, results;
  for (Slot slot : slotsOf(function, false))
    arguments.push_back(narrow(slot, dims));
  for (Slot slot : slotsOf(function, true))
    results.push_back(narrow(slot, dims));
  builder.setInsertionPointToStart(&function.front());
  for (auto [argument, type] : llvm::zip_equal(function.getArguments(), arguments)) {
    if (argument.getType() == type)
      continue;
    Type inside = argument.getType();
    argument.setType(type);
    auto cast = tensor::CastOp::create(builder, function.getLoc(), inside, argument);
    argument.replaceAllUsesExcept(cast, cast);
  }
  function.walk([&](func::ReturnOp exit) {
    builder.setInsertionPoint(exit);
    for (auto [operand, type] : llvm::zip_equal(exit->getOpOperands(), results))
      if (operand.get().getType() != type)
        operand.set(tensor::CastOp::create(builder, exit.getLoc(), type, operand.get()));
  });
  function.setType(builder.getFunctionType(arguments, results));
}

/// Carries the sizes of arguments through the casts into the operations, whose verifiers then see
/// what does not fit.
static LogicalResult foldCasts(ModuleOp module) {
  MLIRContext *context = module.getContext();
  RewritePatternSet patterns(context);
  context->getOrLoadDialect<FoveaDialect>()->getCanonicalizationPatterns(patterns);
  context->getOrLoadDialect<tensor::TensorDialect>()->getCanonicalizationPatterns(patterns);
  GreedyRewriteConfig config;
  config.enableFolding(false).enableConstantCSE(false);
  return success(succeeded(applyPatternsGreedily(module, std::move(patterns), config)) &&
                 succeeded(verify(module)));
}

LogicalResult fovea::specialize(ModuleOp module, const llvm::StringMap<int64_t> &dims) {
  if (dims.empty())
    return success();
  llvm::StringSet<> known;
  for (func::FuncOp function : entriesOf(module))
    for (const Slot &slot : slotsOf(function, false))
      if (auto shape = dyn_cast_or_null<ArrayAttr>(slot.get(kShapeAttr)))
        for (Attribute symbol : shape)
          known.insert(cast<StringAttr>(symbol).getValue());
  LogicalResult result = success();
  for (const auto &item : dims) {
    if (item.first().empty() || !known.contains(item.first()))
      result = module.emitError("no argument has a dimension named '") << item.first() << "'";
    else if (item.second < 1 || item.second > int64_t(1) << 40)
      result = module.emitError("dimension '") << item.first() << "' cannot be " << item.second;
  }
  if (failed(result))
    return result;
  for (func::FuncOp function : entriesOf(module))
    specializeEntry(function, dims);
  return foldCasts(module);
}
