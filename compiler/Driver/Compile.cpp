//===- Compile.cpp - a model in, an artefact out --------------------------===//
//
// Puts frontends, phases, emission and the artefact's writer together.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Driver/Compile.h"

#include "compiler/Base/Refusal.h"
#include "compiler/Conversion/TensorToKernel/Passes.h"
#include "compiler/Driver/Dialects.h"
#include "compiler/Driver/FirstError.h"
#include "compiler/Driver/Ledger.h"
#include "compiler/Driver/MakeManifest.h"
#include "compiler/Driver/PackWeight.h"
#include "compiler/Driver/TargetRegistry.h"
#include "compiler/Driver/WriteFile.h"
#include "compiler/Frontends/Mlir/ImportMlirText.h"
#include "runtime/Artifact/Writer.h"

#include "mlir/IR/Verifier.h"
#include "mlir/Parser/Parser.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

#include <chrono>

using namespace mlir;
using namespace fovea;

namespace {

/// Measures a step from construction to destruction.
class StepTimer {
public:
  StepTimer(std::vector<Step> &steps, std::string name)
      : steps(steps), name(std::move(name)), start(std::chrono::steady_clock::now()) {}
  ~StepTimer() {
    std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
    steps.push_back({name, elapsed.count()});
  }

private:
  std::vector<Step> &steps;
  std::string name;
  std::chrono::steady_clock::time_point start;
};

} // namespace

Compilation::Compilation(CompileOptions given)
    : options(std::move(given)), chosen(findTarget(options.target, options.emulate)) {
  DialectRegistry registry;
  addDialects(registry);
  context = std::make_unique<MLIRContext>(registry, MLIRContext::Threading::DISABLED);
  context->loadAllAvailableDialects();
}

Compilation::~Compilation() = default;

bool Compilation::fail(Problem problem) {
  if (problem.file.empty())
    problem.file = source;
  complaints.push_back(std::move(problem));
  return false;
}

/// Before a model is read: what is wrong with plug-ins and pipelines needs none.
bool Compilation::begin(StringRef name) {
  source = name.str();
  bool ready = userPasses.prepare(options.userPasses, complaints);
  for (Problem &problem : complaints)
    if (problem.file.empty())
      problem.file = source;
  return ready;
}

bool Compilation::tookModule() {
  if (!owned || !complaints.empty())
    return false;
  resumed = phaseOf(module()) != Phase::Import;
  return checkPipelines() && checkPhaseOptions() && (resumed || dump(Phase::Import));
}

/// What asks for rounded products needs a target that has them, and a phase that makes them.
bool Compilation::checkProducts() {
  if (options.phases.products == Products::Exact || !chosen)
    return true;
  if (!chosen->roundsProducts())
    return fail({"FV0310", "", "", "", 0, "option 'products' is 'tf32'",
                 "target '" + options.target + "' has no products of tf32",
                 "leave it out, or compile with target=cuda"});
  if (*phaseOf(module()) < Phase::Schedule)
    return true;
  return fail({"FV0310", "", "", "", 0, "option 'products' comes too late",
               "the input is behind phase 'schedule', which chooses the forms of products",
               "give the option with the model itself"});
}

/// Options of a phase ask for it.
bool Compilation::checkPhaseOptions() {
  if (!checkProducts())
    return false;
  bool rounds = options.phases.recurrentWeights != RecurrentWeights::Stored;
  bool setsBlocks = options.phases.deviceBlocks != 0;
  if ((!rounds && !setsBlocks) || !chosen)
    return true;
  if (setsBlocks && chosen->emulator().empty())
    return fail({"FV0310", "", "", "", 0, "target '" + options.target + "' has no blocks",
                 "option 'device-blocks' is for targets of devices", "target cuda"});
  bool evaluates = !chosen->makesArtifacts();
  if (!evaluates && *phaseOf(module()) < Phase::Graph)
    return true;
  std::string option = rounds ? "recurrent-weights" : "device-blocks";
  return fail({"FV0310", "", "", "", 0, "option '" + option + "' comes too late",
               evaluates ? "target '" + options.target + "' evaluates models as they were read"
                         : "the input is behind phase 'graph', which reads the option",
               "give the option with the model itself"});
}

/// Every pipeline of the user has its phase ahead, or the module has just left it.
bool Compilation::checkPipelines() {
  Phase start = *phaseOf(module());
  SmallVector<Phase> reached;
  if (chosen && chosen->makesArtifacts())
    reached.push_back(start);
  if (chosen)
    llvm::append_range(
        reached, llvm::make_filter_range(chosen->phases(), [&](Phase one) { return one > start; }));
  std::string why = chosen && !chosen->makesArtifacts()
                        ? "target '" + options.target + "' evaluates models as they were read"
                        : "the input is behind phase '" + nameOf(start).str() + "'";
  std::optional<Problem> problem = checkReached(options.userPasses, reached, why);
  return problem ? fail(std::move(*problem)) : true;
}

bool Compilation::read(StringRef path) {
  StepTimer timer(times, "read");
  if (!begin(path))
    return false;
  if (!llvm::sys::fs::exists(path))
    return fail({"FV0001", source, "", "", 0, "the file does not exist", "", "check the path"});
  StringRef kind = llvm::sys::path::extension(path);
  auto load = llvm::sys::fs::is_directory(path) ? importHuggingFace
              : kind == ".onnx"                 ? importOnnx
              : kind == ".mlir"                 ? importMlir
                                                : nullptr;
  if (!load)
    return fail({"FV0002", source, "", "", 0, "the kind of model is not known",
                 "models are .onnx files, .mlir files or folders with config.json",
                 "export the model to ONNX, or save it with save_pretrained"});
  owned = load(*context, path, options.import, store, imported, complaints);
  return tookModule();
}

bool Compilation::readOnnx(ArrayRef<uint8_t> bytes, StringRef name) {
  StepTimer timer(times, "read");
  if (!begin(name))
    return false;
  owned = importOnnxBytes(*context, bytes, name, options.import, store, imported, complaints);
  return tookModule();
}

bool Compilation::readText(StringRef text, StringRef name) {
  StepTimer timer(times, "read");
  if (!begin(name))
    return false;
  owned = importMlirText(*context, text, name, /*folder=*/"", options.import, store, imported,
                         complaints);
  return tookModule();
}

/// What to do about a refusal.
static StringRef remedyOf(StringRef refusal) {
  if (refusal == kNotComputed)
    return "fix the sizes that the reasons name with --dim";
  if (refusal == kScheduleNotFollowed)
    return "change the schedule as the reasons say, or leave it out";
  if (refusal == kReadsOnHost)
    return "compile for a processor, or let the model decide by constants or by an input of at "
           "most 64 elements, which the host then reads";
  if (refusal == kNoDeviceForm)
    return "use f32 in the model, or compile for a processor";
  return "make the sizes of the model agree";
}

/// Runs `run` and makes a problem of the first error that it emits; `module` is what it works on.
static LogicalResult collecting(ModuleOp module, Problems &problems, StringRef file,
                                function_ref<LogicalResult()> run) {
  FirstError error(module.getContext());
  LogicalResult result = run();
  if (succeeded(result))
    return result;
  if (!error.refusal.empty())
    problems.push_back({error.refusal, file.str(), "", "", 0, error.text, error.notes,
                        remedyOf(error.refusal).str()});
  else
    problems.push_back({"FV0901", file.str(), "", "", 0,
                        error.text.empty() ? "a pass failed without a message" : error.text,
                        error.notes, "report this as a bug of Fovea with the model"});
  return result;
}

bool Compilation::checkTarget() {
  if (targetChecked)
    return true;
  std::optional<Problem> problem = fovea::checkTarget(options.target, options.emulate);
  if (!problem)
    problem = chosen->unavailable();
  if (!problem)
    problem = chosen->refuses(options.emission);
  if (problem)
    return fail(std::move(*problem));
  return targetChecked = true;
}

/// A module that was stopped at a phase has been in somebody's hands since, and one that passes of
/// others have changed is theirs: what a pass cannot make of it is no bug.
bool Compilation::blameModule() {
  if (resumed || changed)
    for (Problem &problem : complaints)
      if (problem.code == "FV0901") {
        problem.code = changed ? "FV0337" : "FV0067";
        problem.remedy = changed ? "leave the passes of option after out: what fails without them "
                                   "too is a bug of Fovea"
                                 : "stop the model's compilation at the phase again";
      }
  return false;
}

Problem Compilation::describeCrash() const {
  if (!userPasses.busyWith().empty())
    return {"FV0334",
            source,
            "",
            "",
            0,
            "the " + userPasses.busyWith() + " crashed",
            "native code ended in the middle of it; a line before this one may say why",
            "mend it; fovea-opt runs it alone, under a debugger"};
  return {"FV0902",
          source,
          "",
          "",
          0,
          "the compiler crashed",
          changed ? "passes of option after had changed the module" : "",
          changed ? "leave them out, and report what crashes without them as a bug of Fovea"
                  : "report this as a bug of Fovea"};
}

bool Compilation::runPhase(Phase phase) {
  PassManager manager(context.get());
  // Once a phase: after every pass it would be a third of the time, most of it for what is linear
  // in the number of layers. Passes may take what they are given for sound in modules of our own.
  manager.enableVerifier(resumed || changed);
  chosen->addPhase(manager, phase, options.phases);
  auto run = [&] {
    StepTimer timer(times, nameOf(phase).str());
    return success(succeeded(manager.run(module())) && succeeded(verify(module())));
  };
  if (failed(collecting(module(), complaints, source, run)))
    return blameModule();
  setPhase(module(), phase);
  return leave(phase);
}

/// The end of a phase: what the user wants there, and the dump, which shows a module before passes
/// that fail.
bool Compilation::leave(Phase phase) {
  if (!dump(phase))
    return false;
  if (!userPasses.hasAny(phase))
    return true;
  StepTimer timer(times, ("after-" + nameOf(phase)).str());
  changed = true;
  size_t before = complaints.size();
  bool ran = userPasses.run(phase, module(), complaints);
  for (Problem &problem : llvm::drop_begin(complaints, before))
    problem.file = source;
  // The attribute is the compilation's own.
  if (phaseOf(module()) != phase)
    setPhase(module(), phase);
  return ran && dump(phase);
}

bool Compilation::dump(Phase phase) {
  if (options.dumpFolder.empty())
    return true;
  SmallString<128> path(options.dumpFolder);
  std::error_code error = llvm::sys::fs::create_directories(path);
  llvm::sys::path::append(path, nameOf(phase) + ".mlir");
  std::string reason = error ? error.message() : writeFile(path, [&](raw_ostream &stream) {
    module()->print(stream, OpPrintingFlags().elideLargeElementsAttrs(64));
  });
  return reason.empty() || fail({"FV0311", path.str().str(), "", "", 0,
                                 "the dump cannot be written: " + reason, "", "check --dump"});
}

bool Compilation::runTo(Phase phase) {
  Phase start = *phaseOf(module());
  if (!std::exchange(started, true) && userPasses.hasAny(start) && !leave(start))
    return false;
  if (phase == Phase::Import)
    return true;
  if (!checkTarget())
    return false;
  for (Phase next : chosen->phases())
    if (next <= phase && *phaseOf(module()) < next && !runPhase(next))
      return false;
  return true;
}

std::unique_ptr<Artifact> Compilation::finish() {
  if (!checkTarget())
    return nullptr;
  if (std::optional<Problem> problem = checkMakesArtifacts(*chosen)) {
    fail(std::move(*problem));
    return nullptr;
  }
  if (!runTo(chosen->lastPhase()))
    return nullptr;
  auto artifact = std::make_unique<Artifact>();
  artifact->ledger = makeLedger(module());
  if (options.requireFused)
    for (Problem &problem : findUnfused(artifact->ledger))
      fail(std::move(problem));
  if (!complaints.empty())
    return nullptr;
  {
    StepTimer timer(times, "codegen");
    llvm::Expected<Emission> emitted = chosen->emit(module(), options.emission);
    if (!emitted) {
      fail({"FV0901", "", "", "", 0, llvm::toString(emitted.takeError()), "",
            "report this as a bug of Fovea with the model"});
      blameModule();
      return nullptr;
    }
    artifact->sections = std::move(emitted->sections);
    artifact->object = std::move(emitted->object);
    artifact->llvmIr = std::move(emitted->llvmIr);
    artifact->assembly = std::move(emitted->assembly);
    artifact->notes = std::move(emitted->notes);
    artifact->manifest = makeManifest(module(), emitted->machine, options.threads, complaints);
  }
  StepTimer timer(times, "weights");
  if (artifact->manifest.empty() ||
      !layOutWeights(module(), store, artifact->weights, artifact->rounded, complaints)) {
    blameModule();
    return nullptr;
  }
  artifact->ledger = makeLedger(module(), artifact->rounded, artifact->notes);
  return artifact;
}

uint64_t Artifact::codeBytes() const {
  uint64_t total = 0;
  for (const CodeSection &section : sections)
    total += section.bytes.size();
  return total;
}

uint64_t Artifact::weightBytes() const {
  uint64_t total = 0;
  for (const Weight &weight : weights)
    total += weight.data().size();
  return total;
}

static std::vector<fvm::Section> sectionsOf(const Artifact &artifact) {
  std::vector<fvm::Bytes> weights;
  for (const Artifact::Weight &weight : artifact.weights) {
    ArrayRef<uint8_t> data = weight.data();
    weights.push_back({reinterpret_cast<const std::byte *>(data.data()), data.size()});
    if (weight.padding)
      weights.push_back({nullptr, weight.padding});
  }
  std::vector<fvm::Section> code;
  for (const CodeSection &section : artifact.sections)
    code.push_back(
        {fvm::SectionKind::Code,
         section.target,
         {{reinterpret_cast<const std::byte *>(section.bytes.data()), section.bytes.size()}},
         section.alignment,
         section.memory});
  return fvm::sectionsOf(artifact.manifest, std::move(code), weights, artifact.ledger);
}

std::string Artifact::save(const std::string &path) const {
  fvm::Status status = fvm::writeArtifact(path, sectionsOf(*this));
  return status.ok() ? "" : std::string(status.message());
}

std::vector<std::byte> Artifact::bytes(std::string &reason) const {
  std::vector<std::byte> out;
  fvm::Status status = fvm::writeArtifact(out, sectionsOf(*this));
  reason = status.ok() ? "" : std::string(status.message());
  return status.ok() ? out : std::vector<std::byte>();
}
