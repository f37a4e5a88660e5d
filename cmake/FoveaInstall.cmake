# cmake --install: libraries, programs, headers, find_package(Fovea) and a pkg-config file.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)
set(FOVEA_CMAKE_DIR "${CMAKE_INSTALL_LIBDIR}/cmake/Fovea")

# fovea_install_library(TARGET ExportName): a shared library with its PUBLIC_HEADER files becomes
# Fovea::ExportName for users.
function(fovea_install_library target export_name)
  get_target_property(build_includes ${target} INTERFACE_INCLUDE_DIRECTORIES)
  set(includes "$<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>")
  foreach(folder IN LISTS build_includes)
    if(folder)
      list(APPEND includes "$<BUILD_INTERFACE:${folder}>")
    endif()
  endforeach()
  set_target_properties(${target} PROPERTIES
    INTERFACE_INCLUDE_DIRECTORIES "${includes}"
    EXPORT_NAME ${export_name}
    INSTALL_RPATH "$ORIGIN"
    INSTALL_RPATH_USE_LINK_PATH ON)
  install(TARGETS ${target} EXPORT FoveaTargets
    LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}"
    PUBLIC_HEADER DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}")
endfunction()

# What ./dev run builds: the programs and libraries a user has, none of the tests.
add_custom_target(fovea-main)
set(FOVEA_INSTALLED_LIBRARIES "")
foreach(pair fovea_runtime:Runtime fovea_compiler:Compiler)
  string(REPLACE ":" ";" pair "${pair}")
  list(GET pair 0 target)
  list(GET pair 1 export_name)
  if(TARGET ${target})
    fovea_install_library(${target} ${export_name})
    add_dependencies(fovea-main ${target})
    list(APPEND FOVEA_INSTALLED_LIBRARIES ${export_name})
  endif()
endforeach()

foreach(program fovea fovea-opt fovea-lsp-server fovea-reduce)
  if(TARGET ${program})
    set_target_properties(${program} PROPERTIES
      INSTALL_RPATH "$ORIGIN/../${CMAKE_INSTALL_LIBDIR}"
      INSTALL_RPATH_USE_LINK_PATH ON)
    install(TARGETS ${program} RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}")
  endif()
endforeach()
foreach(program fovea fovea-opt)
  if(TARGET ${program})
    add_dependencies(fovea-main ${program})
  endif()
endforeach()

if(FOVEA_INSTALLED_LIBRARIES)
  install(EXPORT FoveaTargets NAMESPACE Fovea:: DESTINATION "${FOVEA_CMAKE_DIR}")
  configure_package_config_file(cmake/FoveaConfig.cmake.in FoveaConfig.cmake
    INSTALL_DESTINATION "${FOVEA_CMAKE_DIR}")
  # Before 1.0 any minor version may break the interface.
  write_basic_package_version_file(FoveaConfigVersion.cmake COMPATIBILITY SameMinorVersion)
  install(FILES "${PROJECT_BINARY_DIR}/FoveaConfig.cmake"
    "${PROJECT_BINARY_DIR}/FoveaConfigVersion.cmake" DESTINATION "${FOVEA_CMAKE_DIR}")
  if(TARGET fovea_compiler)
    install(FILES cmake/FoveaPassPlugin.cmake DESTINATION "${FOVEA_CMAKE_DIR}")
  endif()
  file(RELATIVE_PATH FOVEA_PC_TO_PREFIX "/${CMAKE_INSTALL_LIBDIR}/pkgconfig" "/")
  configure_file(cmake/fovea-runtime.pc.in fovea-runtime.pc @ONLY)
  install(FILES "${PROJECT_BINARY_DIR}/fovea-runtime.pc"
    DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig")
endif()
install(FILES LICENSE DESTINATION "${CMAKE_INSTALL_DATADIR}/doc/fovea" OPTIONAL)
# The manual page and the completion of the shell, as the program prints them.
if(TARGET fovea)
  install(CODE "
    foreach(option IN ITEMS man bash-completion)
      execute_process(COMMAND \"$<TARGET_FILE:fovea>\" --\${option}
        OUTPUT_FILE \"${PROJECT_BINARY_DIR}/fovea.\${option}\" COMMAND_ERROR_IS_FATAL ANY)
    endforeach()")
  install(FILES "${PROJECT_BINARY_DIR}/fovea.man" RENAME fovea.1
    DESTINATION "${CMAKE_INSTALL_MANDIR}/man1")
  install(FILES "${PROJECT_BINARY_DIR}/fovea.bash-completion" RENAME fovea
    DESTINATION "${CMAKE_INSTALL_DATADIR}/bash-completion/completions")
endif()
