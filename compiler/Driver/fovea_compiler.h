//===- fovea_compiler.h - public C interface of the compiler --------------===//
//
// Compiles a model to an artefact, in memory or as a .fvm file, which the
// runtime (fovea_runtime.h) loads.
//
// Failure: as in fovea_runtime.h, whose status this library shares: a function
// that can fail returns a fovea_status, NULL meaning success. What a model's
// author can mend is FOVEA_INVALID_ARGUMENT, with one paragraph per problem:
//   model.onnx: node 'enc/attn' (Attention-25): error[FV0101]: what
//     why: ...
//     try: ...
// The status' node is the first problem's. A bug of the compiler is
// FOVEA_INTERNAL.
// Threads: options and artefacts may be read from several threads; one that is
// being changed or freed belongs to one. Compilations run side by side.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_H
#define FOVEA_COMPILER_H

#include "fovea_runtime.h"

#ifdef __cplusplus
extern "C" {
#endif

/// Version of the compiler, e.g. "0.1.0". Static storage.
FOVEA_API const char *fovea_compiler_version(void);

/// Name of a target, the default first, NULL when the index is out of range. Static storage.
/// fovea_query_targets says more of each.
FOVEA_API const char *fovea_compiler_target(int64_t index);

//===----------------------------------------------------------------------===//
// Options
//===----------------------------------------------------------------------===//

typedef struct fovea_options fovea_options;

/// Options with their defaults; NULL when there is no memory.
FOVEA_API fovea_options *fovea_options_create(void);
FOVEA_API void fovea_options_free(fovea_options *options);

/// Sets an option; '_' in a key is read as '-'. Keys and values:
///   target             "host" (default), "x86-64-v3", "x86-64-v4", "armv8-a"; rows of dot and tile
///                      products behind a level: "x86-64-v4+amx-bf16"; "cuda", or for one
///                      architecture "cuda:sm_90"; "reference" makes no artefact
///   emulate            "true": kernels of target "cuda", or of one architecture of it, are
///                      compiled for this processor
///   threads            threads that runs prefer, 0 for no preference
///   dim                NAME=N: the symbolic dimension NAME has size N; repeatable
///   optimization       0 to 3 (default)
///   recurrent-weights  "stored" (default), or "i8": constant weights of recurrences are rounded to
///                      integers of 8 bits with a scale for each gate and unit, and states in the
///                      products likewise, where the target has dots of such; the ledger says by
///                      how much, and where not
///   device-blocks      for target "cuda", also emulated: blocks that run at the same time, 1 to
///                      4096, for which keys of few queries are split (default 256, of which two
///                      run on each multiprocessor of an H100; 8 for the emulator)
///   products           "exact" (default), or "tf32": for target "cuda", also emulated, f32
///                      operands of products of 16 rows or more, or of a number that the run
///                      says, may be rounded to tf32 (10 bits behind the point) for tensor cores;
///                      sums are of f32, and the ledger says which were rounded
///   require-fused      "true": a kernel that is not computed by its best form is a problem
///   address-sanitizer  "true": instrument loads and stores
///   pass-plugin        file of a library with passes (mlirGetPassPluginInfo), which is native code
///                      and stays loaded; repeatable
///   after              PHASE:PIPELINE: passes in MLIR's text form, of plug-ins, of Fovea or of
///                      MLIR, that run at the end of the phase (import, graph, ...); repeatable
///   ptxas              NVIDIA's assembler, for target "cuda", of CUDA 12.0 or later; else that of
///                      the CUDA toolkit or on the path; without any, and for "none", the artefact
///                      has PTX alone
///   dump               folder for the module after each phase
///   keep               "llvm" or "asm": texts that fovea_artifact_text gives; repeatable
FOVEA_API fovea_status *fovea_options_set(fovea_options *options, const char *key,
                                          const char *value);

//===----------------------------------------------------------------------===//
// Compilations
//===----------------------------------------------------------------------===//

/// A compiled model in memory.
typedef struct fovea_artifact fovea_artifact;

/// Compiles an .onnx file, an .mlir file or a Hugging Face folder. `options` NULL: the defaults.
FOVEA_API fovea_status *fovea_compile_file(const char *path, const fovea_options *options,
                                           fovea_artifact **artifact);

/// Compiles a module given as `size` bytes of MLIR text, which need no terminator; `name` stands
/// for the file in messages (NULL: "<text>"). The text cannot name files with weights.
FOVEA_API fovea_status *fovea_compile_text(const void *text, size_t size, const char *name,
                                           const fovea_options *options, fovea_artifact **artifact);

/// Compiles an ONNX model given as `size` bytes; `name` stands for the file in messages (NULL:
/// "<onnx>"). The bytes are read during the call only, and cannot refer to external data.
FOVEA_API fovea_status *fovea_compile_onnx(const void *model, size_t size, const char *name,
                                           const fovea_options *options, fovea_artifact **artifact);

/// The .fvm's bytes, which live as long as the artefact; NULL when there is no memory for them.
FOVEA_API const void *fovea_artifact_bytes(const fovea_artifact *artifact, size_t *size);

/// Writes the .fvm by way of a temporary file and a rename.
FOVEA_API fovea_status *fovea_artifact_save(const fovea_artifact *artifact, const char *path);

/// The manifest's and the fusion ledger's JSON text; they live as long as the artefact.
FOVEA_API const char *fovea_artifact_manifest(const fovea_artifact *artifact);
FOVEA_API const char *fovea_artifact_ledger(const fovea_artifact *artifact);

/// The text kept under "llvm" or "asm"; "" when it was not asked for.
FOVEA_API const char *fovea_artifact_text(const fovea_artifact *artifact, const char *kind);

FOVEA_API void fovea_artifact_free(fovea_artifact *artifact);

//===----------------------------------------------------------------------===//
// Questions about a model
//===----------------------------------------------------------------------===//

typedef struct fovea_text fovea_text;

/// Zero-terminated; lives until fovea_text_free.
FOVEA_API const char *fovea_text_data(const fovea_text *text);
FOVEA_API void fovea_text_free(fovea_text *text);

/// The targets of this build: a JSON list of objects with the strings name, summary, device (as in
/// fovea_device_open) and memory ("host" or "device": where the tensors of a run lie), the booleans
/// streams (runs are queued on a fovea_stream), artifacts (false: the target evaluates models in
/// the compiler's process and cannot be compiled for) and available (on this machine), and the
/// names of its phases behind import.
FOVEA_API fovea_status *fovea_query_targets(fovea_text **targets);

/// The ONNX operators that are read, as a JSON object: `operators`, a list of objects with the
/// strings name, types (of the first input, by group) and note (what is refused) and the numbers
/// first_opset and last_opset; `types`, the members of each group. What docs/Support.md is made of.
FOVEA_API fovea_status *fovea_query_operators(fovea_text **operators);

/// What keeps a model from being compiled, found by reading it alone: a JSON list, empty when there
/// is nothing, of objects with the strings code, file, node, op, what, why, remedy and the number
/// opset. Fails only when there is no memory or an argument is NULL.
FOVEA_API fovea_status *fovea_query_file(const char *path, const fovea_options *options,
                                         fovea_text **problems);

#ifdef __cplusplus
}
#endif
#endif // FOVEA_COMPILER_H
