//===- WriteFile.cpp - files that appear complete or not at all -----------===//
//
// A stream ends the process when it is destroyed with an error that nobody has looked at.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/Driver/WriteFile.h"

#include "llvm/Support/Error.h"
#include "llvm/Support/FileSystem.h"

std::string fovea::writeFile(llvm::StringRef path,
                             llvm::function_ref<void(llvm::raw_ostream &)> write) {
  llvm::Error error = llvm::writeToOutput(path, [&](llvm::raw_ostream &stream) -> llvm::Error {
    write(stream);
    // Whoever else writes to stdout looks at its errors in the end.
    if (path == "-" || stream.get_kind() != llvm::raw_ostream::OStreamKind::OK_FDStream)
      return llvm::Error::success();
    auto &file = static_cast<llvm::raw_fd_ostream &>(stream);
    file.flush();
    std::error_code code = file.error();
    file.clear_error();
    return llvm::errorCodeToError(code);
  });
  return error ? path.str() + ": " + llvm::toString(std::move(error)) : "";
}
