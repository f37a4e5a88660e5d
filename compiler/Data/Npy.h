//===- Npy.h - numpy's files ----------------------------------------------===//
//
// Reads and writes .npy (one tensor) and .npz (a zip archive of named .npy). The files are taken
// as hostile: every size is checked against the bytes that are there before it is used.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef FOVEA_COMPILER_DATA_NPY_H
#define FOVEA_COMPILER_DATA_NPY_H

#include "compiler/Data/Tensor.h"

#include <vector>

namespace fovea {

/// A tensor with its name in an archive (without ".npy").
struct NamedTensor {
  std::string name;
  Tensor tensor;
};

/// Parses the bytes of an .npy file: versions 1 to 3, little-endian, C or Fortran order. "V2"
/// elements are bf16 (numpy's view of ml_dtypes.bfloat16). Nonzero bytes of bool become 1.
llvm::Expected<Tensor> parseNpy(llvm::ArrayRef<uint8_t> bytes);
/// The bytes of an .npy file, version 1.0; bf16 is written as "|V2".
std::vector<uint8_t> formatNpy(const Tensor &tensor);

/// Parses the bytes of an .npz file: stored or deflated members, zip64 as numpy writes it. Members
/// that do not end in ".npy" are refused, as are encryption and a wrong checksum.
llvm::Expected<std::vector<NamedTensor>> parseNpz(llvm::ArrayRef<uint8_t> bytes);
/// The bytes of an .npz file with stored members; fails beyond the 4 GiB of a plain zip.
llvm::Expected<std::vector<uint8_t>> formatNpz(llvm::ArrayRef<NamedTensor> tensors);

/// As above with files; errors name the file. Written by way of a temporary file and a rename.
llvm::Expected<Tensor> readNpy(llvm::StringRef path);
llvm::Error writeNpy(llvm::StringRef path, const Tensor &tensor);
llvm::Expected<std::vector<NamedTensor>> readNpz(llvm::StringRef path);
llvm::Error writeNpz(llvm::StringRef path, llvm::ArrayRef<NamedTensor> tensors);

} // namespace fovea

#endif // FOVEA_COMPILER_DATA_NPY_H
