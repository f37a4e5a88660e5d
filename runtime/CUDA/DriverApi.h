//===- DriverApi.h - what is used of the CUDA driver API ------------------===//
//
// Types, numbers and functions of NVIDIA's libcuda.so.1 as far as the runtime calls them, so that
// it builds without the CUDA toolkit. test/Runtime/CUDA/DriverApiTest.cpp holds them to cuda.h.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_RUNTIME_CUDA_DRIVERAPI_H
#define FOVEA_RUNTIME_CUDA_DRIVERAPI_H

#include <cstddef>
#include <cstdint>

namespace fovea::cuda {

/// CUresult.
enum Result : int {
  kSuccess = 0,
  kInvalidValue = 1,
  kOutOfMemory = 2,
  kNoDevice = 100,
  kInvalidImage = 200,
  kNoBinaryForGpu = 209,
  kInvalidPtx = 218,
  kUnsupportedPtxVersion = 222,
};

/// CUdeviceptr.
using DevicePointer = unsigned long long;
/// CUcontext, CUmodule, CUfunction, CUstream, CUevent, CUgraph, CUgraphExec.
using ContextHandle = struct CUctx_st *;
using ModuleHandle = struct CUmod_st *;
using FunctionHandle = struct CUfunc_st *;
using StreamHandle = struct CUstream_st *;
using EventHandle = struct CUevent_st *;
using GraphHandle = struct CUgraph_st *;
using GraphExecHandle = struct CUgraphExec_st *;

/// CUdevice_attribute.
enum DeviceAttribute : int {
  kCapabilityMajor = 75,
  kCapabilityMinor = 76,
  kMaxSharedPerBlock = 97,
  kMemoryPools = 115,
};

/// CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES.
inline constexpr int kFunctionMaxDynamicShared = 8;
/// CU_STREAM_DEFAULT: ordered with the legacy default stream.
inline constexpr unsigned kStreamDefault = 0;
/// CU_STREAM_NON_BLOCKING: in no order with the legacy default stream.
inline constexpr unsigned kStreamNonBlocking = 1;
/// CU_EVENT_DEFAULT, CU_EVENT_DISABLE_TIMING.
inline constexpr unsigned kEventWithTime = 0, kEventWithoutTime = 2;
/// CU_STREAM_CAPTURE_MODE_THREAD_LOCAL: what other threads do cannot spoil the capture.
inline constexpr int kCaptureThreadLocal = 1;
/// CU_STREAM_CAPTURE_STATUS_NONE.
inline constexpr int kNotCapturing = 0;

/// CUlaunchAttribute, with the one value that is used.
struct LaunchAttribute {
  /// CU_LAUNCH_ATTRIBUTE_COOPERATIVE.
  static constexpr int kCooperative = 2;
  int id;
  char pad[4];
  union {
    char bytes[64];
    int cooperative;
  } value;
};

/// CUlaunchConfig.
struct LaunchConfig {
  unsigned gridX, gridY, gridZ, blockX, blockY, blockZ, sharedBytes;
  StreamHandle stream;
  LaunchAttribute *attributes;
  unsigned attributeCount;
};

/// Keys of cuLaunchKernelEx's extra list, which gives all parameters as one buffer.
inline void *const kParametersEnd = nullptr;
inline void *const kParametersBuffer = reinterpret_cast<void *>(1);
inline void *const kParametersSize = reinterpret_cast<void *>(2);

/// The functions by their exported names, which carry the version of their signature.
#define FOVEA_CUDA_FUNCTIONS(F)                                                                    \
  F(cuInit, (unsigned))                                                                            \
  F(cuDriverGetVersion, (int *))                                                                   \
  F(cuGetErrorName, (int, const char **))                                                          \
  F(cuGetErrorString, (int, const char **))                                                        \
  F(cuDeviceGetCount, (int *))                                                                     \
  F(cuDeviceGet, (int *, int))                                                                     \
  F(cuDeviceGetName, (char *, int, int))                                                           \
  F(cuDeviceGetAttribute, (int *, int, int))                                                       \
  F(cuDeviceTotalMem_v2, (size_t *, int))                                                          \
  F(cuDevicePrimaryCtxRetain, (ContextHandle *, int))                                              \
  F(cuCtxPushCurrent_v2, (ContextHandle))                                                          \
  F(cuCtxPopCurrent_v2, (ContextHandle *))                                                         \
  F(cuModuleLoadData, (ModuleHandle *, const void *))                                              \
  F(cuModuleUnload, (ModuleHandle))                                                                \
  F(cuModuleGetFunction, (FunctionHandle *, ModuleHandle, const char *))                           \
  F(cuFuncSetAttribute, (FunctionHandle, int, int))                                                \
  F(cuLaunchKernelEx, (const LaunchConfig *, FunctionHandle, void **, void **))                    \
  F(cuMemAlloc_v2, (DevicePointer *, size_t))                                                      \
  F(cuMemFree_v2, (DevicePointer))                                                                 \
  F(cuMemAllocHost_v2, (void **, size_t))                                                          \
  F(cuMemFreeHost, (void *))                                                                       \
  F(cuMemAllocAsync, (DevicePointer *, size_t, StreamHandle))                                      \
  F(cuMemFreeAsync, (DevicePointer, StreamHandle))                                                 \
  F(cuMemcpyHtoD_v2, (DevicePointer, const void *, size_t))                                        \
  F(cuMemcpyHtoDAsync_v2, (DevicePointer, const void *, size_t, StreamHandle))                     \
  F(cuMemcpyDtoHAsync_v2, (void *, DevicePointer, size_t, StreamHandle))                           \
  F(cuMemcpyDtoDAsync_v2, (DevicePointer, DevicePointer, size_t, StreamHandle))                    \
  F(cuStreamCreate, (StreamHandle *, unsigned))                                                    \
  F(cuStreamDestroy_v2, (StreamHandle))                                                            \
  F(cuStreamSynchronize, (StreamHandle))                                                           \
  F(cuStreamIsCapturing, (StreamHandle, int *))                                                    \
  F(cuStreamWaitEvent, (StreamHandle, EventHandle, unsigned))                                      \
  F(cuEventCreate, (EventHandle *, unsigned))                                                      \
  F(cuEventRecord, (EventHandle, StreamHandle))                                                    \
  F(cuEventElapsedTime, (float *, EventHandle, EventHandle))                                       \
  F(cuStreamBeginCapture_v2, (StreamHandle, int))                                                  \
  F(cuStreamEndCapture, (StreamHandle, GraphHandle *))                                             \
  F(cuGraphInstantiateWithFlags, (GraphExecHandle *, GraphHandle, unsigned long long))             \
  F(cuGraphLaunch, (GraphExecHandle, StreamHandle))                                                \
  F(cuGraphExecDestroy, (GraphExecHandle))                                                         \
  F(cuGraphDestroy, (GraphHandle))                                                                 \
  F(cuEventDestroy_v2, (EventHandle))

/// Pointers to them; the rules of each are NVIDIA's.
struct DriverApi {
#define FOVEA_CUDA_POINTER(name, parameters) int(*name) parameters = nullptr;
  FOVEA_CUDA_FUNCTIONS(FOVEA_CUDA_POINTER)
#undef FOVEA_CUDA_POINTER
};

} // namespace fovea::cuda

#endif // FOVEA_RUNTIME_CUDA_DRIVERAPI_H
