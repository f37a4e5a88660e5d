//===- Outputs.cpp - values out of the importer ---------------------------===//
//
// Turns what the importer knows about a tensor into SSA values and weights, and finishes the entry
// function: its results, names, unused operations, verification.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Frontends/Onnx/Importer.h"
#include "compiler/Frontends/Onnx/Operators/Operators.h"

#include "compiler/Frontends/Onnx/onnx-ml.pb.h"

#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Transforms/RegionUtils.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace fovea;
using namespace fovea::onnx_frontend;

/// Constants up to this size are attributes of arith.constant (docs/Spec.md, "Modules").
static constexpr size_t kMaxInlineBytes = 64;

namespace {
/// Bytes that something else owns, for the weight store.
class SharedBuffer : public llvm::MemoryBuffer {
public:
  SharedBuffer(ArrayRef<uint8_t> bytes, std::shared_ptr<const void> owner)
      : owner(std::move(owner)) {
    auto *start = reinterpret_cast<const char *>(bytes.data());
    init(start, start + bytes.size(), /*RequiresNullTerminator=*/false);
  }
  BufferKind getBufferKind() const override { return MemoryBuffer_Malloc; }

private:
  std::shared_ptr<const void> owner;
};
} // namespace

std::optional<Shape> Tensor::staticShape() const {
  Shape result;
  for (const SizeExpr &size : shape) {
    if (!size.constant())
      return std::nullopt;
    result.push_back(*size.constant());
  }
  return result;
}

/// True when all elements have the same bytes.
static bool isSplat(const Constant &constant) {
  size_t width = byteWidth(constant.dtype);
  return std::memcmp(constant.bytes.data(), constant.bytes.data() + width,
                     constant.bytes.size() - width) == 0;
}

static Attribute elementAttr(Builder &builder, const Constant &constant, int64_t position) {
  Type type = mlirType(builder.getContext(), constant.dtype);
  if (auto floating = dyn_cast<FloatType>(type)) {
    uint64_t bits = 0;
    size_t width = byteWidth(constant.dtype);
    std::memcpy(&bits, constant.bytes.data() + position * width, width);
    return builder.getFloatAttr(type,
                                APFloat(floating.getFloatSemantics(), APInt(8 * width, bits)));
  }
  APInt bits(64, static_cast<uint64_t>(constant.integerAt(position)));
  return builder.getIntegerAttr(type, bits.trunc(type.getIntOrFloatBitWidth()));
}

Value Importer::weight(const ConstantPtr &constant) {
  auto &b = emitter.b;
  auto type = RankedTensorType::get(constant->shape, emitter.type(constant->dtype));
  std::string name = constant->name.empty() ? "constant" : constant->name;
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(emitter.entry);
  Location loc = NameLoc::get(b.getStringAttr(name));
  if (constant->bytes.empty())
    return tensor::EmptyOp::create(b, loc, type, ValueRange());
  if (constant->bytes.size() <= kMaxInlineBytes) {
    SmallVector<Attribute> elements;
    for (int64_t i = 0; i < constant->elements(); ++i)
      elements.push_back(elementAttr(b, *constant, i));
    return arith::ConstantOp::create(b, loc, DenseElementsAttr::get(type, elements));
  }
  if (isSplat(*constant)) {
    Value scalar = arith::ConstantOp::create(b, loc, cast<TypedAttr>(elementAttr(b, *constant, 0)));
    Value init = tensor::EmptyOp::create(b, loc, type, ValueRange());
    return linalg::FillOp::create(b, loc, scalar, init).getResult(0);
  }
  std::string source = path + "#" + name;
  b.setInsertionPointToStart(module->getBody());
  auto op = WeightOp::create(b, loc, name, source, /*offset=*/0, type, FlatSymbolRefAttr(),
                             PanelsAttr(), ArrayAttr(), FlatSymbolRefAttr(), DenseI64ArrayAttr());
  symbols->insert(op);
  op.setSource(path + "#" + op.getSymName().str());
  keptWeights.emplace_back(op.getSymName().str(), constant);
  b.setInsertionPointToStart(emitter.entry);
  return GetWeightOp::create(b, loc, type, op.getSymName());
}

Value Importer::materialize(const Tensor &tensor) {
  if (tensor.value)
    return tensor.value;
  if (tensor.constant) {
    Value &value = constants[tensor.constant.get()];
    if (!value) {
      value = weight(tensor.constant);
      keptConstants.push_back(tensor.constant);
    }
    return value;
  }
  auto &b = emitter.b;
  Type element = emitter.type(tensor.dtype);
  SmallVector<Value> elements;
  for (const SizeExpr &expr : *tensor.integers)
    elements.push_back(
        tensor.dtype == Dtype::Bool
            ? arith::CmpIOp::create(b, arith::CmpIPredicate::ne, emitter.index(expr),
                                    emitter.constantIndex(0))
                  .getResult()
            : arith::IndexCastOp::create(b, element, emitter.index(expr)).getResult());
  RankedTensorType type = emitter.type(tensor.dtype, tensor.shape);
  if (elements.empty())
    return tensor::EmptyOp::create(b, type, ValueRange());
  return tensor::FromElementsOp::create(b, type, elements);
}

std::shared_ptr<const Integers> Importer::knownIntegers(const Tensor &tensor) {
  if (tensor.integers)
    return tensor.integers;
  if (!isFloat(tensor.dtype) && llvm::any_of(tensor.shape, [](auto &size) { return size.is(0); }))
    return std::make_shared<Integers>();
  if (!tensor.constant || isFloat(tensor.dtype) || tensor.constant->elements() > kMaxIntegers)
    return nullptr;
  auto result = std::make_shared<Integers>();
  for (int64_t i = 0; i < tensor.constant->elements(); ++i)
    result->push_back(tensor.constant->integerAt(i));
  return result;
}

std::optional<SmallVector<std::optional<int64_t>>> Importer::declaredShape(StringRef value) {
  auto found = scopes.back().declared.find(value);
  if (found == scopes.back().declared.end() || !found->second->type().has_tensor_type() ||
      !found->second->type().tensor_type().has_shape())
    return std::nullopt;
  SmallVector<std::optional<int64_t>> result;
  for (const auto &dim : found->second->type().tensor_type().shape().dim())
    result.push_back(dim.has_dim_value() && dim.dim_value() >= 0 ? std::optional(dim.dim_value())
                                                                 : std::nullopt);
  return result;
}

Sizes Importer::withDeclared(Node &node, unsigned output, Sizes shape) {
  if (!node.wants(output))
    return shape;
  auto declared = declaredShape(node.outputNames[output]);
  if (!declared || declared->size() != shape.size())
    return shape;
  for (auto [size, known] : llvm::zip_equal(shape, *declared)) {
    if (!known || size.constant() || !sizes.dependsOnData(size))
      continue;
    emitter.requireEqual(size, *known);
    size = *known;
  }
  return shape;
}

void Importer::annotate(func::FuncOp entry, const onnx::GraphProto &graph,
                        ArrayRef<Tensor> outputs) {
  Builder builder(entry.getContext());
  auto attributes = [&](StringRef name, const Tensor &tensor, bool argument) {
    NamedAttrList list;
    list.append(kNameAttr, builder.getStringAttr(name));
    SmallVector<Attribute> dims;
    bool dynamic = false;
    for (const SizeExpr &size : tensor.shape) {
      auto symbol = size.symbol();
      bool named = symbol && sizes.symbol(*symbol).kind == SizeContext::Kind::Named;
      dims.push_back(builder.getStringAttr(named ? sizes.symbol(*symbol).name : ""));
      dynamic = dynamic || !size.constant();
    }
    if (dynamic)
      list.append(kShapeAttr, builder.getArrayAttr(dims));
    if (StringRef dtype = unsignedName(tensor.dtype); !dtype.empty())
      list.append(kDtypeAttr, builder.getStringAttr(dtype));
    return list.getDictionary(entry.getContext());
  };
  entry->setAttr(kEntryAttr, builder.getUnitAttr());
  for (auto [index, argument] : llvm::enumerate(arguments))
    entry.setArgAttrs(index, attributes(argument.first, argument.second, true));
  for (auto [index, tensor] : llvm::enumerate(outputs))
    entry.setResultAttrs(index, attributes(graph.output(index).name(), tensor, false));
}

bool Importer::finish(const onnx::GraphProto &graph, std::vector<Tensor> outputs) {
  llvm::StringSet<> names;
  for (const onnx::ValueInfoProto &output : graph.output())
    if (output.name().empty() || !names.insert(output.name()).second)
      return complain("FV0005", "output name '" + output.name() + "' is empty or used twice");
  SmallVector<Value> results;
  for (const Tensor &tensor : outputs)
    results.push_back(emitter.cast(materialize(tensor), emitter.type(tensor.dtype, tensor.shape)));
  func::ReturnOp::create(emitter.b, results);
  auto entry = cast<func::FuncOp>(emitter.entry->getParentOp());
  entry.setFunctionType(
      emitter.b.getFunctionType(entry.getArgumentTypes(), TypeRange(ValueRange(results))));
  annotate(entry, graph, outputs);
  return true;
}

/// Removes what no result needs: operations, then weights. The others go to the store.
void Importer::removeUnused() {
  IRRewriter rewriter(module->getContext());
  (void)runRegionDCE(rewriter, module->getBodyRegion());
  moveExpansions(emitter, *module);
  (void)runRegionDCE(rewriter, module->getBodyRegion());
  llvm::StringSet<> used;
  module->walk([&](GetWeightOp op) { used.insert(op.getWeight()); });
  for (auto &[name, constant] : keptWeights) {
    auto op = symbols->lookup<WeightOp>(name);
    if (!used.contains(name))
      symbols->erase(op);
    else
      weights.add(op.getSource(), std::make_unique<SharedBuffer>(constant->bytes, constant->owner));
  }
}

bool Importer::verify() {
  std::string text;
  ScopedDiagnosticHandler handler(module->getContext(), [&](Diagnostic &diagnostic) {
    llvm::raw_string_ostream stream(text);
    if (!text.empty())
      stream << "; ";
    stream << diagnostic.getLocation() << ": " << diagnostic;
    return success();
  });
  if (failed(mlir::verify(*module)))
    return complain("FV0901", "the imported module does not verify: " + text,
                    "report this as an error of the compiler, with the model");
  removeUnused();
  return true;
}

static void loadDialects(MLIRContext &context) {
  context.loadDialect<FoveaDialect, arith::ArithDialect, func::FuncDialect, linalg::LinalgDialect,
                      math::MathDialect, scf::SCFDialect, tensor::TensorDialect>();
}

OwningOpRef<ModuleOp> fovea::importOnnx(MLIRContext &context, StringRef path,
                                        const ImportOptions &options, WeightStore &weights,
                                        ImportSummary &summary, Problems &problems) {
  loadDialects(context);
  auto model = readModel(path, problems);
  if (!model)
    return nullptr;
  size_t before = problems.size();
  Importer importer(&context, path, options, weights, problems, std::move(model));
  auto module = importer.run(summary);
  return problems.size() == before ? std::move(module) : nullptr;
}

OwningOpRef<ModuleOp> fovea::importOnnxBytes(MLIRContext &context, ArrayRef<uint8_t> bytes,
                                             StringRef name, const ImportOptions &options,
                                             WeightStore &weights, ImportSummary &summary,
                                             Problems &problems) {
  loadDialects(context);
  auto model = parseModel(bytes, name, problems);
  if (!model)
    return nullptr;
  size_t before = problems.size();
  Importer importer(&context, name, options, weights, problems, std::move(model));
  importer.forbidFiles();
  auto module = importer.run(summary);
  return problems.size() == before ? std::move(module) : nullptr;
}
