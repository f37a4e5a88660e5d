# fovea_add_pass_plugin(NAME source...): a library of passes for fovea --pass-plugin=FILE, linked
# with the MLIR that Fovea was built with. Part of find_package(Fovea), which sets
# Fovea_MLIR_VERSION.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
function(fovea_add_pass_plugin name)
  if(NOT CMAKE_CXX_COMPILER_ID MATCHES "Clang")
    message(FATAL_ERROR "${name}: pass plug-ins need clang, as the packages of MLIR do: another "
      "compiler spells the names behind MLIR's type identities otherwise, and casts fail. "
      "Set -DCMAKE_C_COMPILER=clang-22 -DCMAKE_CXX_COMPILER=clang++-22.")
  endif()
  if(NOT TARGET MLIR)
    find_package(MLIR CONFIG REQUIRED PATHS /usr/lib/llvm-22/lib/cmake/mlir)
  endif()
  if(NOT LLVM_PACKAGE_VERSION VERSION_EQUAL Fovea_MLIR_VERSION)
    message(FATAL_ERROR "${name}: MLIR is ${LLVM_PACKAGE_VERSION} (${MLIR_DIR}), Fovea was built "
      "with ${Fovea_MLIR_VERSION}. Set -DMLIR_DIR=<prefix>/lib/cmake/mlir to that one.")
  endif()
  add_library(${name} MODULE ${ARGN})
  target_include_directories(${name} SYSTEM PRIVATE ${MLIR_INCLUDE_DIRS} ${LLVM_INCLUDE_DIRS})
  target_compile_features(${name} PRIVATE cxx_std_17)
  target_compile_options(${name} PRIVATE -fno-exceptions)
  target_link_libraries(${name} PRIVATE MLIR LLVM)
  # The entry point has to be seen.
  set_target_properties(${name} PROPERTIES CXX_VISIBILITY_PRESET default)
endfunction()
