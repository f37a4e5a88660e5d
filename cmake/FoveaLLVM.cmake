# Finds LLVM/MLIR 22.1 and lld, and wraps their flags in one interface target.
# Another system than Debian: -DMLIR_DIR=<prefix>/lib/cmake/mlir -DLLD_DIR=<prefix>/lib/cmake/lld.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
find_package(MLIR CONFIG REQUIRED
  PATHS /usr/lib/llvm-22/lib/cmake/mlir)
find_package(LLD CONFIG REQUIRED
  PATHS "${MLIR_DIR}/../lld" /usr/lib/llvm-22/lib/cmake/lld)
if(NOT LLVM_VERSION_MAJOR EQUAL 22)
  message(FATAL_ERROR "Fovea needs LLVM/MLIR 22.1, found ${LLVM_PACKAGE_VERSION} in ${LLVM_DIR}. "
    "Install libmlir-22-dev mlir-22-tools llvm-22-dev liblld-22-dev, or set -DMLIR_DIR.")
endif()
list(APPEND CMAKE_MODULE_PATH "${MLIR_CMAKE_DIR}" "${LLVM_CMAKE_DIR}")
include(TableGen)
include(AddLLVM)
include(AddMLIR)

add_library(fovea_llvm INTERFACE)
target_include_directories(fovea_llvm SYSTEM INTERFACE ${MLIR_INCLUDE_DIRS} ${LLVM_INCLUDE_DIRS})
target_compile_options(fovea_llvm INTERFACE $<$<COMPILE_LANGUAGE:CXX>:-fno-exceptions>)
target_link_libraries(fovea_llvm INTERFACE MLIR LLVM)

# fovea_tablegen(TARGET td output:arg... ) runs mlir-tblgen once per "output:arguments" pair.
function(fovea_tablegen target td)
  set(LLVM_TARGET_DEFINITIONS ${td})
  foreach(pair ${ARGN})
    string(REGEX MATCH "^([^:]+):(.*)$" _ "${pair}")
    set(out ${CMAKE_MATCH_1})
    string(REPLACE " " ";" args "${CMAKE_MATCH_2}")
    mlir_tablegen(${out} ${args} EXTRA_INCLUDES ${PROJECT_SOURCE_DIR} ${MLIR_INCLUDE_DIRS})
  endforeach()
  add_public_tablegen_target(${target})
endfunction()
