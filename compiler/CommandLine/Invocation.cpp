//===- Invocation.cpp - what was typed ------------------------------------===//
//
// Parses by the table of Options.td.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/CommandLine/Invocation.h"

#include "compiler/CommandLine/HelpText.h"
#include "compiler/CommandLine/OptionTable.h"
#include "compiler/Driver/OptionText.h"
#include "compiler/Driver/TargetRegistry.h"
#include "compiler/Driver/WriteFile.h"

#include "llvm/Option/Arg.h"
#include "llvm/Option/ArgList.h"
#include "llvm/Option/Option.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"

#include <cmath>

using namespace fovea;
using namespace fovea::cli;
using llvm::StringRef;
using namespace llvm::opt;

/// The first option that the table, or the verb, does not have; success when there is none.
static llvm::Error checkOptions(const OptionTable &table, const InputArgList &arguments,
                                StringRef verb) {
  for (const Arg *argument : arguments) {
    if (argument->getOption().matches(OPT_INPUT))
      continue;
    std::string spelling = argument->getAsString(arguments);
    if (argument->getOption().matches(OPT_UNKNOWN)) {
      std::vector<std::string> known;
      for (const VerbOption &option : table.optionsOf(verb, /*listed=*/false))
        known.push_back(StringRef(option.spelling).rtrim('=').str());
      StringRef name = StringRef(spelling).split('=').first;
      return failure(kUsage, "unknown option '" + spelling + "'" + didYouMean(name, known),
                     "fovea " + verb + " --help");
    }
    if (!argument->getOption().getUnaliasedOption().isRegisteredSC(verb))
      return failure(kUsage, "option '" + spelling + "' is not for 'fovea " + verb + "'",
                     "fovea " + verb + " --help");
  }
  return llvm::Error::success();
}

static llvm::Error setCompileOptions(const InputArgList &arguments, Invocation &invocation) {
  auto set = [&](StringRef key, StringRef value) -> llvm::Error {
    if (std::optional<Problem> problem = setOption(invocation.compile, key, value))
      return llvm::is_contained(
                 {"target", "after", "recurrent-weights", "device-blocks", "products"}, key)
                 ? failure(Problems{*problem})
                 : failure(kUsage,
                           problem->what + (problem->why.empty() ? "" : ": ") + problem->why);
    return llvm::Error::success();
  };
  for (OptionId id : {OPT_target, OPT_emulate, OPT_optimization, OPT_dump_folder, OPT_pass_plugin,
                      OPT_after, OPT_recurrent_weights, OPT_device_blocks, OPT_products})
    if (const Arg *given = arguments.getLastArg(id); given && invocation.isArtifact())
      return failure(kUsage, "--" + given->getOption().getName().rtrim('=') +
                                 " is for models, an artefact is compiled already");
  for (auto [id, key] : {std::pair(OPT_target, "target"),
                         {OPT_threads, "threads"},
                         {OPT_dim, "dim"},
                         {OPT_dump_folder, "dump"},
                         {OPT_pass_plugin, "pass-plugin"},
                         {OPT_after, "after"},
                         {OPT_recurrent_weights, "recurrent-weights"},
                         {OPT_device_blocks, "device-blocks"},
                         {OPT_products, "products"},
                         {OPT_optimization, "optimization"}})
    for (const std::string &value : arguments.getAllArgValues(id))
      if (llvm::Error error = set(key, value))
        return error;
  invocation.compile.emulate = arguments.hasArg(OPT_emulate);
  if (auto problem = checkTarget(invocation.compile.target, invocation.compile.emulate))
    return failure(kUsage, problem->what + ": " + problem->why, problem->remedy);
  invocation.compile.requireFused = arguments.hasArg(OPT_require_fused);
  invocation.compile.emission.addressSanitizer = arguments.hasArg(OPT_address_sanitizer);
  invocation.threads = invocation.compile.threads;
  for (auto &dim : invocation.compile.import.dims)
    invocation.sizes[dim.getKey()] = dim.getValue();
  // What a model has no place for, its import refuses.
  if (invocation.isArtifact())
    for (const auto &dim : invocation.compile.import.dims)
      invocation.sizesOfRun.push_back(dim.getKey().str());
  return llvm::Error::success();
}

static llvm::Error setRunOptions(const InputArgList &arguments, Invocation &invocation) {
  for (StringRef text : arguments.getAllArgValues(OPT_size)) {
    auto [name, size] = text.rsplit('=');
    int64_t value = 0;
    if (name.empty() || size.getAsInteger(10, value) || value < 0)
      return failure(kUsage, "size '" + text + "' cannot be read", "--size=NAME=N");
    invocation.sizes[name] = value;
    invocation.sizesOfRun.push_back(name.str());
  }
  for (StringRef text : arguments.getAllArgValues(OPT_input)) {
    auto [name, fill] = text.split('=');
    if (name.empty() || fill.empty())
      return failure(kUsage, "input '" + text + "' cannot be read", "--input=NAME=randn:7");
    if (llvm::is_contained(llvm::make_first_range(invocation.inputs), name))
      return failure(kUsage, "input '" + name + "' is given twice");
    invocation.inputs.emplace_back(name.str(), fill.str());
  }
  StringRef time = arguments.getLastArgValue(OPT_repeat_ms, "1000");
  if (time.getAsInteger(10, invocation.benchMilliseconds) || invocation.benchMilliseconds < 1)
    return failure(kUsage, "--time is '" + time + "', a number of milliseconds is needed");
  StringRef seed = arguments.getLastArgValue(OPT_emulate_seed, "0");
  if (seed.getAsInteger(10, invocation.emulateSeed))
    return failure(kUsage, "--emulate-seed is '" + seed + "', a number below 2^32 is needed");
  if (arguments.hasArg(OPT_emulate_seed) && !arguments.hasArg(OPT_emulate) &&
      !invocation.isArtifact())
    return failure(kUsage, "--emulate-seed is for kernels that are emulated",
                   "--target=cuda --emulate");
  invocation.entry = arguments.getLastArgValue(OPT_entry).str();
  invocation.outFile = arguments.getLastArgValue(OPT_out).str();
  invocation.reference = arguments.getLastArgValue(OPT_ref, "reference").str();
  StringRef reference = invocation.reference;
  if (reference != "reference" && reference != "onnx" && !reference.starts_with("@"))
    return failure(kUsage, "--ref is '" + reference + "', reference, onnx or @FILE.npz is needed");
  return llvm::Error::success();
}

static llvm::Error setResultOptions(const InputArgList &arguments, Invocation &invocation) {
  invocation.output = arguments.getLastArgValue(OPT_output).str();
  invocation.emit = arguments.getLastArgValue(OPT_emit, "fvm").str();
  static constexpr StringRef kinds[] = {"fvm", "mlir", "llvm", "asm", "obj", "so"};
  if (!llvm::is_contained(kinds, invocation.emit))
    return failure(kUsage, "--emit is '" + invocation.emit +
                               "', one of fvm, mlir, llvm, asm, obj, so is needed");
  if (const Arg *phase = arguments.getLastArg(OPT_stop_after)) {
    invocation.stopAfter = phaseNamed(phase->getValue());
    if (!invocation.stopAfter)
      return failure(kUsage, "--stop-after is '" + StringRef(phase->getValue()) +
                                 "', one of import, graph, schedule, kernel, llvm is needed");
    if (arguments.hasArg(OPT_emit) && invocation.emit != "mlir")
      return failure(kUsage, "--stop-after writes a module, --emit=" + invocation.emit +
                                 " asks for something else");
    invocation.emit = "mlir";
  }
  invocation.compile.emission.keepLlvmIr = invocation.emit == "llvm";
  invocation.compile.emission.keepAssembly = invocation.emit == "asm";
  invocation.measure = arguments.hasArg(OPT_measure);
  invocation.slices = arguments.hasArg(OPT_slices);
  invocation.json = arguments.hasArg(OPT_json);
  invocation.jsonFile = arguments.getLastArgValue(OPT_json_file).str();
  invocation.everyKernel = arguments.hasArg(OPT_every_kernel);
  invocation.quiet = arguments.hasArg(OPT_quiet);
  return llvm::Error::success();
}

llvm::Expected<std::optional<Invocation>> cli::parse(llvm::ArrayRef<const char *> arguments) {
  OptionTable table;
  StringRef first = arguments.empty() ? "--help" : arguments.front();
  if (first == "--help" || first == "-h" || first == "help") {
    printOverview(table);
    return std::nullopt;
  }
  if (first == "--version") {
    llvm::outs() << "fovea " << FOVEA_VERSION << "\n";
    return std::nullopt;
  }
  if (first == "--man" || first == "--bash-completion") {
    (first == "--man" ? printManPage : printBashCompletion)(table);
    return std::nullopt;
  }
  std::vector<std::string> verbs = table.verbs();
  if (!llvm::is_contained(verbs, first))
    return failure(kUsage,
                   (first.starts_with("-") ? "expected a verb before '" : "unknown verb '") +
                       first + "'" + didYouMean(first, verbs),
                   "fovea --help");
  unsigned missingIndex = 0, missingCount = 0;
  InputArgList parsed = table.ParseArgs(arguments.drop_front(), missingIndex, missingCount);
  if (missingCount)
    return failure(kUsage,
                   "option '" + StringRef(parsed.getArgString(missingIndex)) + "' needs a value");
  if (llvm::Error error = checkOptions(table, parsed, first))
    return error;
  if (parsed.hasArg(OPT_help)) {
    printHelp(table, first);
    return std::nullopt;
  }
  Invocation invocation;
  invocation.verb = first.str();
  std::vector<std::string> inputs = parsed.getAllArgValues(OPT_INPUT);
  size_t wanted = first == "doctor" ? 0 : 1;
  if (inputs.size() != wanted)
    return failure(kUsage,
                   inputs.size() > wanted ? "unexpected argument '" + inputs[wanted] + "'"
                                          : "'fovea " + first.str() + "' needs a model",
                   "fovea " + first + " --help");
  invocation.input = inputs.empty() ? "" : inputs.front();
  for (auto set : {setCompileOptions, setRunOptions, setResultOptions})
    if (llvm::Error error = set(parsed, invocation))
      return error;
  return invocation;
}

const Target &Invocation::target() const { return *findTarget(compile.target, compile.emulate); }

std::string Invocation::stem() const {
  StringRef path = StringRef(input).rtrim('/');
  std::string stem = llvm::sys::path::stem(path).str();
  return stem.empty() || stem == "." || stem == ".." ? "model" : stem;
}

llvm::Error Invocation::report(llvm::json::Value result) const {
  if (json)
    llvm::outs() << llvm::formatv("{0:2}", result) << "\n";
  if (jsonFile.empty())
    return llvm::Error::success();
  std::string reason = writeFile(jsonFile, [&](llvm::raw_ostream &stream) {
    stream << llvm::formatv("{0:2}", result) << "\n";
  });
  return reason.empty() ? llvm::Error::success() : failure(kInput, reason);
}

llvm::json::Value cli::jsonNumber(double value) {
  return std::isfinite(value) ? llvm::json::Value(value) : llvm::json::Value(nullptr);
}

void Invocation::say(const llvm::Twine &line) const {
  if (!quiet)
    llvm::errs() << line << "\n";
}
