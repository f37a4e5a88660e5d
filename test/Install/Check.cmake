# Installs to a fresh folder, moves it, builds a consumer with find_package and one with
# pkg-config, runs both; builds and runs a pass plug-in. Variables: BUILD, WORK, VERSION, COMPILER,
# LIBDIR, and for the plug-in CXX, MLIR_DIR, PLUGIN.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
function(must)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE status OUTPUT_VARIABLE out ERROR_VARIABLE out)
  if(NOT status EQUAL 0)
    message(FATAL_ERROR "${ARGN}: ${status}\n${out}")
  endif()
endfunction()

file(REMOVE_RECURSE "${WORK}")
must(${CMAKE_COMMAND} --install "${BUILD}" --prefix "${WORK}/first")
# Nothing in the installed tree may depend on where it was installed.
file(RENAME "${WORK}/first" "${WORK}/prefix")
file(COPY "${CMAKE_CURRENT_LIST_DIR}/main.c" DESTINATION "${WORK}/consumer")
configure_file("${CMAKE_CURRENT_LIST_DIR}/Consumer.cmake" "${WORK}/consumer/CMakeLists.txt"
  COPYONLY)

must(${CMAKE_COMMAND} -S "${WORK}/consumer" -B "${WORK}/build" -G Ninja
  "-DCMAKE_PREFIX_PATH=${WORK}/prefix" "-DCMAKE_C_COMPILER=${COMPILER}" -DCOMPONENTS=Runtime)
must(${CMAKE_COMMAND} --build "${WORK}/build")
must("${WORK}/build/consumer" "${VERSION}")

# The example of a pass plug-in, as a project of its own; the installed program runs its pass.
if(EXISTS "${WORK}/prefix/bin/fovea")
  file(COPY "${PLUGIN}" DESTINATION "${WORK}")
  must(${CMAKE_COMMAND} -S "${WORK}/plugin" -B "${WORK}/build-plugin" -G Ninja
    "-DCMAKE_PREFIX_PATH=${WORK}/prefix" "-DCMAKE_C_COMPILER=${COMPILER}"
    "-DCMAKE_CXX_COMPILER=${CXX}" "-DMLIR_DIR=${MLIR_DIR}" -DCMAKE_BUILD_TYPE=Release)
  must(${CMAKE_COMMAND} --build "${WORK}/build-plugin")
  set(explain "${WORK}/prefix/bin/fovea" explain "${CMAKE_CURRENT_LIST_DIR}/Inputs/attention.mlir"
    "--pass-plugin=${WORK}/build-plugin/libDistanceBias.so")
  must(${explain} "--after=graph:distance-bias{slope=0.5}")
  # The check can fail: the same with an option that the pass does not have.
  execute_process(COMMAND ${explain} "--after=graph:distance-bias{steepness=0.5}"
    RESULT_VARIABLE status OUTPUT_QUIET ERROR_QUIET)
  if(NOT status EQUAL 3)
    message(FATAL_ERROR "a wrong option of the pass ended with ${status}")
  endif()
else()
  message("note: no compiler here, the pass plug-in was not built")
endif()

find_program(pkgconfig pkg-config)
if(pkgconfig)
  set(ENV{PKG_CONFIG_PATH} "${WORK}/prefix/${LIBDIR}/pkgconfig")
  execute_process(COMMAND ${pkgconfig} --cflags --libs fovea-runtime OUTPUT_VARIABLE flags
    OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
  separate_arguments(flags UNIX_COMMAND "${flags}")
  must(${COMPILER} "${WORK}/consumer/main.c" ${flags} -o "${WORK}/by-pkg-config"
    "-Wl,-rpath,${WORK}/prefix/${LIBDIR}")
  must("${WORK}/by-pkg-config" "${VERSION}")
else()
  message("note: no pkg-config here, that half was not run")
endif()

