//===- CApi.cpp - the compiler's C interface ------------------------------===//
//
// Thin functions around Compilation. This file alone is built with exceptions, so that what the
// standard library throws ends here.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Driver/fovea_compiler.h"

#include "compiler/Driver/Compile.h"
#include "compiler/Driver/OptionText.h"
#include "compiler/Driver/ProblemText.h"
#include "compiler/Driver/TargetRegistry.h"
#include "compiler/Frontends/Onnx/Support.h"
#include "runtime/Core/Api.h"

#include <mutex>

using namespace fovea;
using core::guarded;
using core::nullArgument;
using fvm::Code;
using fvm::Status;

struct fovea_options {
  CompileOptions options;
};

struct fovea_artifact {
  explicit fovea_artifact(CompileOptions options) : compilation(std::move(options)) {}
  /// Owns the weights that the artefact borrows.
  Compilation compilation;
  std::unique_ptr<Artifact> artifact;
  mutable std::once_flag packed;
  mutable std::vector<std::byte> bytes;
};

struct fovea_text {
  std::string text;
};

static Status toStatus(const Problems &problems) {
  return {hasCompilerBug(problems) ? Code::Internal : Code::InvalidArgument, format(problems),
          problems.empty() ? "" : problems.front().node};
}

static CompileOptions copyOf(const fovea_options *options) {
  return options ? options->options : CompileOptions();
}

/// Compiles what `read` reads.
template <typename Read>
static Status compile(const fovea_options *options, fovea_artifact **artifact, Read read) {
  if (!artifact)
    return nullArgument("artifact");
  auto made = std::make_unique<fovea_artifact>(copyOf(options));
  if (read(made->compilation))
    made->artifact = made->compilation.finish();
  if (!made->artifact)
    return toStatus(made->compilation.problems());
  *artifact = made.release();
  return {};
}

const char *fovea_compiler_version(void) { return FOVEA_VERSION; }

const char *fovea_compiler_target(int64_t index) {
  llvm::ArrayRef<const Target *> targets = allTargets();
  return index >= 0 && index < int64_t(targets.size()) ? targets[index]->name().data() : nullptr;
}

fovea_options *fovea_options_create(void) { return new (std::nothrow) fovea_options(); }

void fovea_options_free(fovea_options *options) { delete options; }

fovea_status *fovea_options_set(fovea_options *options, const char *key, const char *value) {
  return guarded([&]() -> Status {
    if (!options || !key || !value)
      return nullArgument(!options ? "options" : !key ? "key" : "value");
    std::optional<Problem> problem = setOption(options->options, key, value);
    return problem ? toStatus({*problem}) : Status();
  });
}

fovea_status *fovea_compile_file(const char *path, const fovea_options *options,
                                 fovea_artifact **artifact) {
  return guarded([&]() -> Status {
    if (!path)
      return nullArgument("path");
    return compile(options, artifact, [&](Compilation &to) { return to.read(path); });
  });
}

fovea_status *fovea_compile_text(const void *text, size_t size, const char *name,
                                 const fovea_options *options, fovea_artifact **artifact) {
  return guarded([&]() -> Status {
    if (!text)
      return nullArgument("text");
    std::string copy(static_cast<const char *>(text), size);
    return compile(options, artifact,
                   [&](Compilation &to) { return to.readText(copy, name ? name : "<text>"); });
  });
}

fovea_status *fovea_compile_onnx(const void *model, size_t size, const char *name,
                                 const fovea_options *options, fovea_artifact **artifact) {
  return guarded([&]() -> Status {
    if (!model)
      return nullArgument("model");
    llvm::ArrayRef<uint8_t> bytes(static_cast<const uint8_t *>(model), size);
    return compile(options, artifact,
                   [&](Compilation &to) { return to.readOnnx(bytes, name ? name : "<onnx>"); });
  });
}

const void *fovea_artifact_bytes(const fovea_artifact *artifact, size_t *size) {
  if (!artifact || !size)
    return nullptr;
  try {
    std::call_once(artifact->packed, [&] {
      std::string reason;
      artifact->bytes = artifact->artifact->bytes(reason);
    });
  } catch (...) {
    return nullptr;
  }
  *size = artifact->bytes.size();
  return artifact->bytes.empty() ? nullptr : artifact->bytes.data();
}

fovea_status *fovea_artifact_save(const fovea_artifact *artifact, const char *path) {
  return guarded([&]() -> Status {
    if (!artifact || !path)
      return nullArgument(artifact ? "path" : "artifact");
    std::string reason = artifact->artifact->save(path);
    return reason.empty() ? Status() : Status(Code::InvalidArgument, reason);
  });
}

const char *fovea_artifact_manifest(const fovea_artifact *artifact) {
  return artifact ? artifact->artifact->manifest.c_str() : "";
}

const char *fovea_artifact_ledger(const fovea_artifact *artifact) {
  return artifact ? artifact->artifact->ledger.c_str() : "";
}

const char *fovea_artifact_text(const fovea_artifact *artifact, const char *kind) {
  if (!artifact || !kind)
    return "";
  if (llvm::StringRef(kind) == "llvm")
    return artifact->artifact->llvmIr.c_str();
  return llvm::StringRef(kind) == "asm" ? artifact->artifact->assembly.c_str() : "";
}

void fovea_artifact_free(fovea_artifact *artifact) { delete artifact; }

const char *fovea_text_data(const fovea_text *text) { return text ? text->text.c_str() : ""; }

void fovea_text_free(fovea_text *text) { delete text; }

/// A text that the caller owns.
static fovea_text *textOf(llvm::json::Value value) {
  auto text = std::make_unique<fovea_text>();
  llvm::raw_string_ostream(text->text) << value;
  return text.release();
}

fovea_status *fovea_query_targets(fovea_text **targets) {
  return guarded([&]() -> Status {
    if (!targets)
      return nullArgument("targets");
    *targets = textOf(describeTargets());
    return {};
  });
}

fovea_status *fovea_query_operators(fovea_text **operators) {
  return guarded([&]() -> Status {
    if (!operators)
      return nullArgument("operators");
    llvm::json::Object types;
    for (const OnnxTypeGroup &group : onnxTypeGroups())
      types[group.name] = group.members;
    llvm::json::Array rows;
    for (const OnnxSupportRow &row : onnxSupportTable())
      rows.push_back(llvm::json::Object{{"name", row.name},
                                        {"first_opset", row.firstOpset},
                                        {"last_opset", row.lastOpset},
                                        {"types", row.types},
                                        {"note", row.note}});
    *operators =
        textOf(llvm::json::Object{{"types", std::move(types)}, {"operators", std::move(rows)}});
    return {};
  });
}

fovea_status *fovea_query_file(const char *path, const fovea_options *options,
                               fovea_text **problems) {
  return guarded([&]() -> Status {
    if (!path || !problems)
      return nullArgument(path ? "problems" : "path");
    Compilation compilation(copyOf(options));
    compilation.read(path);
    *problems = textOf(toJson(compilation.problems()));
    return {};
  });
}
