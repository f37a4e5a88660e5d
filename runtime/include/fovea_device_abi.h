//===- fovea_device_abi.h - contract between device code and its host -----===//
//
// What the kernels of a device target share with the host code that launches them, and, for kernels
// compiled for the emulator, with the emulator. Kernels of a GPU use the first part alone.
//
// A kernel is run by `blocks` x `threads` threads in one dimension; 32 neighbours are a warp. Its
// arguments are a block of 8-byte words: for each buffer its data pointer, its dynamic sizes and
// its dynamic strides, then the scalars. Any change raises FOVEA_ABI_VERSION of fovea_abi.h.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_DEVICE_ABI_H
#define FOVEA_DEVICE_ABI_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Threads of a warp.
#define FOVEA_WARP 32

/// Where kernels record the first fault of a run (terms of fovea_fault), in the device's memory.
/// `taken` is exchanged from 0 to 1 by the thread that writes the rest. `meetings` is the counter
/// of the grid's barriers, 0 before the first launch; launches with one record follow each other.
typedef struct fovea_fault_record {
  int32_t taken, fault;
  int64_t node, value, limit;
  uint32_t meetings, reserved;
} fovea_fault_record;

//===----------------------------------------------------------------------===//
// Kernels for the emulator
//===----------------------------------------------------------------------===//

/// Memory that an access is meant for, with the numbers of NVVM's address spaces.
typedef enum fovea_space {
  FOVEA_SPACE_GLOBAL = 1,
  FOVEA_SPACE_SHARED = 3,
} fovea_space;

typedef enum fovea_access { FOVEA_READ = 0, FOVEA_WRITE = 1 } fovea_access;

/// Whose value a shuffle takes: lane `operand`, own lane - operand, + operand, xor operand. Lanes
/// outside the segment (PTX's clamp operand `c`) keep their own and are told so.
typedef enum fovea_shuffle {
  FOVEA_SHUFFLE_IDX = 0,
  FOVEA_SHUFFLE_UP = 1,
  FOVEA_SHUFFLE_DOWN = 2,
  FOVEA_SHUFFLE_BFLY = 3,
} fovea_shuffle;

typedef enum fovea_vote {
  FOVEA_VOTE_ALL = 0,
  FOVEA_VOTE_ANY = 1,
  FOVEA_VOTE_UNI = 2,
  FOVEA_VOTE_BALLOT = 3,
} fovea_vote;

/// Products of a warp (mma.sync, row by column), by shape, type of a and b, type of the sum.
typedef enum fovea_mma {
  FOVEA_MMA_M16N8K16_F16_F32 = 0,
  FOVEA_MMA_M16N8K16_BF16_F32 = 1,
  FOVEA_MMA_M16N8K8_TF32_F32 = 2,
  FOVEA_MMA_M16N8K32_S8_S32 = 3,
} fovea_mma;

typedef enum fovea_atomic {
  FOVEA_ATOMIC_ADD = 0,
  FOVEA_ATOMIC_MIN = 1,
  FOVEA_ATOMIC_MAX = 2,
  FOVEA_ATOMIC_AND = 3,
  FOVEA_ATOMIC_OR = 4,
  FOVEA_ATOMIC_XOR = 5,
  FOVEA_ATOMIC_EXCHANGE = 6,
  FOVEA_ATOMIC_COMPARE_EXCHANGE = 7,
} fovea_atomic;

typedef enum fovea_atomic_type {
  FOVEA_ATOMIC_S32 = 0,
  FOVEA_ATOMIC_U32 = 1,
  FOVEA_ATOMIC_S64 = 2,
  FOVEA_ATOMIC_U64 = 3,
  FOVEA_ATOMIC_F32 = 4,
} fovea_atomic_type;

/// What an atomic operation orders: nothing but itself, or as .acq_rel the accesses around it, at
/// the device's scope.
typedef enum fovea_atomic_order {
  FOVEA_ATOMIC_RELAXED = 0,
  FOVEA_ATOMIC_ACQ_REL = 1,
} fovea_atomic_order;

/// Functions that the hardware approximates (ex2.approx.ftz.f32 and so on; cvt.rna.tf32.f32).
typedef enum fovea_approximation {
  FOVEA_APPROX_EX2 = 0,
  FOVEA_APPROX_LG2 = 1,
  FOVEA_APPROX_RCP = 2,
  FOVEA_APPROX_RSQRT = 3,
  FOVEA_APPROX_TANH = 4,
  FOVEA_APPROX_TF32 = 5,
} fovea_approximation;

/// Addresses that a plain access need not be told of: `starts` of them from `begin` on, in steps of
/// the alignment that the access relies on.
typedef struct fovea_window {
  uint64_t begin, starts;
} fovea_window;

typedef struct fovea_thread fovea_thread;

/// What an emulated thread asks of the emulator. `site` is the number of the operation in the
/// kernel's table of sites, for messages. A rule that is broken ends the launch: such a call does
/// not return. Operations of a warp name their lanes by `mask`; all of them must come.
typedef struct fovea_emulator {
  /// A plain load or store of `bytes` at `address`, which is to be a multiple of `alignment` (a
  /// power of two), is about to happen. At a site whose accesses are all to global memory, of one
  /// kind, size and alignment, it need not be told of one that begins in the site's window.
  void (*access)(fovea_thread *, int32_t space, int32_t kind, const void *address, int64_t bytes,
                 int32_t alignment, int32_t site);
  /// bar.sync id, threads; bar.arrive id, threads.
  void (*barrier)(fovea_thread *, int32_t id, int32_t threads, int32_t site);
  void (*barrier_arrive)(fovea_thread *, int32_t id, int32_t threads, int32_t site);
  void (*warp_barrier)(fovea_thread *, uint32_t mask, int32_t site);
  /// shfl.sync; `in_range`, unless null, receives PTX's predicate p.
  uint32_t (*shuffle)(fovea_thread *, int32_t kind, uint32_t mask, uint32_t value, uint32_t operand,
                      uint32_t clamp, int32_t *in_range, int32_t site);
  /// vote.sync: 0 or 1, or the ballot's bits.
  uint32_t (*vote)(fovea_thread *, int32_t kind, uint32_t mask, int32_t condition, int32_t site);
  /// ldmatrix.sync.m8n8.x`count`.b16 (.trans): `row` is the row that this lane addresses;
  /// `registers` receives `count` words.
  void (*load_matrix)(fovea_thread *, const void *row, int32_t count, int32_t transposed,
                      uint32_t *registers, int32_t site);
  /// mma.sync; `sum` holds the registers of c and receives those of d.
  void (*multiply)(fovea_thread *, int32_t kind, const uint32_t *a, const uint32_t *b,
                   uint32_t *sum, int32_t site);
  /// cp.async of `bytes` (4, 8 or 16), those behind `valid` zero; commit_group; wait_group.
  void (*copy_async)(fovea_thread *, void *to, const void *from, int32_t bytes, int32_t valid,
                     int32_t site);
  void (*commit_copies)(fovea_thread *, int32_t site);
  void (*wait_copies)(fovea_thread *, int32_t pending, int32_t site);
  /// mbarrier.init, .arrive (with expected transaction bytes, else 0), .try_wait.parity.
  void (*mbarrier_init)(fovea_thread *, void *barrier, int32_t count, int32_t site);
  void (*mbarrier_arrive)(fovea_thread *, void *barrier, int64_t expected, int32_t site);
  int32_t (*mbarrier_try_wait)(fovea_thread *, void *barrier, int32_t parity, int32_t site);
  /// cp.async.mbarrier.arrive.noinc: arrives when this thread's earlier copies have landed.
  void (*mbarrier_arrive_copies)(fovea_thread *, void *barrier, int32_t site);
  /// Value before the operation, as bits; `order` is a fovea_atomic_order.
  uint64_t (*atomic)(fovea_thread *, int32_t operation, int32_t type, int32_t order, int32_t space,
                     void *address, uint64_t value, uint64_t compare, int32_t site);
  /// All threads of all blocks; only in cooperative launches. The lower 31 bits of the 4 bytes at
  /// `counter` are 0, the last thread to come changes the upper one.
  void (*grid_barrier)(fovea_thread *, void *counter, int32_t site);
  float (*approximate)(int32_t function, float x);
  /// Functions of one or two doubles, in the numbers of fovea_math.
  double (*math)(int64_t function, double a, double b);
} fovea_emulator;

/// One thread of an emulated launch. The emulator may keep private fields behind it.
struct fovea_thread {
  const fovea_emulator *emulator;
  int32_t thread, block, threads, blocks;
  /// The block's shared memory, 1024-byte aligned.
  void *shared;
  fovea_fault_record *fault;
  /// One for each site, which `access` moves to where it was told of one.
  fovea_window *windows;
};

/// A kernel as the emulator runs it, once for each thread.
typedef void (*fovea_emulated_kernel)(fovea_thread *thread, const int64_t *args);

//===----------------------------------------------------------------------===//
// What the host code of a device target exports
//===----------------------------------------------------------------------===//

/// One kernel. `name` is that of the function in the sections of device code; its last parameter,
/// behind the words of the block, is the fovea_fault_record.
typedef struct fovea_device_kernel {
  const char *name;
  /// Threads of a block, bytes of shared memory of a block, words of the argument block.
  int32_t threads, shared_bytes, words;
  /// 1 for a kernel with a grid barrier. It takes any number of blocks: a launch asks for as many
  /// as are of use, and gets no more than run at the same time.
  int32_t cooperative;
  /// 1 for a kernel that uses atomic operations on global memory, other than for the fault record:
  /// what a block does may depend on those that ran before.
  int32_t atomics;
  int32_t site_count;
  /// Null in code for a GPU.
  fovea_emulated_kernel emulated;
  /// What the operations with sites are, and where they come from.
  const char *const *sites;
} fovea_device_kernel;

#ifdef __cplusplus
}
#endif
#endif // FOVEA_DEVICE_ABI_H
