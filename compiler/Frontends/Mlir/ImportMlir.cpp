//===- ImportMlir.cpp - a module in MLIR text -----------------------------===//
//
// Scans, parses, bounds types, verifies, completes entries, inlines and resolves weights, in order:
// nothing looks at a module that an earlier step has not passed.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Base/Phases.h"
#include "compiler/Frontends/Mlir/DimensionLists.h"
#include "compiler/Frontends/Mlir/EntrySignatures.h"
#include "compiler/Frontends/Mlir/ImportMlirText.h"
#include "compiler/Frontends/Mlir/InlineCalls.h"
#include "compiler/Frontends/Mlir/ModelOperations.h"
#include "compiler/Frontends/Mlir/NestingScan.h"
#include "compiler/Frontends/SafeTensors/OpenBeneath.h"
#include "compiler/Frontends/SafeTensors/SafeTensors.h"
#include "dialects/Fovea/FoveaDialect.h"

#include "mlir/IR/AttrTypeSubElements.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Parser/Parser.h"
#include "llvm/Support/Path.h"

using namespace fovea;
using namespace mlir;

static constexpr uint64_t kMaxTextBytes = uint64_t(1) << 28;
static constexpr uint64_t kMaxTensorBytes = uint64_t(1) << 40;
static constexpr size_t kMaxReported = 50;

static Problem makeProblem(StringRef code, const Twine &file, const Twine &what,
                           const Twine &why = "") {
  Problem problem;
  problem.code = code.str();
  problem.file = file.str();
  problem.what = what.str();
  problem.why = why.str();
  return problem;
}

/// "name:line:column" of a location in text, `name` without one.
static std::string placeOf(Location loc, StringRef name) {
  std::string place = name.str();
  loc->walk([&](Location inner) {
    auto position = dyn_cast<FileLineColLoc>(inner);
    if (!position)
      return WalkResult::advance();
    place = (name + ":" + Twine(position.getLine()) + ":" + Twine(position.getColumn())).str();
    return WalkResult::interrupt();
  });
  return place;
}

namespace {
/// Turns errors of MLIR into problems of one code while it lives.
class DiagnosticsAsProblems {
public:
  DiagnosticsAsProblems(MLIRContext &context, StringRef name, Problems &problems)
      : context(context), printedOps(context.shouldPrintOpOnDiagnostic()),
        handler(&context, [this, name = name.str(), &problems](Diagnostic &diagnostic) {
          if (diagnostic.getSeverity() != DiagnosticSeverity::Error || count++ >= kMaxReported)
            return;
          problems.push_back(
              makeProblem(code, placeOf(diagnostic.getLocation(), name), diagnostic.str()));
          for (Diagnostic &note : diagnostic.getNotes())
            problems.back().why += (problems.back().why.empty() ? "" : "; ") + note.str();
        }) {
    context.printOpOnDiagnostic(false);
  }
  ~DiagnosticsAsProblems() { context.printOpOnDiagnostic(printedOps); }

  StringRef code = "FV0061";

private:
  MLIRContext &context;
  bool printedOps;
  size_t count = 0;
  ScopedDiagnosticHandler handler;
};
} // namespace

/// Null when every shaped type in `op`, and in the types and attributes it is built from, has a
/// byte size of at most kMaxTensorBytes.
static Type findHugeType(Operation *op) {
  Type huge;
  AttrTypeWalker walker;
  walker.addWalk([&](Type type) {
    auto shaped = dyn_cast<ShapedType>(type);
    if (!shaped || !shaped.hasRank())
      return WalkResult::advance();
    SmallVector<int64_t> sizes;
    for (int64_t size : shaped.getShape())
      sizes.push_back(ShapedType::isDynamic(size) ? 1 : size);
    uint64_t element = shaped.getElementType().isIntOrFloat()
                           ? llvm::divideCeil(shaped.getElementTypeBitWidth(), 8u)
                           : 8;
    std::optional<uint64_t> bytes = checkedByteSize(sizes, element);
    if (bytes && *bytes <= kMaxTensorBytes)
      return WalkResult::advance();
    huge = type;
    return WalkResult::interrupt();
  });
  bool stopped = walker.walk(op->getDiscardableAttrDictionary()).wasInterrupted() ||
                 walker.walk(op->getAttrDictionary()).wasInterrupted();
  for (Type type : op->getResultTypes())
    stopped = stopped || walker.walk(type).wasInterrupted();
  for (Region &region : op->getRegions())
    for (Block &block : region)
      for (Type type : block.getArgumentTypes())
        stopped = stopped || walker.walk(type).wasInterrupted();
  return huge;
}

static LogicalResult checkTypeSizes(ModuleOp module) {
  LogicalResult result = success();
  module.walk([&](Operation *op) {
    if (Type huge = findHugeType(op))
      result = op->emitError("type ") << huge << " has more than 2^40 bytes";
  });
  return result;
}

static LogicalResult checkPhase(ModuleOp module) {
  if (phaseOf(module))
    return success();
  return module->emitError("fovea.phase names no phase: expected one of import, graph, schedule, "
                           "kernel, llvm");
}

/// Opens the file of every weight and checks that its bytes are there.
static LogicalResult resolveWeights(ModuleOp module, StringRef folder, WeightStore &weights,
                                    ImportSummary &summary) {
  LogicalResult result = success();
  for (WeightOp weight : module.getOps<WeightOp>()) {
    if (weight.isDerived())
      continue;
    StringRef source = weight.getSource();
    if (!weights.contains(source)) {
      std::string why = "a module from memory cannot name files";
      auto file = folder.empty() ? nullptr : openBeneath(folder, source, Links::None, why);
      if (!file) {
        result = weight.emitOpError("cannot read its source").attachNote() << why;
        continue;
      }
      weights.add(source, std::move(file));
    }
    uint64_t bytes = weight.getByteSize();
    if (!weights.lookup(source, weight.getOffset(), bytes))
      result = weight.emitOpError("needs ") << bytes << " bytes at offset " << weight.getOffset()
                                            << " of '" << source << "', which is shorter";
    summary.weightBytes += bytes;
  }
  return result;
}

static bool scanText(StringRef text, StringRef name, Problems &problems) {
  if (text.starts_with("ML\xefR")) {
    problems.push_back(makeProblem("FV0060", name, "MLIR bytecode is not read"));
    problems.back().remedy = "give the module in text form";
    return false;
  }
  if (text.size() > kMaxTextBytes) {
    problems.push_back(makeProblem("FV0060", name, "text of more than 256 MiB",
                                   "tensors belong into fovea.weight files"));
    return false;
  }
  auto refuse = [&](StringRef code, TextPlace place, const Twine &what) {
    problems.push_back(
        makeProblem(code, name + ":" + Twine(place.line) + ":" + Twine(place.column), what));
    return false;
  };
  if (std::optional<TextPlace> deep = findDeepNesting(text, kMaxNesting))
    return refuse("FV0062", *deep, "text nested deeper than " + Twine(kMaxNesting) + " levels");
  if (std::optional<TextPlace> broken = findBrokenDimensions(text))
    return refuse("FV0061", *broken, "expected a list of integers: the operation's dimensions");
  return true;
}

OwningOpRef<ModuleOp> fovea::importMlirText(MLIRContext &context, StringRef text, StringRef name,
                                            StringRef folder, const ImportOptions &options,
                                            WeightStore &weights, ImportSummary &summary,
                                            Problems &problems) {
  if (!scanText(text, name, problems))
    return nullptr;
  context.loadDialect<FoveaDialect, arith::ArithDialect, func::FuncDialect, linalg::LinalgDialect,
                      math::MathDialect, scf::SCFDialect, tensor::TensorDialect>();
  size_t before = problems.size();
  OwningOpRef<ModuleOp> module;
  {
    DiagnosticsAsProblems diagnostics(context, name, problems);
    ParserConfig config(&context, /*verifyAfterParse=*/false);
    module = parseSourceString<ModuleOp>(text, config, name);
    auto step = [&](StringRef code, auto &&check) {
      diagnostics.code = code;
      if (module && failed(check()))
        module = nullptr;
    };
    step("FV0252", [&] { return checkTypeSizes(*module); });
    step("FV0063", [&] { return verify(*module); });
    step("FV0068", [&] { return checkPhase(*module); });
    // A module that was stopped at a later phase has signatures of that phase.
    bool fresh = module && *phaseOf(*module) == Phase::Import;
    step("FV0066",
         [&] { return fresh ? checkModelOperations(*module) : checkFloatTypes(*module); });
    step("FV0064", [&] {
      if (fresh)
        completeEntries(*module);
      return fresh ? checkEntries(*module) : success();
    });
    step("FV0066", [&] { return fresh ? inlineCalls(*module) : success(); });
    step("FV0351", [&]() -> LogicalResult {
      if (fresh || options.dims.empty())
        return specialize(*module, options.dims);
      return module->emitError("dimensions have values from import on; compile the model again");
    });
    step("FV0065", [&] { return resolveWeights(*module, folder, weights, summary); });
    step("FV0900", [&] { return verify(*module); });
  }
  if (!module && problems.size() == before)
    problems.push_back(makeProblem("FV0061", name, "cannot be parsed"));
  if (problems.size() != before)
    return nullptr;
  size_t entries = entriesOf(*module).size();
  summary.text = "MLIR, " + std::to_string(entries) + (entries == 1 ? " entry" : " entries");
  return module;
}

OwningOpRef<ModuleOp> fovea::importMlir(MLIRContext &context, StringRef path,
                                        const ImportOptions &options, WeightStore &weights,
                                        ImportSummary &summary, Problems &problems) {
  auto file = llvm::MemoryBuffer::getFile(path, /*IsText=*/false,
                                          /*RequiresNullTerminator=*/true, /*IsVolatile=*/true);
  if (!file) {
    problems.push_back(makeProblem("FV0060", path, "cannot be read", file.getError().message()));
    return nullptr;
  }
  StringRef folder = llvm::sys::path::parent_path(path);
  return importMlirText(context, (*file)->getBuffer(), path, folder.empty() ? "." : folder, options,
                        weights, summary, problems);
}
