//===- AttentionOps.cpp - verification of attention -----------------------===//
//
// Verifier and interface methods of fovea.attention and fovea.capture_load.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "dialects/Fovea/StructuredOps.h"

#include "mlir/IR/PatternMatch.h"

#include <cmath>

using namespace mlir;
using namespace fovea;

/// `dim floordiv by` or `dim mod by`: the positive number `by`.
static std::optional<int64_t> divisorOf(AffineExpr expr, AffineExprKind kind, unsigned dim) {
  auto binary = dyn_cast<AffineBinaryOpExpr>(expr);
  if (!binary || binary.getKind() != kind ||
      binary.getLHS() != getAffineDimExpr(dim, expr.getContext()))
    return std::nullopt;
  auto by = dyn_cast<AffineConstantExpr>(binary.getRHS());
  return by && by.getValue() >= 1 ? std::optional(by.getValue()) : std::nullopt;
}

/// True when `map` lists each of `dims` once; `h floordiv G` counts as h when `group` is given.
static bool permutes(AffineMap map, ArrayRef<unsigned> dims, int64_t *group = nullptr) {
  SmallVector<unsigned> seen;
  for (AffineExpr expr : map.getResults()) {
    if (auto factor = divisorOf(expr, AffineExprKind::FloorDiv, AttentionOp::H); group && factor) {
      *group = *factor;
      expr = getAffineDimExpr(AttentionOp::H, map.getContext());
    }
    auto dim = dyn_cast<AffineDimExpr>(expr);
    if (!dim)
      return false;
    seen.push_back(dim.getPosition());
  }
  llvm::sort(seen);
  return ArrayRef<unsigned>(seen) == dims;
}

/// The size of pages by a map's results of this kind; 0 unless there is exactly one.
static int64_t pageSizeOf(AffineMap map, AffineExprKind kind) {
  int64_t size = 0;
  for (AffineExpr expr : map.getResults())
    if (std::optional<int64_t> by = divisorOf(expr, kind, AttentionOp::J))
      size = size == 0 ? *by : -1;
  return std::max<int64_t>(size, 0);
}

/// `map` of pages as if it named the batch and the key: b for the page, j for the row of it.
static AffineMap asBatches(AffineMap map) {
  SmallVector<AffineExpr> results;
  for (AffineExpr expr : map.getResults())
    if (divisorOf(expr, AffineExprKind::FloorDiv, AttentionOp::J))
      results.push_back(getAffineDimExpr(AttentionOp::B, map.getContext()));
    else if (divisorOf(expr, AffineExprKind::Mod, AttentionOp::J))
      results.push_back(getAffineDimExpr(AttentionOp::J, map.getContext()));
    else
      results.push_back(expr);
  return AffineMap::get(map.getNumDims(), 0, results, map.getContext());
}

int64_t AttentionOp::getGroup() {
  int64_t group = 1;
  AffineMap map = getKeyMap();
  permutes(getPages() ? asBatches(map) : map, {B, H, J, D}, &group);
  return group;
}

int64_t AttentionOp::getPageSize() {
  return getPages() ? pageSizeOf(getKeyMap(), AffineExprKind::FloorDiv) : 0;
}

int64_t AttentionOp::getKeyCount() {
  if (Value pages = getPages()) {
    int64_t blocks = cast<ShapedType>(pages.getType()).getDimSize(1);
    return ShapedType::isDynamic(blocks) ? blocks : blocks * getPageSize();
  }
  unsigned place = *getKeyMap().getResultPosition(getAffineDimExpr(J, getContext()));
  return cast<ShapedType>(getKey().getType()).getDimSize(place);
}

unsigned AttentionOp::getPagePlace(AffineMap map) {
  for (auto [place, expr] : llvm::enumerate(map.getResults()))
    if (divisorOf(expr, AffineExprKind::FloorDiv, J))
      return place;
  llvm_unreachable("attention_c4: one result names the page");
}

AffineMap AttentionOp::getPagesMap() {
  AffineExpr batch = getAffineDimExpr(B, getContext()), key = getAffineDimExpr(J, getContext());
  return AffineMap::get(6, 0, {batch, key.floorDiv(getPageSize())}, getContext());
}

AffineMap AttentionOp::getMapInPage(AffineMap map) {
  if (!getPages())
    return map;
  SmallVector<AffineExpr> results;
  for (AffineExpr expr : map.getResults())
    results.push_back(expr.isFunctionOfDim(J) ? getAffineConstantExpr(0, getContext()) : expr);
  return AffineMap::get(6, 0, results, getContext());
}

FloatType AttentionOp::getScoreType() {
  if (elementTypeOf(getQuery()).isF64())
    return Float64Type::get(getContext());
  return Float32Type::get(getContext());
}

/// The maps of key and value: layouts with a batch, or pages.
static LogicalResult verifyKeyMaps(AttentionOp op) {
  using A = AttentionOp;
  int64_t groups[2] = {1, 1}, pages[2] = {0, 0};
  std::pair<AffineMap, SmallVector<unsigned>> wanted[] = {
      {op.getKeyMap(), {A::B, A::H, A::J, A::D}}, {op.getValueMap(), {A::B, A::H, A::J, A::E}}};
  for (auto [which, want] : llvm::enumerate(wanted)) {
    auto [map, dims] = want;
    bool paged = static_cast<bool>(op.getPages());
    pages[which] = pageSizeOf(map, AffineExprKind::FloorDiv);
    bool valid = paged ? pages[which] > 0 && pages[which] == pageSizeOf(map, AffineExprKind::Mod)
                       : pages[which] == 0;
    if (!valid || !permutes(paged ? asBatches(map) : map, dims, &groups[which]))
      return emitConstraint(op, "attention_c4")
             << "expected a " << (which ? "value" : "key") << " map that permutes ("
             << (paged ? "j floordiv P, H, j mod P, " : "b, H, j, ") << (which ? "e" : "d")
             << "), got " << AffineMapAttr::get(map);
  }
  if (groups[0] != groups[1])
    return emitConstraint(op, "attention_c4") << "expected one group size for key and value, got "
                                              << groups[0] << " and " << groups[1];
  if (pages[0] != pages[1])
    return emitConstraint(op, "attention_c4")
           << "expected one page size for key and value, got " << pages[0] << " and " << pages[1];
  return success();
}

static LogicalResult verifyMaps(AttentionOp op) {
  using A = AttentionOp;
  SmallVector<Value> shaped{op.getQuery(), op.getKey(), op.getValue()};
  llvm::append_range(shaped, op.getCaptures());
  llvm::append_range(shaped, op.getInits());
  if (op.getInits().empty() || op.getInits().size() > 3)
    return emitConstraint(op, "attention_c13")
           << "expected out and optionally lse, or lse and max, in outs";
  if (op.getIndexingMaps().size() != shaped.size())
    return emitConstraint(op, "attention_c2")
           << "expected " << shaped.size() << " indexing maps, got " << op.getIndexingMaps().size();
  for (auto [index, value] : llvm::enumerate(shaped)) {
    AffineMap map = op.getMap(index);
    bool capture = index >= 3 && index < 3 + op.getCaptures().size();
    if (capture && map.getNumDims() == 6 && isTable(value, map))
      continue;
    if (failed(verifyMap(op, "attention_c2", map, 6, value.getType())))
      return failure();
  }
  if (!permutes(op.getQueryMap(), {A::B, A::H, A::I, A::D}))
    return emitConstraint(op, "attention_c3") << "expected a query map that permutes (b, h, i, d), "
                                                 "got "
                                              << AffineMapAttr::get(op.getQueryMap());
  if (!permutes(op.getOutMap(), {A::B, A::H, A::I, A::E}))
    return emitConstraint(op, "attention_c3") << "expected an out map that permutes (b, h, i, e), "
                                                 "got "
                                              << AffineMapAttr::get(op.getOutMap());
  if (failed(verifyKeyMaps(op)))
    return failure();
  for (auto [index, init] : llvm::enumerate(op.getInits().drop_front()))
    if (!permutes(op.getMap(4 + op.getCaptures().size() + index), {A::B, A::H, A::I}) ||
        elementTypeOf(init) != op.getScoreType())
      return emitConstraint(op, "attention_c6")
             << "expected an " << op.getScoreType() << (index == 0 ? " lse" : " max")
             << " whose map permutes (b, h, i), got " << init.getType();
  for (unsigned index = 0; index < op.getCaptures().size(); ++index)
    for (unsigned dim : {A::D, A::E})
      if (op.getCaptureMap(index).isFunctionOfDim(dim))
        return emitConstraint(op, "attention_c7")
               << "expected a capture map over b, h, i and j, got "
               << AffineMapAttr::get(op.getCaptureMap(index));
  return success();
}

static LogicalResult verifyScalarRegions(AttentionOp op) {
  Builder builder(op.getContext());
  Type score = op.getScoreType(), index = builder.getIndexType(), i1 = builder.getI1Type();
  SmallVector<AffineMap> maps;
  for (unsigned i = 0; i < op.getCaptures().size(); ++i)
    maps.push_back(op.getCaptureMap(i));
  SmallVector<Type> scored{score, index, index, index, index};
  ArrayRef<Type> all(scored), positions = all.drop_front();
  struct Check {
    Region &region;
    ArrayRef<Type> leading;
    Type yielded;
  } checks[] = {
      {op.getScore(), all, score}, {op.getMask(), positions, i1}, {op.getProb(), all, score}};
  for (Check &check : checks) {
    if (check.region.empty())
      continue;
    if (failed(verifyRegionTypes(op, "attention_c8", check.region, check.leading, op.getCaptures(),
                                 maps, check.yielded)) ||
        failed(verifyScalarRegion(op, "attention_c9", check.region)))
      return failure();
  }
  return success();
}

static LogicalResult verifyElements(AttentionOp op) {
  Type element = elementTypeOf(op.getQuery());
  SmallVector<Value> shaped{op.getQuery()};
  llvm::append_range(shaped, op.getInits().take_front(1));
  for (Value value : shaped)
    if (Type type = elementTypeOf(value);
        !type.isF32() && !type.isF64() && !type.isF16() && !type.isBF16())
      return emitConstraint(op, "attention_c1")
             << "expected f32, f64, f16 or bf16 elements, got " << type;
  if (elementTypeOf(op.getKey()) != element || elementTypeOf(op.getValue()) != element)
    return emitConstraint(op, "attention_c1")
           << "expected query, key and value of one element type";
  return success();
}

/// True for a tensor of i32 or i64 of this rank.
static bool isCounts(Value value, int64_t rank) {
  auto type = cast<ShapedType>(value.getType());
  return type.getRank() == rank &&
         (type.getElementType().isInteger(32) || type.getElementType().isInteger(64));
}

/// Lengths and pages.
static LogicalResult verifyPages(AttentionOp op) {
  if (Value lengths = op.getLengths(); lengths && !isCounts(lengths, 1))
    return emitConstraint(op, "attention_c15")
           << "expected lengths of i32 or i64 of shape [B], got " << lengths.getType();
  Value pages = op.getPages();
  if (!pages)
    return success();
  if (!isCounts(pages, 2))
    return emitConstraint(op, "attention_c15")
           << "expected pages of i32 or i64 of shape [B, blocks], got " << pages.getType();
  for (auto [map, pool] :
       {std::pair(op.getKeyMap(), op.getKey()), std::pair(op.getValueMap(), op.getValue())})
    for (auto [place, expr] : llvm::enumerate(map.getResults()))
      if (divisorOf(expr, AffineExprKind::Mod, AttentionOp::J) &&
          cast<ShapedType>(pool.getType()).getDimSize(place) != op.getPageSize())
        return emitConstraint(op, "attention_c15")
               << "expected pages of the static size " << op.getPageSize() << ", got "
               << pool.getType();
  return success();
}

/// True when a value of a region comes from positions and constants alone.
static bool isOfPositions(Value value, unsigned leading) {
  SmallVector<Value> open{value};
  llvm::SmallPtrSet<Operation *, 8> seen;
  while (!open.empty()) {
    Value next = open.pop_back_val();
    Operation *def = next.getDefiningOp();
    unsigned number = def ? leading : cast<BlockArgument>(next).getArgNumber();
    if (number < leading || number >= leading + 4 || isa_and_nonnull<CaptureLoadOp>(def))
      return false;
    if (def && seen.insert(def).second)
      llvm::append_range(open, def->getOperands());
  }
  return true;
}

/// Tables of a packed attention are read where positions say, which the run checks.
static LogicalResult verifyPackedTables(AttentionOp op) {
  for (Region &region : op->getRegions())
    for (auto load : region.getOps<CaptureLoadOp>())
      for (Value index : load.getIndices())
        if (!isOfPositions(index, &region == &op.getMask() ? 0 : 1))
          return emitConstraint(op, "attention_c16")
                 << "expected indices computed from positions and constants with sequences";
  return success();
}

static LogicalResult verifySequences(AttentionOp op) {
  Value queries = op.getQueryStarts(), keys = op.getKeyStarts();
  if (!queries) {
    if (op.getAlignEnds())
      return emitConstraint(op, "attention_c16") << "expected sequences with align_ends";
    return success();
  }
  if (!isCounts(queries, 1) || !isCounts(keys, 1))
    return emitConstraint(op, "attention_c16")
           << "expected sequences of i32 or i64 of shape [N + 1], got " << queries.getType()
           << " and " << keys.getType();
  int64_t size = cast<ShapedType>(queries.getType()).getDimSize(0);
  int64_t other = cast<ShapedType>(keys.getType()).getDimSize(0);
  if (size == 0 || other == 0 ||
      (!ShapedType::isDynamic(size) && !ShapedType::isDynamic(other) && size != other))
    return emitConstraint(op, "attention_c16")
           << "expected as many starts of queries as of keys, and one at least, got " << size
           << " and " << other;
  if (op.getLengths() || op.getPages())
    return emitConstraint(op, "attention_c16") << "expected sequences without lengths and pages";
  unsigned batch =
      *op.getQueryMap().getResultPosition(getAffineDimExpr(AttentionOp::B, op.getContext()));
  if (cast<ShapedType>(op.getQuery().getType()).getDimSize(batch) != 1)
    return emitConstraint(op, "attention_c16")
           << "expected a batch extent of 1 with sequences, got " << op.getQuery().getType();
  return verifyPackedTables(op);
}

LogicalResult AttentionOp::verify() {
  if (failed(verifyElements(*this)) || failed(verifyMaps(*this)) || failed(verifyPages(*this)) ||
      failed(verifySequences(*this)))
    return failure();
  SmallVector<AffineMap> maps{getQueryMap(), getMapInPage(getKeyMap()),
                              getMapInPage(getValueMap())};
  SmallVector<Value> shaped{getQuery(), getKey(), getValue()};
  if (getPages()) {
    maps.push_back(getPagesMap());
    shaped.push_back(getPages());
  }
  if (getLengths()) {
    maps.push_back(AffineMap::get(6, 0, getAffineDimExpr(B, getContext()), getContext()));
    shaped.push_back(getLengths());
  }
  if (Value slopes = getSlopes()) {
    auto type = cast<ShapedType>(slopes.getType());
    if (type.getRank() != 1 || type.getElementType() != getScoreType())
      return emitConstraint(*this, "attention_c17")
             << "expected slopes of " << getScoreType() << " of shape [H], got " << type;
    maps.push_back(AffineMap::get(6, 0, getAffineDimExpr(H, getContext()), getContext()));
    shaped.push_back(slopes);
  }
  for (auto [index, capture] : llvm::enumerate(getCaptures())) {
    if (isTable(capture, getCaptureMap(index)))
      continue;
    maps.push_back(getCaptureMap(index));
    shaped.push_back(capture);
  }
  for (auto [index, init] : llvm::enumerate(getInits())) {
    maps.push_back(getMap(3 + getCaptures().size() + index));
    shaped.push_back(init);
  }
  if (failed(verifyExtents(*this, "attention_c5", maps, shaped, Division::Exact)) ||
      failed(verifyScalarRegions(*this)))
    return failure();
  if ((getCausal() || getWindow()) && !getOffset())
    return emitConstraint(*this, "attention_c10") << "expected an offset with causal or window";
  if (getWindow() && (getWindow()->size() != 2 ||
                      llvm::any_of(*getWindow(), [](int64_t bound) { return bound < -1; })))
    return emitConstraint(*this, "attention_c11")
           << "expected a window of two counts, each at least -1";
  double scale = getScale().convertToDouble();
  if (!std::isfinite(scale))
    return emitConstraint(*this, "attention_c12") << "expected a finite scale";
  if (getSoftcap()) {
    double cap = getSoftcap()->convertToDouble();
    if (!std::isfinite(cap) || cap <= 0)
      return emitConstraint(*this, "attention_c12") << "expected a finite positive softcap";
  }
  if (failed(verifySchedule(*this, "attention_c14", getScheduleAttr(), /*keys=*/true)))
    return failure();
  return verifyDestinations(*this, "attention_c13", getInits());
}

void AttentionOp::getEffects(
    SmallVectorImpl<SideEffects::EffectInstance<MemoryEffects::Effect>> &effects) {
  addDestinationEffects(*this, effects);
}

LogicalResult AttentionOp::reifyResultShapes(OpBuilder &builder,
                                             ReifiedRankedShapedTypeDims &shapes) {
  return reifyDestinationShapes(builder, *this, shapes);
}

LogicalResult CaptureLoadOp::verify() {
  auto type = cast<ShapedType>(getTable().getType());
  if (static_cast<int64_t>(getIndices().size()) != type.getRank())
    return emitConstraint(*this, "capture_load_c1")
           << "expected " << type.getRank() << " indices, got " << getIndices().size();
  if (getResult().getType() != type.getElementType())
    return emitConstraint(*this, "capture_load_c2")
           << "expected a result of type " << type.getElementType();
  return success();
}
