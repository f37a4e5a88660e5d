//===- Interpreter.cpp - the oracle ----------------------------------------===//
//
// Checks inputs against the entry's types, and converts tensors to values and back.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Targets/Reference/Execution.h"

#include "dialects/Fovea/FoveaDialect.h"

using namespace mlir;
using namespace fovea;
using namespace fovea::reference;

std::optional<DType> fovea::reference::dtypeOf(Type element, StringRef unsignedName) {
  if (!unsignedName.empty()) {
    std::optional<DType> dtype = dtypeNamed(unsignedName);
    bool fits = dtype && isUnsigned(*dtype) && element.isSignlessInteger(sizeOf(*dtype) * 8);
    return fits ? dtype : std::nullopt;
  }
  Format format = Format::of(element);
  switch (format.kind) {
  case Format::Kind::F64:
    return DType::F64;
  case Format::Kind::F32:
    return DType::F32;
  case Format::Kind::F16:
    return DType::F16;
  case Format::Kind::BF16:
    return DType::BF16;
  default:
    break;
  }
  if (!isa<IntegerType>(element))
    return std::nullopt;
  switch (format.width) {
  case 1:
    return DType::Bool;
  case 8:
    return DType::I8;
  case 16:
    return DType::I16;
  case 32:
    return DType::I32;
  case 64:
    return DType::I64;
  default:
    return std::nullopt;
  }
}

static StringRef textOf(DictionaryAttr attrs, StringRef name) {
  auto attr = attrs ? attrs.getAs<StringAttr>(name) : StringAttr();
  return attr ? attr.getValue() : StringRef();
}

namespace {
/// Turns inputs into values and results into tensors for one entry.
class Entry {
public:
  Entry(func::FuncOp function, Execution &execution) : function(function), execution(execution) {}

  FailureOr<Data> convert(ArrayRef<Tensor> inputs) {
    if (inputs.size() != function.getNumArguments())
      return refuse("expected " + Twine(function.getNumArguments()) + " inputs, got " +
                    Twine(inputs.size()));
    Data data;
    for (auto [index, input] : llvm::enumerate(inputs)) {
      FailureOr<Datum> datum = convertInput(index, input);
      if (failed(datum))
        return failure();
      data.push_back(std::move(*datum));
    }
    return data;
  }

  FailureOr<std::vector<Tensor>> convertResults(const Data &data) {
    std::vector<Tensor> results;
    for (auto [index, datum] : llvm::enumerate(data)) {
      auto type = dyn_cast<RankedTensorType>(function.getResultTypes()[index]);
      std::optional<DType> dtype;
      if (type)
        dtype =
            dtypeOf(type.getElementType(), textOf(function.getResultAttrDict(index), kDtypeAttr));
      if (!dtype)
        return refuse("result " + Twine(index) + " has no type that can leave a run");
      if (isFloat(*dtype) && execution.mode() == Mode::Exact)
        dtype = DType::F64;
      llvm::Expected<Tensor> tensor = Tensor::create(*dtype, datum.array.shape);
      if (!tensor) {
        execution.record({RunError::Kind::Memory, "", 0, 0, llvm::toString(tensor.takeError())});
        return failure();
      }
      for (int64_t element = 0; element < datum.array.count; ++element)
        if (isFloat(*dtype))
          tensor->setReal(element, datum.array.data()[element].real);
        else
          tensor->setInteger(element, datum.array.data()[element].integer);
      results.push_back(std::move(*tensor));
    }
    return results;
  }

private:
  LogicalResult refuse(const Twine &message) {
    execution.record({RunError::Kind::Invalid, "", 0, 0,
                      ("entry '" + function.getName() + "': " + message).str()});
    return failure();
  }

  FailureOr<Datum> convertInput(unsigned index, const Tensor &input) {
    auto type = dyn_cast<RankedTensorType>(function.getArgumentTypes()[index]);
    DictionaryAttr attrs = function.getArgAttrDict(index);
    std::string name = textOf(attrs, kNameAttr).str();
    if (name.empty())
      name = std::to_string(index);
    std::optional<DType> dtype;
    if (type)
      dtype = dtypeOf(type.getElementType(), textOf(attrs, kDtypeAttr));
    if (!dtype)
      return refuse("input '" + name + "' has no type that can enter a run");
    bool fits =
        *dtype == input.dtype() && type.getRank() == static_cast<int64_t>(input.shape().size());
    for (int64_t dim = 0; fits && dim < type.getRank(); ++dim)
      fits = type.isDynamicDim(dim) || type.getDimSize(dim) == input.shape()[dim];
    if (!fits)
      return refuse("input '" + name + "': expected " + wanted(*dtype, type) + ", got " +
                    describe(input.dtype(), input.shape()));
    if (failed(checkSymbols(attrs, name, type, input)))
      return failure();
    FailureOr<Array> array = execution.allocate(input.shape(), function);
    if (failed(array))
      return failure();
    unsigned width = Format::of(type.getElementType()).width;
    for (int64_t element = 0; element < array->count; ++element)
      if (isFloat(*dtype))
        array->mutableData()[element].real = input.real(element);
      else
        array->mutableData()[element].integer = wrapTo(width, input.integer(element));
    return Datum{{0}, std::move(*array)};
  }

  LogicalResult checkSymbols(DictionaryAttr attrs, StringRef name, RankedTensorType type,
                             const Tensor &input) {
    auto symbols = attrs ? attrs.getAs<ArrayAttr>(kShapeAttr) : ArrayAttr();
    if (!symbols || static_cast<int64_t>(symbols.size()) != type.getRank())
      return success();
    for (auto [dim, attr] : llvm::enumerate(symbols)) {
      auto symbol = dyn_cast<StringAttr>(attr);
      if (!symbol || symbol.empty())
        continue;
      auto [entry, inserted] = extents.try_emplace(symbol.getValue(), input.shape()[dim]);
      if (entry->second != input.shape()[dim])
        return refuse("input '" + name + "': dimension '" + symbol.getValue() + "' is " +
                      Twine(input.shape()[dim]) + ", but " + Twine(entry->second) +
                      " in an earlier input");
    }
    return success();
  }

  static std::string wanted(DType dtype, RankedTensorType type) {
    std::string text = nameOf(dtype).str() + "[";
    for (int64_t dim = 0; dim < type.getRank(); ++dim)
      text += (dim ? "x" : "") +
              (type.isDynamicDim(dim) ? std::string("?") : std::to_string(type.getDimSize(dim)));
    return text + "]";
  }

  func::FuncOp function;
  Execution &execution;
  llvm::StringMap<int64_t> extents;
};
} // namespace

FailureOr<std::vector<Tensor>> Interpreter::evaluate(StringRef entry, ArrayRef<Tensor> inputs,
                                                     const EvaluateOptions &options,
                                                     RunError &error) const {
  error = RunError();
  ModuleOp root = module;
  auto function = root.lookupSymbol<func::FuncOp>(entry);
  if (!function) {
    error = {RunError::Kind::Invalid, "", 0, 0, "no function '" + entry.str() + "' in the module"};
    return failure();
  }
  Execution execution(module, weights, options, error);
  Entry converter(function, execution);
  FailureOr<Data> data = converter.convert(inputs);
  if (failed(data))
    return failure();
  FailureOr<Data> results = execution.call(function, std::move(*data));
  // A check that went on with a harmless value has recorded its fault.
  if (failed(results) || error.kind != RunError::Kind::None)
    return failure();
  return converter.convertResults(*results);
}
