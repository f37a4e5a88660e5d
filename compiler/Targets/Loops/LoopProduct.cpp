//===- LoopProduct.cpp - contraction as scalar loops ----------------------===//
//
// For element types and layouts that the register products do not take: double precision,
// integers, diagonal outputs.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Targets/Loops/Forms.h"
#include "compiler/Targets/Loops/RegionInliner.h"
#include "compiler/Targets/Loops/ScalarLoops.h"

#include "dialects/Fovea/StructuredOps.h"

using namespace mlir;
using namespace fovea;
using namespace fovea::loops;

static bool handles(Operation *op) { return isa<ContractOp>(op); }
static Refusal applies(Operation *) { return {}; }

/// An element in the type of the sum.
static Value widen(Nest &nest, Value value, Type sum) {
  if (value.getType() == sum)
    return value;
  if (isa<FloatType>(sum))
    return arith::ExtFOp::create(nest.builder, nest.loc, sum, value);
  return arith::ExtSIOp::create(nest.builder, nest.loc, sum, value);
}

/// sum + a * b.
static Value accumulate(Nest &nest, Value sum, Value a, Value b) {
  if (!isa<FloatType>(sum.getType()))
    return nest.add(sum, nest.mul(a, b));
  return addProduct(nest, sum, a, b, /*reassociate=*/true);
}

static void schedule(Operation *op, Nest &nest) {
  auto contract = cast<ContractOp>(op);
  SmallVector<Value> extents = extentsOf(nest, contract), rows, summed;
  SmallVector<unsigned> rowDims, summedDims;
  for (unsigned dim = 0; dim < contract.getNumDims(); ++dim) {
    bool isSummed = contract.isReduction(dim);
    (isSummed ? summed : rows).push_back(extents[dim]);
    (isSummed ? summedDims : rowDims).push_back(dim);
  }
  Type type = contract.getSumType();
  parallelRows(nest, nest.product(rows), nest.product(summed), [&](Value row) {
    SmallVector<Value> position(extents.size(), nest.index(0));
    if (!rows.empty())
      for (auto [dim, index] : llvm::zip_equal(rowDims, nest.delinearize(row, rows)))
        position[dim] = index;
    std::function<Value(size_t, Value)> level = [&](size_t depth, Value sum) -> Value {
      if (depth == summed.size()) {
        auto load = [&](Value buffer, AffineMap map) {
          return widen(
              nest,
              memref::LoadOp::create(nest.builder, nest.loc, buffer, nest.apply(map, position)),
              type);
        };
        return accumulate(nest, sum, load(contract.getLhs(), contract.getLhsMap()),
                          load(contract.getRhs(), contract.getRhsMap()));
      }
      return nest
          .loop(nest.index(0), summed[depth], nest.index(1), sum,
                [&](Value iv, ValueRange carried) {
                  position[summedDims[depth]] = iv;
                  return Nest::Carried{level(depth + 1, carried[0])};
                })
          .front();
    };
    Value zero = arith::ConstantOp::create(nest.builder, nest.loc, nest.builder.getZeroAttr(type));
    finishElement(nest, contract, position, level(0, zero));
  });
}

const LoopForm loops::kLoopProduct = {"loop_product", handles, applies, schedule};
