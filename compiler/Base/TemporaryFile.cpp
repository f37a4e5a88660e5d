//===- TemporaryFile.cpp - a file for as long as a scope lasts ------------===//
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Base/TemporaryFile.h"

#include "llvm/Support/FileSystem.h"
#include "llvm/Support/raw_ostream.h"

using namespace fovea;

TemporaryFile::TemporaryFile(llvm::StringRef suffix) {
  error = llvm::sys::fs::createTemporaryFile("fovea", suffix, path);
}

TemporaryFile::~TemporaryFile() {
  if (!error)
    llvm::sys::fs::remove(path);
}

llvm::Error TemporaryFile::write(llvm::StringRef content) const {
  if (error)
    return llvm::createStringError("cannot make a temporary file: " + error.message());
  std::error_code opening;
  llvm::raw_fd_ostream stream(path, opening);
  stream << content;
  stream.close();
  if (!opening && !stream.has_error())
    return llvm::Error::success();
  stream.clear_error();
  return llvm::createStringError("cannot write a temporary file of " +
                                 std::to_string(content.size()) + " bytes");
}
