//===- DriverApiTest.cpp - our declarations against NVIDIA's header -------===//
//
// Compiled where the CUDA toolkit is there; the compiler does the comparing.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "runtime/CUDA/DriverApi.h"

#include <cuda.h>
#include <gtest/gtest.h>

// The header of CUDA 13 declares the second version alone, with the same parameters; its drivers
// still export the first, the one that those of CUDA 12.0 have.
#ifdef cuEventElapsedTime
#undef cuEventElapsedTime
extern "C" decltype(cuEventElapsedTime_v2) cuEventElapsedTime;
#endif

using namespace fovea;

static_assert(cuda::kInvalidPtx == int(CUDA_ERROR_INVALID_PTX) &&
              cuda::kInvalidValue == int(CUDA_ERROR_INVALID_VALUE) &&
              cuda::kOutOfMemory == int(CUDA_ERROR_OUT_OF_MEMORY) &&
              cuda::kNoDevice == int(CUDA_ERROR_NO_DEVICE) &&
              cuda::kInvalidImage == int(CUDA_ERROR_INVALID_IMAGE) &&
              cuda::kNoBinaryForGpu == int(CUDA_ERROR_NO_BINARY_FOR_GPU) &&
              cuda::kUnsupportedPtxVersion == int(CUDA_ERROR_UNSUPPORTED_PTX_VERSION));
static_assert(cuda::kCapabilityMajor == int(CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR) &&
              cuda::kCapabilityMinor == int(CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR) &&
              cuda::kMaxSharedPerBlock ==
                  int(CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN) &&
              cuda::kMemoryPools == int(CU_DEVICE_ATTRIBUTE_MEMORY_POOLS_SUPPORTED));
static_assert(cuda::kFunctionMaxDynamicShared ==
                  int(CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES) &&
              cuda::kStreamDefault == unsigned(CU_STREAM_DEFAULT) &&
              cuda::kStreamNonBlocking == unsigned(CU_STREAM_NON_BLOCKING) &&
              cuda::kCaptureThreadLocal == int(CU_STREAM_CAPTURE_MODE_THREAD_LOCAL) &&
              cuda::kEventWithTime == unsigned(CU_EVENT_DEFAULT) &&
              cuda::kEventWithoutTime == unsigned(CU_EVENT_DISABLE_TIMING) &&
              cuda::kNotCapturing == int(CU_STREAM_CAPTURE_STATUS_NONE) &&
              cuda::LaunchAttribute::kCooperative == int(CU_LAUNCH_ATTRIBUTE_COOPERATIVE));

static_assert(sizeof(cuda::DevicePointer) == sizeof(CUdeviceptr) &&
              sizeof(cuda::LaunchAttribute) == sizeof(CUlaunchAttribute) &&
              offsetof(cuda::LaunchAttribute, value) == offsetof(CUlaunchAttribute, value) &&
              sizeof(CUdevice) == sizeof(int) && sizeof(CUresult) == sizeof(int));
static_assert(sizeof(cuda::LaunchConfig) == sizeof(CUlaunchConfig) &&
              offsetof(cuda::LaunchConfig, blockX) == offsetof(CUlaunchConfig, blockDimX) &&
              offsetof(cuda::LaunchConfig, sharedBytes) ==
                  offsetof(CUlaunchConfig, sharedMemBytes) &&
              offsetof(cuda::LaunchConfig, stream) == offsetof(CUlaunchConfig, hStream) &&
              offsetof(cuda::LaunchConfig, attributes) == offsetof(CUlaunchConfig, attrs) &&
              offsetof(cuda::LaunchConfig, attributeCount) == offsetof(CUlaunchConfig, numAttrs));

/// Number of a function's parameters.
template <typename Result, typename... Parameters>
constexpr size_t arityOf(Result (*)(Parameters...)) {
  return sizeof...(Parameters);
}

TEST(DriverApi, functions_take_as_many_parameters_as_in_the_header) {
#define EXPECT_ARITY(name, parameters)                                                             \
  EXPECT_EQ(arityOf(decltype (&::name)(nullptr)),                                                  \
            arityOf(decltype(cuda::DriverApi::name)(nullptr)))                                     \
      << #name;
  FOVEA_CUDA_FUNCTIONS(EXPECT_ARITY)
  EXPECT_EQ(cuda::kParametersBuffer, CU_LAUNCH_PARAM_BUFFER_POINTER);
  EXPECT_EQ(cuda::kParametersSize, CU_LAUNCH_PARAM_BUFFER_SIZE);
  EXPECT_EQ(cuda::kParametersEnd, CU_LAUNCH_PARAM_END);
}
