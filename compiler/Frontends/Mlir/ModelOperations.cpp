//===- ModelOperations.cpp - what a module in text may consist of ---------===//
//
// A list of what is taken: what is not on it is refused here, by name and place, rather than by
// some pass later.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Frontends/Mlir/ModelOperations.h"
#include "compiler/Base/Phases.h"
#include "dialects/Fovea/FoveaDialect.h"
#include "dialects/FoveaWarp/FoveaWarpDialect.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/StringSet.h"

using namespace fovea;
using namespace mlir;

static constexpr int64_t kMaxRank = 16;

static bool isTakenDialect(StringRef name) {
  static const llvm::StringSet<> whole{"builtin", "arith", "math", "tensor", "linalg", "fovea"};
  return whole.contains(name);
}

/// Of other dialects, what is taken nevertheless; of those taken, what is not.
static bool isTaken(Operation *op) {
  static const llvm::StringSet<> more{"func.func",
                                      "func.return",
                                      "func.call",
                                      "affine.apply",
                                      "affine.min",
                                      "affine.max",
                                      "scf.for",
                                      "scf.if",
                                      "scf.while",
                                      "scf.condition",
                                      "scf.yield",
                                      "scf.forall",
                                      "scf.forall.in_parallel"};
  static const llvm::StringSet<> less{"builtin.unrealized_conversion_cast",
                                      "fovea.proceed_if",
                                      "linalg.pack",
                                      "linalg.unpack",
                                      "tensor.gather",
                                      "tensor.rank",
                                      "tensor.reshape",
                                      "tensor.scatter"};
  StringRef name = op->getName().getStringRef();
  return more.contains(name) ||
         (isTakenDialect(op->getName().getDialectNamespace()) && !less.contains(name));
}

static bool isTakenScalar(Type type) {
  if (auto integer = dyn_cast<IntegerType>(type))
    return integer.isSignless() && llvm::is_contained({1, 8, 16, 32, 64}, integer.getWidth());
  return isa<IndexType, Float16Type, BFloat16Type, Float32Type, Float64Type>(type);
}

static bool isTakenType(Type type) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  if (!tensor)
    return isTakenScalar(type);
  return tensor.getRank() <= kMaxRank && !tensor.getEncoding() &&
         isTakenScalar(tensor.getElementType());
}

static LogicalResult checkValues(Operation *op) {
  auto check = [&](TypeRange types) -> LogicalResult {
    for (Type type : types)
      if (!isTakenType(type))
        return op->emitError("type ") << type
                                      << " is not taken: expected numbers of 8, 16, 32 or 64 bits, "
                                         "booleans, indices, or tensors of them without encoding";
    return success();
  };
  if (failed(check(op->getResultTypes())))
    return failure();
  for (Region &region : op->getRegions())
    for (Block &block : region)
      if (failed(check(block.getArgumentTypes())))
        return failure();
  return success();
}

/// What passes leave on operations for each other is for them to say.
static bool isTakenAttribute(StringRef name) {
  static const llvm::StringSet<> taken{kEntryAttr, kNameAttr,  kShapeAttr,
                                       kDtypeAttr, kPhaseAttr, kUserPassesAttr};
  return !name.contains('.') || taken.contains(name);
}

static LogicalResult checkAttributes(Operation *op) {
  SmallVector<NamedAttribute> all = llvm::to_vector(op->getDiscardableAttrs());
  if (auto function = dyn_cast<func::FuncOp>(op)) {
    for (unsigned number = 0; number < function.getNumArguments(); ++number)
      llvm::append_range(all, function_interface_impl::getArgAttrs(function, number));
    for (unsigned number = 0; number < function.getNumResults(); ++number)
      llvm::append_range(all, function_interface_impl::getResultAttrs(function, number));
  }
  for (NamedAttribute attribute : all)
    if (!isTakenAttribute(attribute.getName()))
      return op->emitError("attribute ") << attribute.getName() << " is not taken in a model";
  return success();
}

static LogicalResult checkFunction(func::FuncOp function) {
  if (function.isExternal())
    return function.emitError("function '") << function.getName() << "' has no body";
  if (!function.getBody().hasOneBlock())
    return function.emitError("expected one block: control flow is scf.for, scf.while and scf.if");
  auto isPlain = [](char c) { return llvm::isAlnum(c) || c == '_'; };
  if (!llvm::all_of(function.getName(), isPlain))
    return function.emitError("expected a name of letters, digits and '_', got '")
           << function.getName() << "'";
  return success();
}

LogicalResult fovea::checkModelOperations(ModuleOp module) {
  LogicalResult result = success();
  module.walk([&](Operation *op) {
    bool misplaced = op->getParentOp() == module.getOperation() ? !isa<func::FuncOp, WeightOp>(op)
                                                                : isa<ModuleOp>(op) && op != module;
    if (misplaced || !isTaken(op))
      result = op->emitError("operation '") << op->getName() << "' is not taken in a model";
    else if (failed(checkValues(op)) || failed(checkAttributes(op)))
      result = failure();
    else if (auto expand = dyn_cast<tensor::ExpandShapeOp>(op);
             expand && expand.getStaticOutputShape() != expand.getResultType().getShape())
      result = op->emitError("expected output_shape to be that of ") << expand.getResultType();
    else if (auto constant = dyn_cast<arith::ConstantOp>(op);
             constant && isa<ElementsAttr>(constant.getValue()) &&
             !isa<DenseIntOrFPElementsAttr>(constant.getValue()))
      result = op->emitError("expected a constant given as dense<...>");
  });
  for (auto function : module.getOps<func::FuncOp>())
    if (failed(checkFunction(function)))
      result = failure();
  return result;
}

LogicalResult fovea::checkFloatTypes(ModuleOp module) {
  Type strange;
  AttrTypeWalker walker;
  walker.addWalk([&](FloatType type) {
    if (isTakenScalar(type))
      return WalkResult::advance();
    strange = type;
    return WalkResult::interrupt();
  });
  // Its own verifier knows what tensor cores take.
  walker.addWalk([](warp::FragmentType) { return WalkResult::skip(); });
  auto isStrange = [&](auto what) {
    return walker.walk<WalkOrder::PreOrder>(what).wasInterrupted();
  };
  WalkResult walked = module.walk([&](Operation *op) {
    bool ends = isStrange(op->getAttrDictionary()) || llvm::any_of(op->getResultTypes(), isStrange);
    for (Region &region : op->getRegions())
      ends = ends || llvm::any_of(region.getArgumentTypes(), isStrange);
    if (!ends)
      return WalkResult::advance();
    op->emitError("type ") << strange << " is not taken: expected f16, bf16, f32 or f64";
    return WalkResult::interrupt();
  });
  return failure(walked.wasInterrupted());
}
