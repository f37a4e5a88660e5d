//===- fovea_runtime.h - public C interface of the runtime ----------------===//
//
// Loads compiled models (.fvm), describes them and runs them. Plain C structs
// and opaque handles only, so that it can be bound from any language.
//
// Failure: a function that can fail returns a fovea_status, NULL meaning
// success; the caller frees it. No function prints, aborts or throws. Out
// parameters are written on success only.
// Threads: a module is immutable and may be used from any number of threads. A
// context serves one thread at a time; several contexts may run one module at
// the same time.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_RUNTIME_H
#define FOVEA_RUNTIME_H

#include <stddef.h>
#include <stdint.h>

#if defined(__GNUC__)
#define FOVEA_API __attribute__((visibility("default")))
#else
#define FOVEA_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

/// Largest number of dimensions of an input or output.
#define FOVEA_MAX_RANK 16

//===----------------------------------------------------------------------===//
// Version and status
//===----------------------------------------------------------------------===//

/// Version of the runtime, e.g. "0.1.0". Static storage.
FOVEA_API const char *fovea_version(void);

/// FOVEA_ABI_VERSION of fovea_abi.h that this runtime was built with.
FOVEA_API uint32_t fovea_abi_version(void);

typedef enum fovea_code {
  FOVEA_OK = 0,
  /// The call itself is wrong: null pointer, unknown entry, wrong count, wrong dtype.
  FOVEA_INVALID_ARGUMENT = 1,
  /// The artefact cannot be read, is damaged or breaks the format's rules.
  FOVEA_BAD_ARTIFACT = 2,
  /// A sound artefact for another CPU, format version or ABI.
  FOVEA_INCOMPATIBLE = 3,
  /// A tensor's rank or size does not fit the entry's signature or another tensor.
  FOVEA_SHAPE_MISMATCH = 4,
  /// A value in the data (index, length, size) is out of range; names node and value.
  FOVEA_DATA_OUT_OF_RANGE = 5,
  FOVEA_OUT_OF_MEMORY = 6,
  /// A device or its driver is missing or does not fit, or the device has failed.
  FOVEA_DEVICE = 7,
  /// Compiled code or the runtime broke its contract: a bug to report.
  FOVEA_INTERNAL = 8,
} fovea_code;

/// What went wrong. NULL is success; every function here accepts NULL.
typedef struct fovea_status fovea_status;

FOVEA_API fovea_code fovea_status_code(const fovea_status *status);
/// One sentence, lives as long as the status. "" for NULL.
FOVEA_API const char *fovea_status_message(const fovea_status *status);
/// Name of the model's node concerned, "" when there is none.
FOVEA_API const char *fovea_status_node(const fovea_status *status);
FOVEA_API void fovea_status_free(fovea_status *status);

//===----------------------------------------------------------------------===//
// Tensors (the memory layout and the codes are DLPack's)
//===----------------------------------------------------------------------===//

/// Layout of DLDevice. device_type 1 is the CPU, 2 is CUDA.
typedef struct fovea_dldevice {
  int32_t device_type;
  int32_t device_id;
} fovea_dldevice;

/// Layout of DLDataType. code: 0 int, 1 uint, 2 float, 4 bfloat, 6 bool; lanes is 1.
typedef struct fovea_dtype {
  uint8_t code;
  uint8_t bits;
  uint16_t lanes;
} fovea_dtype;

/// Layout of DLTensor: a view, the memory is somebody else's. strides are in elements; NULL means
/// dense row-major.
typedef struct fovea_tensor {
  void *data;
  fovea_dldevice device;
  int32_t ndim;
  fovea_dtype dtype;
  int64_t *shape;
  int64_t *strides;
  uint64_t byte_offset;
} fovea_tensor;

//===----------------------------------------------------------------------===//
// Devices
//===----------------------------------------------------------------------===//

/// A device that modules are loaded for. NULL stands for the CPU; for a module whose kernels are
/// for a GPU, for the first one.
typedef struct fovea_device fovea_device;

/// A queue of work on a device. The CPU has none: pass NULL. For "cuda" the driver's stream itself,
/// of the device's primary context: a CUstream or cudaStream_t cast to this type, 1 for the legacy
/// default stream, 2 for the thread's.
typedef struct fovea_stream fovea_stream;

/// The stream that a context on a GPU has of its own: a run on it is queued and not waited for.
#define FOVEA_CONTEXT_STREAM ((fovea_stream *)(intptr_t)-1)

/// Number of devices of a kind ("cpu", "cuda"). FOVEA_DEVICE when the kind's driver is missing or
/// too old, FOVEA_INVALID_ARGUMENT when it is unknown.
FOVEA_API fovea_status *fovea_device_count(const char *kind, int32_t *count);

/// Opens device `index` of a kind. Free it with fovea_device_free; modules do not keep it.
FOVEA_API fovea_status *fovea_device_open(const char *kind, int32_t index, fovea_device **device);
FOVEA_API const char *fovea_device_kind(const fovea_device *device);
FOVEA_API void fovea_device_free(fovea_device *device);

//===----------------------------------------------------------------------===//
// Modules
//===----------------------------------------------------------------------===//

/// A loaded artefact. Immutable.
typedef struct fovea_module fovea_module;

/// Loads and checks a .fvm. Weights are mapped, not copied: replace the file only by renaming
/// another one over it, never write into it or shorten it while it is loaded. An artefact is
/// native code: load only what you trust.
FOVEA_API fovea_status *fovea_module_load_file(const char *path, const fovea_device *device,
                                               fovea_module **module);

/// The same from memory, which is copied and may be freed after the call.
FOVEA_API fovea_status *fovea_module_load_memory(const void *data, size_t size,
                                                 const fovea_device *device, fovea_module **module);

/// Contexts keep their module alive, so a module may be freed before them.
FOVEA_API void fovea_module_free(fovea_module *module);

/// The manifest's JSON text, the fusion ledger's ("" when there is none), and
/// "<triple> <cpu> <feature>,<feature>...". They live as long as the module.
FOVEA_API const char *fovea_module_manifest(const fovea_module *module);
FOVEA_API const char *fovea_module_ledger(const fovea_module *module);
FOVEA_API const char *fovea_module_target(const fovea_module *module);

FOVEA_API int64_t fovea_module_entry_count(const fovea_module *module);
/// Name of an entry, NULL when the index is out of range.
FOVEA_API const char *fovea_module_entry_name(const fovea_module *module, int64_t index);

/// One input or output. All pointers live as long as the module.
typedef struct fovea_io_info {
  const char *name;
  /// "f32", "i64", "bool", ...; `type` says the same as a DLPack type.
  const char *dtype;
  fovea_dtype type;
  int32_t rank;
  /// Static sizes; -1 where the size is symbolic or depends on data.
  const int64_t *dims;
  /// Symbol's name per dimension, NULL where the size is static or depends on data.
  const char *const *symbols;
  /// 1 for an input whose elements decide sizes or steps of a run on a device: it must be in the
  /// host's memory.
  int32_t on_host;
} fovea_io_info;

/// Numbers of inputs and outputs, -1 for an unknown entry. `entry` NULL is the first entry, here
/// and below.
FOVEA_API int64_t fovea_module_input_count(const fovea_module *module, const char *entry);
FOVEA_API int64_t fovea_module_output_count(const fovea_module *module, const char *entry);
FOVEA_API fovea_status *fovea_module_input_info(const fovea_module *module, const char *entry,
                                                int64_t index, fovea_io_info *info);
FOVEA_API fovea_status *fovea_module_output_info(const fovea_module *module, const char *entry,
                                                 int64_t index, fovea_io_info *info);

/// Memory of one run, outputs and data-dependent blocks excluded.
typedef struct fovea_plan {
  int64_t arena_bytes;
  /// Per thread.
  int64_t scratch_bytes;
  /// arena_bytes + threads * scratch_bytes, with padding.
  int64_t peak_bytes;
} fovea_plan;

/// Memory that a run with these input shapes takes (ndim and shape are read; data may be NULL).
FOVEA_API fovea_status *fovea_module_plan(const fovea_module *module, const char *entry,
                                          const fovea_tensor *inputs, int64_t num_inputs,
                                          int32_t threads, fovea_plan *plan);

/// Shape of output `index` for these input shapes: writes info.rank sizes to `dims`, -1 where the
/// size depends on data.
FOVEA_API fovea_status *fovea_module_output_shape(const fovea_module *module, const char *entry,
                                                  const fovea_tensor *inputs, int64_t num_inputs,
                                                  int64_t index, int64_t *dims);

//===----------------------------------------------------------------------===//
// Contexts and runs
//===----------------------------------------------------------------------===//

/// Everything that runs need besides the module: arena, thread pool, output memory.
typedef struct fovea_context fovea_context;

/// Memory of an output that was taken from its context.
typedef struct fovea_buffer fovea_buffer;

/// Where tensor memory (arena, scratch, outputs, copies) comes from. `alloc` returns NULL on
/// failure and is asked for alignments that are powers of two. `free` gets what `alloc` was given.
/// It is for the host's memory: that of a GPU comes from its driver.
/// Both are called on the thread that runs the context, or frees it or a buffer.
typedef struct fovea_allocator {
  void *(*alloc)(void *user, size_t bytes, size_t alignment);
  void (*free)(void *user, void *memory, size_t bytes, size_t alignment);
  void *user;
} fovea_allocator;

/// One share of a parallel region.
typedef void (*fovea_share)(void *arg, int64_t index);

/// A host's thread pool: calls share(arg, i) exactly once for every i in [0, count), on any
/// threads, and returns when all have returned. Shares need not run at the same time.
typedef void (*fovea_parallel_for)(void *user, int64_t count, fovea_share share, void *arg);

/// Set up with fovea_context_options_init, then change fields.
typedef struct fovea_context_options {
  /// sizeof(fovea_context_options) of the caller.
  size_t struct_size;
  /// Threads of a run, the caller's included. 0: what the model was tuned for, at most the CPUs
  /// that the process may use. Results do not depend on it.
  int32_t threads;
  /// Microseconds that an idle thread spins before it sleeps; -1: default, 0: sleep at once.
  int32_t spin_us;
  /// alloc NULL: the runtime's own.
  fovea_allocator allocator;
  /// NULL: the context's own pool. Called with at most `threads` shares.
  fovea_parallel_for parallel_for;
  void *parallel_for_user;
  /// 1: on a GPU, a run that repeats the one before (entry, sizes and addresses of tensors on the
  /// device) is recorded as a graph, and it and those behind it are replayed in one call. Results
  /// do not depend on it. 0: launches are made one by one.
  int32_t replay;
  /// For kernels that are emulated: decides the order of blocks, warps and threads, and when
  /// asynchronous copies land, in every launch. The same seed gives the same run; results of
  /// correct kernels do not depend on it. Other kernels ignore it. It lies in what was padding, so
  /// that options of callers that do not know it have 0 here.
  uint32_t emulate_seed;
} fovea_context_options;

FOVEA_API void fovea_context_options_init(fovea_context_options *options);

/// `options` NULL: the defaults.
FOVEA_API fovea_status *fovea_context_create(const fovea_module *module,
                                             const fovea_context_options *options,
                                             fovea_context **context);

/// Frees the outputs that it still owns.
FOVEA_API void fovea_context_free(fovea_context *context);

/// Threads that a run uses.
FOVEA_API int32_t fovea_context_threads(const fovea_context *context);

/// Runs an entry. Inputs are read only; one that is not dense row-major is copied first. An output
/// with data != NULL is written in place: it must be dense, have the right dtype and shape and
/// overlap no other tensor. One with data == NULL is filled in (data, shape, ndim, dtype, device):
/// the memory, shape included, is the context's until its next run starts, or can be taken with
/// fovea_context_detach. When the run fails the output structs are as before, and supplied output
/// memory is undefined. From the second run with the same shapes on, nothing is allocated.
///
/// On a GPU, tensors may be in the host's memory, from and to which they are copied, or on the
/// module's device (device_type 2), where they are dense; those aligned to 16 bytes are used in
/// place. An output with data == NULL stays on the device where its `device` says so. Without a
/// stream the run has ended when the call returns, and is ordered with the legacy default stream.
/// With one it is queued there, behind earlier runs of the context; tensors of both sides stay
/// valid and host outputs unread until fovea_context_synchronize, which also tells of faults that
/// the data has caused. A stream may be captured into a graph when a run with tensors of the same
/// sizes has been before, all tensors are on the device and no size depends on data. As long as
/// such a graph may be launched, the context must live and run with no other sizes, which could
/// move the memory that the graph uses. A GPU that has failed is lost to the process: later calls
/// are refused with FOVEA_DEVICE.
FOVEA_API fovea_status *fovea_context_run(fovea_context *context, const char *entry,
                                          const fovea_tensor *inputs, int64_t num_inputs,
                                          fovea_tensor *outputs, int64_t num_outputs,
                                          fovea_stream *stream);

/// Waits for the runs of the context that were queued on streams, and fails with the first fault
/// among them since the last wait. Runs replayed by a graph have to have ended before.
FOVEA_API fovea_status *fovea_context_synchronize(fovea_context *context);

/// Where the context's kernels find tensors: the host's memory, or a GPU.
FOVEA_API fovea_dldevice fovea_context_device(const fovea_context *context);

/// Copies a tensor of the host to where the context's kernels find tensors, dense. `to` is a view
/// of `buffer`, which the caller frees with fovea_buffer_free when the runs that use it have ended.
FOVEA_API fovea_status *fovea_context_upload(fovea_context *context, const fovea_tensor *from,
                                             fovea_tensor *to, fovea_buffer **buffer);

/// Milliseconds from fovea_context_start_clock to fovea_context_stop_clock, which waits like
/// fovea_context_synchronize. On a GPU by its own clock, from the end of the runs before to the end
/// of those between the two; else by the host's.
FOVEA_API fovea_status *fovea_context_start_clock(fovea_context *context);
FOVEA_API fovea_status *fovea_context_stop_clock(fovea_context *context, double *milliseconds);

/// How many runs were replayed (fovea_context_options.replay).
FOVEA_API int64_t fovea_context_replays(const fovea_context *context);

/// Takes the memory of output `index` of the last run, which the runtime allocated: its data and
/// shape pointers stay valid until fovea_buffer_free, also when the context and the module are
/// gone. The context's allocator must live as long. Memory of a GPU is freed behind the context's
/// runs; work of others on it must have ended.
FOVEA_API fovea_status *fovea_context_detach(fovea_context *context, int64_t index,
                                             fovea_buffer **buffer);
FOVEA_API void fovea_buffer_free(fovea_buffer *buffer);

#ifdef __cplusplus
}
#endif
#endif // FOVEA_RUNTIME_H
