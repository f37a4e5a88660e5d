//===- OperatorTable.cpp - what the ONNX importer supports ----------------===//
//
// The table, by name.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Frontends/Onnx/OperatorTable.h"

#include "compiler/Frontends/Onnx/Operators/Operators.h"
#include "compiler/Frontends/Onnx/Support.h"

using namespace fovea;
using namespace fovea::onnx_frontend;

static constexpr uint32_t kAll = ~0u;
static constexpr uint32_t kReal = kFloats | kSigned;

// clang-format off
static constexpr Operator kOperators[] = {
    // name, since opset, inputs (least, most), outputs, types, inputs like input 0, import, note
    {"Abs", 7, 1, 1, 1, kNumbers, 0, importUnary, ""},
    {"Acos", 7, 1, 1, 1, kFloats, 0, importUnary, ""},
    {"Acosh", 9, 1, 1, 1, kFloats, 0, importUnary, ""},
    {"Add", 7, 2, 2, 1, kNumbers, kAll, importBinary, ""},
    {"And", 7, 2, 2, 1, kBool, kAll, importBinary, ""},
    {"ArgMax", 7, 1, 1, 1, kNumbers, 0, importArgExtreme, ""},
    {"ArgMin", 7, 1, 1, 1, kNumbers, 0, importArgExtreme, ""},
    {"Asin", 7, 1, 1, 1, kFloats, 0, importUnary, ""},
    {"Asinh", 9, 1, 1, 1, kFloats, 0, importUnary, ""},
    {"Atan", 7, 1, 1, 1, kFloats, 0, importUnary, ""},
    {"Atanh", 9, 1, 1, 1, kFloats, 0, importUnary, ""},
    {"Attention", 23, 3, 7, 4, kFloats, 0b110110, importAttention, ""},
    {"AveragePool", 7, 1, 1, 1, kFloats, 0, importPool, ""},
    {"BatchNormalization", 7, 5, 5, 5, kFloats, 0, importBatchNormalization,
     ""},
    {"BitCast", 26, 1, 1, 1, kAnyType, 0, importBitCast, ""},
    {"BitShift", 11, 2, 2, 1, kInts, kAll, importBitShift, ""},
    {"BitwiseAnd", 18, 2, 2, 1, kInts, kAll, importBinary, ""},
    {"BitwiseNot", 18, 1, 1, 1, kInts, 0, importUnary, ""},
    {"BitwiseOr", 18, 2, 2, 1, kInts, kAll, importBinary, ""},
    {"BitwiseXor", 18, 2, 2, 1, kInts, kAll, importBinary, ""},
    {"Cast", 7, 1, 1, 1, kAnyType, 0, importCast, ""},
    {"CastLike", 15, 2, 2, 1, kAnyType, 0, importCast, ""},
    {"Ceil", 7, 1, 1, 1, kFloats, 0, importUnary, ""},
    {"Celu", 12, 1, 1, 1, kFloats, 0, importUnary, ""},
    {"Clip", 7, 1, 3, 1, kNumbers, kAll, importClip, ""},
    {"Concat", 7, 1, kVariadic, 1, kAnyType, kAll, importConcat, ""},
    {"Constant", 7, 0, 0, 1, kAnyType, 0, importConstant, "no strings, no sparse values"},
    {"ConstantOfShape", 9, 1, 1, 1, kSigned, 0, importConstantOfShape, ""},
    {"Conv", 7, 2, 3, 1, kFloats, kAll, importConv, ""},
    {"Cos", 7, 1, 1, 1, kFloats, 0, importUnary, ""},
    {"Cosh", 9, 1, 1, 1, kFloats, 0, importUnary, ""},
    {"CumProd", 26, 2, 2, 1, kNumbers, 0, importCumSum, ""},
    {"CumSum", 11, 2, 2, 1, kNumbers, 0, importCumSum, ""},
    {"DepthToSpace", 7, 1, 1, 1, kAnyType, 0, importRearrangement, ""},
    {"DequantizeLinear", 10, 2, 3, 1, kInts, 0, importDequantizeLinear,
     "no 8-bit floats, no 2-bit and 4-bit integers"},
    {"Div", 7, 2, 2, 1, kNumbers, kAll, importBinary, ""},
    {"Dropout", 7, 1, 3, 2, kFloats, 0, importIdentity, "inference form only"},
    {"DynamicQuantizeLinear", 11, 1, 1, 3, kFloats, 0, importDynamicQuantizeLinear, ""},
    {"Einsum", 12, 1, kVariadic, 1, kNumbers, kAll, importEinsum,
     "products of float types, int8, int32 and int64 only"},
    {"Elu", 7, 1, 1, 1, kFloats, 0, importUnary, ""},
    {"Equal", 7, 2, 2, 1, kAnyType, kAll, importBinary, ""},
    {"Erf", 9, 1, 1, 1, kFloats, 0, importUnary, ""},
    {"Exp", 7, 1, 1, 1, kFloats, 0, importUnary, ""},
    {"Expand", 8, 2, 2, 1, kAnyType, 0, importExpand, ""},
    {"EyeLike", 9, 1, 1, 1, kAnyType, 0, importEyeLike, ""},
    {"Flatten", 7, 1, 1, 1, kAnyType, 0, importFlatten, ""},
    {"Floor", 7, 1, 1, 1, kFloats, 0, importUnary, ""},
    {"GRU", 7, 3, 6, 2, kFloats, 0b101110, importGru, ""},
    {"Gather", 7, 2, 2, 1, kAnyType, 0, importGather, ""},
    {"GatherElements", 11, 2, 2, 1, kAnyType, 0, importGatherElements, ""},
    {"GatherND", 11, 2, 2, 1, kAnyType, 0, importGatherND, ""},
    {"Gelu", 20, 1, 1, 1, kFloats, 0, importUnary, ""},
    {"Gemm", 7, 2, 3, 1, kNumbers, kAll, importGemm, "no 16-bit and 8-bit integers"},
    {"GlobalAveragePool", 7, 1, 1, 1, kFloats, 0, importGlobalPool, ""},
    {"GlobalMaxPool", 7, 1, 1, 1, kFloats, 0, importGlobalPool, ""},
    {"Greater", 7, 2, 2, 1, kNumbers, kAll, importBinary, ""},
    {"GreaterOrEqual", 12, 2, 2, 1, kNumbers, kAll, importBinary, ""},
    {"GroupNormalization", 18, 3, 3, 1, kFloats, 0, importGroupedNormalization, ""},
    {"HardSigmoid", 7, 1, 1, 1, kFloats, 0, importUnary, ""},
    {"HardSwish", 14, 1, 1, 1, kFloats, 0, importUnary, ""},
    {"Hardmax", 7, 1, 1, 1, kFloats, 0, importHardmax, ""},
    {"Identity", 7, 1, 1, 1, kAnyType, 0, importIdentity, ""},
    {"If", 7, 1, 1, kVariadic, kBool, 0, importIf,
     "no branches of different rank, unless one is known or required to be taken"},
    {"InstanceNormalization", 7, 3, 3, 1, kFloats, 0, importGroupedNormalization, ""},
    {"IsInf", 10, 1, 1, 1, kFloats, 0, importUnary, ""},
    {"IsNaN", 9, 1, 1, 1, kFloats, 0, importUnary, ""},
    {"LSTM", 7, 3, 8, 3, kFloats, 0b11101110, importLstm, ""},
    {"LayerNormalization", 17, 2, 3, 3, kFloats, kAll, importLayerNormalization, ""},
    {"LeakyRelu", 7, 1, 1, 1, kFloats, 0, importUnary, ""},
    {"Less", 7, 2, 2, 1, kNumbers, kAll, importBinary, ""},
    {"LessOrEqual", 12, 2, 2, 1, kNumbers, kAll, importBinary, ""},
    {"Log", 7, 1, 1, 1, kFloats, 0, importUnary, ""},
    {"LogSoftmax", 7, 1, 1, 1, kFloats, 0, importSoftmax, ""},
    {"LpNormalization", 7, 1, 1, 1, kFloats, 0, importLpNormalization, ""},
    {"MatMul", 7, 2, 2, 1, kNumbers, kAll, importMatMul, "no 16-bit and 8-bit integers"},
    {"MatMulInteger", 10, 2, 4, 1, kInts, 0, importMatMulInteger,
     "8-bit integers, input 1 of rank 2, zero points of rows one for all"},
    {"Max", 7, 1, kVariadic, 1, kNumbers, kAll, importVariadic, ""},
    {"MaxPool", 7, 1, 1, 2, kNumbers, 0, importPool,
     "float types, int8 and uint8 only; no indices"},
    {"Mean", 7, 1, kVariadic, 1, kFloats, kAll, importVariadic, ""},
    {"MeanVarianceNormalization", 9, 1, 1, 1, kFloats, 0, importMeanVarianceNormalization, ""},
    {"Min", 7, 1, kVariadic, 1, kNumbers, kAll, importVariadic, ""},
    {"Mish", 18, 1, 1, 1, kFloats, 0, importUnary, ""},
    {"Mod", 10, 2, 2, 1, kNumbers, kAll, importBinary, ""},
    {"Mul", 7, 2, 2, 1, kNumbers, kAll, importBinary, ""},
    {"Neg", 7, 1, 1, 1, kReal, 0, importUnary, ""},
    {"NegativeLogLikelihoodLoss", 12, 2, 3, 1, kFloats, 0, importLoss, ""},
    {"Not", 7, 1, 1, 1, kBool, 0, importUnary, ""},
    {"OneHot", 9, 3, 3, 1, kNumbers, 0, importOneHot, ""},
    {"Or", 7, 2, 2, 1, kBool, kAll, importBinary, ""},
    {"PRelu", 7, 2, 2, 1, kNumbers, kAll, importPRelu, ""},
    {"Pad", 7, 1, 4, 1, kAnyType, 0, importPad, ""},
    {"Pow", 7, 2, 2, 1, kNumbers, 0, importPow, ""},
    {"QuantizeLinear", 10, 2, 3, 1, kNumbers, 0, importQuantizeLinear,
     "results of 8-bit and 16-bit integers only"},
    {"RMSNormalization", 23, 2, 2, 1, kFloats, kAll, importRMSNormalization,
     "scale must have the input's type"},
    {"RNN", 7, 3, 6, 2, kFloats, 0b101110, importRnn, ""},
    {"Range", 11, 3, 3, 1, kNumbers, kAll, importRange, ""},
    {"Reciprocal", 7, 1, 1, 1, kFloats, 0, importUnary, ""},
    {"ReduceL1", 7, 1, 2, 1, kNumbers, 0, importReduce, ""},
    {"ReduceL2", 7, 1, 2, 1, kNumbers, 0, importReduce, "float types only"},
    {"ReduceLogSum", 7, 1, 2, 1, kNumbers, 0, importReduce, "float types only"},
    {"ReduceLogSumExp", 7, 1, 2, 1, kNumbers, 0, importReduce, "float types only"},
    {"ReduceMax", 7, 1, 2, 1, kAnyType, 0, importReduce, ""},
    {"ReduceMean", 7, 1, 2, 1, kNumbers, 0, importReduce, ""},
    {"ReduceMin", 7, 1, 2, 1, kAnyType, 0, importReduce, ""},
    {"ReduceProd", 7, 1, 2, 1, kNumbers, 0, importReduce, ""},
    {"ReduceSum", 7, 1, 2, 1, kNumbers, 0, importReduce, ""},
    {"ReduceSumSquare", 7, 1, 2, 1, kNumbers, 0, importReduce, ""},
    {"Relu", 7, 1, 1, 1, kReal, 0, importUnary, ""},
    {"Reshape", 7, 2, 2, 1, kAnyType, 0, importReshape, ""},
    {"RotaryEmbedding", 23, 3, 4, 1, kFloats, 0b110, importRotaryEmbedding, ""},
    {"Round", 11, 1, 1, 1, kFloats, 0, importUnary, ""},
    {"Scatter", 9, 3, 3, 1, kAnyType, 0b100, importScatterElements, ""},
    {"ScatterElements", 11, 3, 3, 1, kAnyType, 0b100, importScatterElements, ""},
    {"ScatterND", 11, 3, 3, 1, kAnyType, 0b100, importScatterND, ""},
    {"Selu", 7, 1, 1, 1, kFloats, 0, importUnary, ""},
    {"Shape", 7, 1, 1, 1, kAnyType, 0, importShape, ""},
    {"Shrink", 9, 1, 1, 1, kFloats, 0, importUnary, ""},
    {"Sigmoid", 7, 1, 1, 1, kFloats, 0, importUnary, ""},
    {"Sign", 9, 1, 1, 1, kNumbers, 0, importUnary, ""},
    {"Sin", 7, 1, 1, 1, kFloats, 0, importUnary, ""},
    {"Sinh", 9, 1, 1, 1, kFloats, 0, importUnary, ""},
    {"Size", 7, 1, 1, 1, kAnyType, 0, importSize, ""},
    {"Slice", 7, 1, 5, 1, kAnyType, 0, importSlice, ""},
    {"Softmax", 7, 1, 1, 1, kFloats, 0, importSoftmax, ""},
    {"SoftmaxCrossEntropyLoss", 12, 2, 3, 2, kFloats, 0, importLoss, ""},
    {"Softplus", 7, 1, 1, 1, kFloats, 0, importUnary, ""},
    {"Softsign", 7, 1, 1, 1, kFloats, 0, importUnary, ""},
    {"SpaceToDepth", 7, 1, 1, 1, kAnyType, 0, importRearrangement, ""},
    {"Split", 7, 1, 2, kVariadic, kAnyType, 0, importSplit, ""},
    {"Sqrt", 7, 1, 1, 1, kFloats, 0, importUnary, ""},
    {"Squeeze", 7, 1, 2, 1, kAnyType, 0, importSqueeze, ""},
    {"Sub", 7, 2, 2, 1, kNumbers, kAll, importBinary, ""},
    {"Sum", 7, 1, kVariadic, 1, kFloats, kAll, importVariadic, ""},
    {"SwiGLU", 28, 2, 2, 1, kFloats, kAll, importSwiGlu, ""},
    {"Swish", 24, 1, 1, 1, kFloats, 0, importUnary, ""},
    {"Tan", 7, 1, 1, 1, kFloats, 0, importUnary, ""},
    {"Tanh", 7, 1, 1, 1, kFloats, 0, importUnary, ""},
    {"TensorScatter", 24, 2, 3, 1, kAnyType, 0b10, importTensorScatter, ""},
    {"ThresholdedRelu", 10, 1, 1, 1, kFloats, 0, importUnary, ""},
    {"Tile", 7, 2, 2, 1, kAnyType, 0, importTile, ""},
    {"Transpose", 7, 1, 1, 1, kAnyType, 0, importTranspose, ""},
    {"Trilu", 14, 1, 2, 1, kAnyType, 0, importTrilu, ""},
    {"Unsqueeze", 7, 1, 2, 1, kAnyType, 0, importUnsqueeze, ""},
    {"Where", 9, 3, 3, 1, kBool, 0, importWhere, ""},
    {"Xor", 7, 2, 2, 1, kBool, kAll, importBinary, ""},
};
// clang-format on

llvm::ArrayRef<Operator> fovea::onnx_frontend::operatorTable() { return kOperators; }

const Operator *fovea::onnx_frontend::findOperator(llvm::StringRef name) {
  const Operator *row =
      llvm::lower_bound(kOperators, name, [](const Operator &left, llvm::StringRef right) {
        return left.name < right;
      });
  return row != std::end(kOperators) && row->name == name ? row : nullptr;
}

static constexpr std::pair<TypeSet, const char *> kGroups[] = {
    {kFloats, "float"}, {kSigned, "int"}, {kUnsigned, "uint"}, {kBool, "bool"}};

static std::string typesText(uint32_t types) {
  std::string text;
  for (auto [set, name] : kGroups)
    if (types & set)
      text += (text.empty() ? "" : ", ") + std::string(name);
  return text;
}

std::vector<OnnxTypeGroup> fovea::onnxTypeGroups() {
  std::vector<OnnxTypeGroup> groups;
  for (auto [set, name] : kGroups)
    groups.push_back({name, membersOf(set)});
  return groups;
}

std::vector<OnnxSupportRow> fovea::onnxSupportTable() {
  std::vector<OnnxSupportRow> rows;
  for (const Operator &row : kOperators)
    rows.push_back({row.name, row.sinceOpset, kNewestOpset, typesText(row.types), row.note});
  return rows;
}
