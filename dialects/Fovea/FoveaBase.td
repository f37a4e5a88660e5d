//===- FoveaBase.td - dialect, enums and shared type constraints -*- tablegen -*-===//
//
// The `fovea` dialect itself, the enumerations its operations use, and the classes that the
// families of operations derive from.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_BASE
#define FOVEA_BASE

include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/EnumAttr.td"
include "mlir/IR/OpBase.td"
include "mlir/IR/SymbolInterfaces.td"
include "mlir/Interfaces/ControlFlowInterfaces.td"
include "mlir/Interfaces/DestinationStyleOpInterface.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

def Fovea_Dialect : Dialect {
  let name = "fovea";
  let cppNamespace = "::fovea";
  let summary = "attention and recurrence as single operations";
  let description = [{
    Says what attention, contraction and recurrence compute, over tensors (as imported) or memrefs
    (after bufferization). How they compute it is the choice of a target. Everything that linalg,
    tensor, arith, math and scf already say well stays in those dialects.
  }];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::func::FuncDialect", "::mlir::linalg::LinalgDialect",
    "::mlir::math::MathDialect", "::mlir::tensor::TensorDialect"];
  let useDefaultAttributePrinterParser = 1;
  let hasCanonicalizer = 1;
}

class Fovea_Op<string mnemonic, list<Trait> traits = []> : Op<Fovea_Dialect, mnemonic, traits>;

/// An operation with `outs` operands; on tensors its results are the new values of these.
class Fovea_DestinationOp<string mnemonic, list<Trait> traits = []>
    : Fovea_Op<mnemonic, !listconcat(traits, [
        DestinationStyleOpInterface, DeclareOpInterfaceMethods<MemoryEffectsOpInterface>,
        DeclareOpInterfaceMethods<ReifyRankedShapedTypeOpInterface, ["reifyResultShapes"]>])>;

def Fovea_Buffer
    : AnyTypeOf<[AnyRankedTensor, AnyStridedMemRef], "ranked tensor or strided memref">;

class Fovea_Enum<string name, string summary, list<I32EnumAttrCase> cases>
    : I32EnumAttr<name, summary, cases> {
  let cppNamespace = "::fovea";
  let genSpecializedAttr = 0;
}
class Fovea_EnumAttr<EnumAttrInfo enum, string mnemonic>
    : EnumAttr<Fovea_Dialect, enum, mnemonic> {
  let assemblyFormat = "`<` $value `>`";
}

def Fovea_Scorer : Fovea_Enum<"Scorer", "how a query and a key become a score", [
  I32EnumAttrCase<"Dot", 0, "dot">]>;
def Fovea_ScorerAttr : Fovea_EnumAttr<Fovea_Scorer, "scorer">;

def Fovea_Normalizer : Fovea_Enum<"Normalizer", "how a row of scores becomes weights", [
  I32EnumAttrCase<"Softmax", 0, "softmax">]>;
def Fovea_NormalizerAttr : Fovea_EnumAttr<Fovea_Normalizer, "normalizer">;

def Fovea_Direction : Fovea_Enum<"Direction", "order in which a recurrence visits its steps", [
  I32EnumAttrCase<"Forward", 0, "forward">, I32EnumAttrCase<"Reverse", 1, "reverse">,
  I32EnumAttrCase<"Bidirectional", 2, "bidirectional">]>;
def Fovea_DirectionAttr : Fovea_EnumAttr<Fovea_Direction, "direction">;

def Fovea_Layout : Fovea_Enum<"SequenceLayout", "which of step and batch is the outer dimension", [
  I32EnumAttrCase<"TimeMajor", 0, "time_major">, I32EnumAttrCase<"BatchMajor", 1, "batch_major">]>;
def Fovea_LayoutAttr : Fovea_EnumAttr<Fovea_Layout, "layout">;

def Fovea_Reset : Fovea_Enum<"Reset", "where a GRU applies its reset gate", [
  I32EnumAttrCase<"Before", 0, "before">, I32EnumAttrCase<"After", 1, "after">]>;
def Fovea_ResetAttr : Fovea_EnumAttr<Fovea_Reset, "reset">;

def Fovea_Keep : Fovea_Enum<"Keep", "which of old and new a GRU's update gate multiplies", [
  I32EnumAttrCase<"Old", 0, "old">, I32EnumAttrCase<"New", 1, "new">]>;
def Fovea_KeepAttr : Fovea_EnumAttr<Fovea_Keep, "keep">;

def Fovea_Gate : Fovea_Enum<"Gate", "a gate of a recurrent cell", [
  I32EnumAttrCase<"Input", 0, "i">, I32EnumAttrCase<"Output", 1, "o">,
  I32EnumAttrCase<"Forget", 2, "f">, I32EnumAttrCase<"Cell", 3, "c">,
  I32EnumAttrCase<"Update", 4, "z">, I32EnumAttrCase<"ResetGate", 5, "r">,
  I32EnumAttrCase<"New", 6, "n">]>;
def Fovea_GateAttr : Fovea_EnumAttr<Fovea_Gate, "gate">;
def Fovea_GateOrderAttr : TypedArrayAttrBase<Fovea_GateAttr, "order of the gates in the weights">;

def Fovea_Activation : Fovea_Enum<"ActivationKind", "an activation function of a recurrent cell", [
  I32EnumAttrCase<"Sigmoid", 0, "sigmoid">, I32EnumAttrCase<"Tanh", 1, "tanh">,
  I32EnumAttrCase<"Relu", 2, "relu">, I32EnumAttrCase<"LeakyRelu", 3, "leaky_relu">,
  I32EnumAttrCase<"ThresholdedRelu", 4, "thresholded_relu">,
  I32EnumAttrCase<"ScaledTanh", 5, "scaled_tanh">,
  I32EnumAttrCase<"HardSigmoid", 6, "hard_sigmoid">,
  I32EnumAttrCase<"Elu", 7, "elu">, I32EnumAttrCase<"Softsign", 8, "softsign">,
  I32EnumAttrCase<"Softplus", 9, "softplus">, I32EnumAttrCase<"Affine", 10, "affine">]>;

def Fovea_ActivationAttr : AttrDef<Fovea_Dialect, "Activation"> {
  let mnemonic = "activation";
  let summary = "activation function with its two parameters (ONNX's alpha and beta)";
  let parameters = (ins EnumParameter<Fovea_Activation>:$kind,
    OptionalParameter<"::mlir::FloatAttr">:$alpha, OptionalParameter<"::mlir::FloatAttr">:$beta);
  let assemblyFormat = "`<` $kind (`,` `alpha` `=` $alpha^)? (`,` `beta` `=` $beta^)? `>`";
  let extraClassDeclaration = [{
    double alphaOr(double absent) const {
      return getAlpha() ? getAlpha().getValueAsDouble() : absent;
    }
    double betaOr(double absent) const {
      return getBeta() ? getBeta().getValueAsDouble() : absent;
    }
  }];
}
def Fovea_ActivationArrayAttr
    : TypedArrayAttrBase<Fovea_ActivationAttr, "activation functions, per direction in gate order">;

def Fovea_ScheduleAttr : AttrDef<Fovea_Dialect, "Schedule"> {
  let mnemonic = "schedule";
  let summary = "how an operation is to be computed, in place of the target's choice";
  let parameters = (ins OptionalParameter<"::mlir::StringAttr">:$form,
    OptionalParameter<"::mlir::DenseI64ArrayAttr">:$tiles,
    OptionalParameter<"std::optional<int64_t>">:$kv_split);
  let assemblyFormat = "`<` struct(params) `>`";
}

def Fovea_Fault : Fovea_Enum<"Fault", "what a run-time check reports (fovea_fault of the ABI)", [
  I32EnumAttrCase<"Index", 1, "index">, I32EnumAttrCase<"Shape", 2, "shape">,
  I32EnumAttrCase<"Length", 3, "length">, I32EnumAttrCase<"Parameter", 5, "parameter">]>;
def Fovea_FaultAttr : Fovea_EnumAttr<Fovea_Fault, "fault"> {
  let assemblyFormat = "$value";
}

#endif // FOVEA_BASE
