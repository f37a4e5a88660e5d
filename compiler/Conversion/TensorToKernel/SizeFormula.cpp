//===- SizeFormula.cpp - sizes as formulas of symbolic dimensions ---------===//
//
// Follows views to buffers, and index arithmetic to symbols.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Conversion/TensorToKernel/SizeFormula.h"

#include "compiler/Conversion/TensorToKernel/SizeSlice.h"
#include "dialects/Fovea/FoveaDialect.h"
#include "dialects/FoveaKernel/FoveaKernelDialect.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/IR/Matchers.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace fovea;

SizeFormula::SizeFormula(func::FuncOp entry)
    : entry(entry), symbols(entry->getAttrOfType<ArrayAttr>(kSymbolsAttr)) {}

Attribute SizeFormula::number(int64_t value) {
  return IntegerAttr::get(IntegerType::get(entry.getContext(), 64), value);
}

static std::optional<int64_t> fold(StringRef op, int64_t a, int64_t b) {
  if ((op == "floordiv" || op == "ceildiv" || op == "mod") && b <= 0)
    return std::nullopt;
  return llvm::StringSwitch<int64_t>(op)
      .Case("+", a + b)
      .Case("-", a - b)
      .Case("*", a * b)
      .Case("floordiv", b > 0 ? llvm::divideFloorSigned(a, b) : 0)
      .Case("ceildiv", b > 0 ? llvm::divideCeilSigned(a, b) : 0)
      .Case("mod", b > 0 ? llvm::mod(a, b) : 0)
      .Case("min", std::min(a, b))
      .Default(std::max(a, b));
}

Attribute SizeFormula::combine(StringRef op, Attribute a, Attribute b) {
  if (!a || !b)
    return {};
  if (op == "*")
    return multiply(a, b);
  auto left = dyn_cast<IntegerAttr>(a), right = dyn_cast<IntegerAttr>(b);
  if (left && right) {
    std::optional<int64_t> folded = fold(op, left.getInt(), right.getInt());
    return folded ? number(*folded) : Attribute();
  }
  bool unchanged = right && ((right.getInt() == 0 && (op == "+" || op == "-")) ||
                             (right.getInt() == 1 && op.ends_with("div")));
  if (unchanged)
    return a;
  return ArrayAttr::get(entry.getContext(), {StringAttr::get(entry.getContext(), op), a, b});
}

Attribute SizeFormula::multiply(Attribute a, Attribute b) {
  if (!a || !b)
    return {};
  int64_t factor = 1;
  SmallVector<Attribute> others;
  for (Attribute part : {a, b}) {
    auto list = dyn_cast<ArrayAttr>(part);
    bool isProduct = list && cast<StringAttr>(list[0]).getValue() == "*";
    for (Attribute item : isProduct ? list.getValue().drop_front() : ArrayRef<Attribute>(part)) {
      if (auto constant = dyn_cast<IntegerAttr>(item))
        factor *= constant.getInt();
      else
        others.push_back(item);
    }
  }
  if (others.empty() || factor == 0)
    return number(factor);
  if (others.size() == 1 && factor == 1)
    return others.front();
  SmallVector<Attribute> product{StringAttr::get(entry.getContext(), "*")};
  if (factor != 1)
    product.push_back(number(factor));
  product.append(others);
  return ArrayAttr::get(entry.getContext(), product);
}

Attribute SizeFormula::valueOf(OpFoldResult size) {
  if (auto value = dyn_cast<Value>(size))
    return valueOf(value);
  return number(cast<IntegerAttr>(cast<Attribute>(size)).getInt());
}

Attribute SizeFormula::valueOf(AffineExpr expr, unsigned dims, ValueRange operands) {
  if (auto constant = dyn_cast<AffineConstantExpr>(expr))
    return number(constant.getValue());
  if (auto dim = dyn_cast<AffineDimExpr>(expr))
    return valueOf(operands[dim.getPosition()]);
  if (auto symbol = dyn_cast<AffineSymbolExpr>(expr))
    return valueOf(operands[dims + symbol.getPosition()]);
  auto binary = cast<AffineBinaryOpExpr>(expr);
  StringRef op;
  switch (binary.getKind()) {
  case AffineExprKind::Add:
    op = "+";
    break;
  case AffineExprKind::Mul:
    op = "*";
    break;
  case AffineExprKind::FloorDiv:
    op = "floordiv";
    break;
  case AffineExprKind::CeilDiv:
    op = "ceildiv";
    break;
  default:
    op = "mod";
  }
  return combine(op, valueOf(binary.getLHS(), dims, operands),
                 valueOf(binary.getRHS(), dims, operands));
}

Attribute SizeFormula::extremumOf(StringRef op, AffineMap map, ValueRange operands) {
  Attribute best = valueOf(map.getResult(0), map.getNumDims(), operands);
  for (AffineExpr expr : map.getResults().drop_front())
    best = combine(op, best, valueOf(expr, map.getNumDims(), operands));
  return best;
}

/// Integer arithmetic of sizes, which are never negative, by name.
static StringRef operatorOf(Operation *op) {
  return TypeSwitch<Operation *, StringRef>(op)
      .Case([](arith::AddIOp) { return "+"; })
      .Case([](arith::SubIOp) { return "-"; })
      .Case([](arith::MulIOp) { return "*"; })
      .Case<arith::FloorDivSIOp, arith::DivSIOp, arith::DivUIOp>([](auto) { return "floordiv"; })
      .Case<arith::CeilDivSIOp, arith::CeilDivUIOp>([](auto) { return "ceildiv"; })
      .Case<arith::RemSIOp, arith::RemUIOp>([](auto) { return "mod"; })
      .Case<arith::MinSIOp, arith::MinUIOp>([](auto) { return "min"; })
      .Case<arith::MaxSIOp, arith::MaxUIOp>([](auto) { return "max"; })
      .Default([](Operation *) { return ""; });
}

Attribute SizeFormula::valueOf(Value index) {
  APInt constant;
  if (matchPattern(index, m_ConstantInt(&constant)))
    return number(constant.getSExtValue());
  Operation *op = index.getDefiningOp();
  if (!op)
    return {};
  if (auto symbol = dyn_cast<kernel::SymbolOp>(op))
    return symbols ? symbols[symbol.getIndex()] : Attribute();
  if (auto dim = dyn_cast<memref::DimOp>(op)) {
    std::optional<int64_t> place = dim.getConstantIndex();
    return place ? sizeOf(dim.getSource(), *place) : Attribute();
  }
  if (auto apply = dyn_cast<affine::AffineApplyOp>(op))
    return extremumOf("", apply.getAffineMap(), apply.getMapOperands());
  if (auto least = dyn_cast<affine::AffineMinOp>(op))
    return extremumOf("min", least.getMap(), least.getOperands());
  if (auto most = dyn_cast<affine::AffineMaxOp>(op))
    return extremumOf("max", most.getMap(), most.getOperands());
  if (isa<arith::IndexCastOp, arith::IndexCastUIOp, arith::ExtSIOp, arith::ExtUIOp>(op))
    return valueOf(op->getOperand(0));
  StringRef name = operatorOf(op);
  if (name.empty())
    return {};
  return combine(name, valueOf(op->getOperand(0)), valueOf(op->getOperand(1)));
}

/// The dynamic size that belongs to dimension `dim` of `type`.
static Value dynamicSize(MemRefType type, unsigned dim, ValueRange sizes) {
  return sizes[type.getDynamicDimIndex(dim)];
}

Attribute SizeFormula::sizeOf(Value memref, unsigned dim) {
  auto type = cast<MemRefType>(memref.getType());
  // Code that never runs may ask for a dimension that is not there.
  if (dim >= type.getRank())
    return {};
  if (!type.isDynamicDim(dim))
    return number(type.getDimSize(dim));
  if (auto argument = dyn_cast<BlockArgument>(memref)) {
    Operation *parent = argument.getOwner()->getParentOp();
    if (auto loop = dyn_cast<scf::ForOp>(parent))
      return sizeOf(loop.getTiedLoopInit(argument)->get(), dim);
    if (parent != entry)
      return {};
    auto shape = entry.getArgAttrOfType<ArrayAttr>(argument.getArgNumber(), kShapeAttr);
    auto symbol = shape && dim < shape.size() ? dyn_cast<StringAttr>(shape[dim]) : StringAttr();
    return symbol && !symbol.empty() ? symbol : Attribute();
  }
  return TypeSwitch<Operation *, Attribute>(memref.getDefiningOp())
      .Case<kernel::ArenaOp, kernel::AllocateOp, kernel::OutputOp>(
          [&](auto op) { return valueOf(dynamicSize(type, dim, op.getSizes())); })
      .Case<memref::AllocOp, memref::AllocaOp>(
          [&](auto op) { return valueOf(dynamicSize(type, dim, op.getDynamicSizes())); })
      .Case([&](memref::CastOp op) { return sizeOf(op.getSource(), dim); })
      .Case([&](memref::ReinterpretCastOp op) { return valueOf(op.getMixedSizes()[dim]); })
      .Case([&](memref::ExpandShapeOp op) { return valueOf(op.getMixedOutputShape()[dim]); })
      .Case([&](memref::SubViewOp op) {
        llvm::SmallBitVector dropped = op.getDroppedDims();
        for (auto [place, size] : llvm::enumerate(op.getMixedSizes()))
          if (!dropped[place] && dim-- == 0)
            return valueOf(size);
        return Attribute();
      })
      .Case([&](memref::CollapseShapeOp op) {
        Attribute size = number(1);
        for (int64_t place : op.getReassociationIndices()[dim])
          size = multiply(size, sizeOf(op.getSrc(), place));
        return size;
      })
      .Case([&](memref::TransposeOp op) {
        auto from = cast<AffineDimExpr>(op.getPermutation().getResult(dim));
        return sizeOf(op.getIn(), from.getPosition());
      })
      .Case([&](scf::ForOp op) {
        return sizeOf(op.getInitArgs()[cast<OpResult>(memref).getResultNumber()], dim);
      })
      .Default([](Operation *) { return Attribute(); });
}

Attribute SizeFormula::tripCount(scf::ForOp loop) {
  Attribute span = combine("-", valueOf(loop.getUpperBound()), valueOf(loop.getLowerBound()));
  return combine("ceildiv", span, valueOf(loop.getStep()));
}
