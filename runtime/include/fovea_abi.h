//===- fovea_abi.h - contract between compiled code and its host ----------===//
//
// The structures that compiled code and the runtime share. Compiled code calls
// nothing but memcpy, memset, memmove and the functions of the host table here.
// Any change of layout or meaning raises FOVEA_ABI_VERSION; artefacts carry it.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_ABI_H
#define FOVEA_ABI_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define FOVEA_ABI_VERSION 7

typedef struct fovea_call fovea_call;

/// One task of a kernel. `args` is the kernel's packed argument block of 8-byte words: word 0 is
/// the fovea_call, then for each buffer its data pointer, its dynamic sizes and strides, then the
/// scalars. `task` is in [0, count), `scratch` is the calling thread's scratch memory (64-byte
/// aligned, at least the bytes that the entry's manifest asks for).
typedef void (*fovea_task)(void *args, int64_t task, void *scratch);

/// Functions of one double-precision scalar (or two), never on a hot path: f32 is generated.
typedef enum fovea_math {
  FOVEA_MATH_EXP = 0,
  FOVEA_MATH_LOG = 1,
  FOVEA_MATH_SIN = 2,
  FOVEA_MATH_COS = 3,
  FOVEA_MATH_TANH = 4,
  FOVEA_MATH_ERF = 5,
  FOVEA_MATH_POW = 6,
  FOVEA_MATH_FMOD = 7,
  FOVEA_MATH_EXPM1 = 8,
  FOVEA_MATH_LOG1P = 9,
} fovea_math;

/// Why a run stopped. Recorded by compiled code with the number of the node concerned.
typedef enum fovea_fault {
  FOVEA_FAULT_NONE = 0,
  /// A data-dependent index (token id, Gather, Scatter) outside [-limit, limit).
  FOVEA_FAULT_INDEX = 1,
  /// Two sizes known only at run time that must agree: value against limit.
  FOVEA_FAULT_SHAPE = 2,
  /// A size or length from data that is negative or larger than limit.
  FOVEA_FAULT_LENGTH = 3,
  /// An output buffer or memory for a data-dependent size could not be had.
  FOVEA_FAULT_MEMORY = 4,
  /// A parameter from data (a step, a choice of axes) that the operation does not take.
  FOVEA_FAULT_PARAMETER = 5,
} fovea_fault;

/// Host services. Filled by the runtime, immutable while a call is under way.
typedef struct fovea_host {
  uint64_t abi_version;
  /// Runs task(args, i, scratch) once for every i in [0, count), in any order and on any thread
  /// of the call, and returns when all have finished. Does not return when a fault was recorded:
  /// the call is unwound to its start.
  void (*parallel_for)(fovea_call *call, fovea_task task, void *args, int64_t count);
  /// Buffer of result `index` with the given sizes, dense row-major, 64-byte aligned unless the
  /// caller of the run supplied it. Does not return on failure.
  void *(*output)(fovea_call *call, int64_t index, int64_t rank, const int64_t *dims);
  /// Memory whose size depends on data, 64-byte aligned, freed when the run ends. Does not return
  /// on failure.
  void *(*allocate)(fovea_call *call, int64_t bytes);
  /// Records a fault (the first one wins) and returns. May be called from tasks; the caller goes
  /// on with a harmless value.
  void (*fault)(fovea_call *call, int64_t fault, int64_t node, int64_t value, int64_t limit);
  /// Records a fault and unwinds the call to its start. Only outside tasks.
  void (*stop)(fovea_call *call, int64_t fault, int64_t node, int64_t value, int64_t limit);
  /// Evaluates a fovea_math function in double precision; `b` is ignored by functions of one.
  double (*math)(int64_t function, double a, double b);
  /// Runs team(args, slot, scratch) for slots in [0, shares), each on one thread, at the same time
  /// where threads are there, and returns when all that have begun have finished. `shares` is in
  /// [1, threads]. The task goes through phases; the work of each is cut into `shares` shares,
  /// which it asks for with `share`. Does not return when a fault was recorded.
  void (*team)(fovea_call *call, fovea_task task, void *args, int64_t shares);
  /// Within a team: the share of the phase that slot `slot` works on next, or -1 when all shares of
  /// it are done and the slot goes on to the next phase. What a share wrote is seen in later
  /// phases.
  int64_t (*share)(fovea_call *call, int64_t slot);
  /// Within a team, between two phases: whether slot `slot` goes on, 1 or 0. All slots get the same
  /// answers in the same order. `condition` counts where the slot comes first, having finished all
  /// phases before, and is ignored otherwise: memory that it was computed from may have changed.
  /// What follows a 0 must not ask again. 0 once a fault was recorded.
  int64_t (*proceed)(fovea_call *call, int64_t slot, int64_t condition);
  /// How often the team that ran last got 1 from `proceed`.
  int64_t (*steps)(fovea_call *call);
  /// Runs kernel number `kernel` of the table `fovea_device_kernels` (fovea_device_abi.h) on the
  /// device: behind all that was launched before, perhaps later than the call returns. `args` is
  /// the block of its words, which may go when the call returns. Only outside tasks, and only in
  /// code for a device. Does not return when the launch cannot be had.
  void (*launch)(fovea_call *call, int64_t kernel, int64_t blocks, const int64_t *args);
} fovea_host;

/// One run of one entry. The runtime may keep private fields behind it.
struct fovea_call {
  const fovea_host *host;
  /// Data pointers of the inputs, dense row-major, in manifest order.
  const void *const *inputs;
  /// Values of the entry's symbolic dimensions, in manifest order.
  const int64_t *dims;
  /// The weights section (64-byte aligned).
  const void *weights;
  /// Arena of at least the bytes that the entry's plan asked for (64-byte aligned).
  void *arena;
  /// Threads that parallel_for may use, at least 1.
  int64_t threads;
  /// As `inputs`, in memory that the code which runs the call can read. Null for inputs of which
  /// the manifest does not say that the host reads them.
  const void *const *host_inputs;
};

/// Exported by the code section as fovea_run_<entry>. Results arrive through host->output.
typedef void (*fovea_run_fn)(fovea_call *call);

/// Exported as fovea_plan_<entry>. Bytes of arena that a run with these dims needs, without
/// per-thread scratch; INT64_MAX when the sum overflows. Pure.
typedef int64_t (*fovea_plan_fn)(const int64_t *dims);

#ifdef __cplusplus
}
#endif
#endif // FOVEA_ABI_H
