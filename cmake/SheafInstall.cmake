# SPDX-License-Identifier: Apache-2.0
# What `make install` puts where. Plugins install themselves (sheaf_add_plugin(... INSTALL)). Whatever
# refers to another file does so from where it is itself: an installed tree can be moved.

include(CMakePackageConfigHelpers)

install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/sheaf DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
        FILES_MATCHING PATTERN "*.h")
if(TARGET sheaf_cli)
  install(TARGETS sheaf_cli RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endif()

# ------------------------------------------------------------------------- for CMake: find_package

set(_sheaf_package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/Sheaf)

# Sheaf::abi is not among them: SheafAddPlugin makes it, in the build tree and in an installed one.
if(TARGET sheaf)
  install(TARGETS sheaf EXPORT SheafTargets LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}
          INCLUDES DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
  install(EXPORT SheafTargets NAMESPACE Sheaf:: DESTINATION ${_sheaf_package_dir})
endif()

set(SHEAF_COMMAND_PATH ${CMAKE_INSTALL_BINDIR}/sheaf)
configure_package_config_file(
  ${PROJECT_SOURCE_DIR}/cmake/SheafConfig.cmake.in ${PROJECT_BINARY_DIR}/package/SheafConfig.cmake
  INSTALL_DESTINATION ${_sheaf_package_dir} PATH_VARS SHEAF_PLUGIN_SUBDIR SHEAF_COMMAND_PATH)
# Before 1.0 a minor may change the host's functions.
write_basic_package_version_file(
  ${PROJECT_BINARY_DIR}/package/SheafConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/package/SheafConfig.cmake
              ${PROJECT_BINARY_DIR}/package/SheafConfigVersion.cmake
              ${PROJECT_SOURCE_DIR}/cmake/SheafAddPlugin.cmake
        DESTINATION ${_sheaf_package_dir})

# --------------------------------------------------------------------------------- for pkg-config

set(_sheaf_pc_dir ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
file(RELATIVE_PATH SHEAF_PC_TO_PREFIX /${_sheaf_pc_dir} /)
string(REGEX REPLACE "/$" "" SHEAF_PC_TO_PREFIX "${SHEAF_PC_TO_PREFIX}")
_sheaf_abi_number(SHEAF_ABI_MAJOR _sheaf_major)
_sheaf_abi_number(SHEAF_ABI_MINOR _sheaf_minor)
set(SHEAF_ABI_VERSION ${_sheaf_major}.${_sheaf_minor})
foreach(_sheaf_pc sheaf sheaf-plugin)
  configure_file(${PROJECT_SOURCE_DIR}/cmake/${_sheaf_pc}.pc.in
                 ${PROJECT_BINARY_DIR}/package/${_sheaf_pc}.pc @ONLY)
  install(FILES ${PROJECT_BINARY_DIR}/package/${_sheaf_pc}.pc DESTINATION ${_sheaf_pc_dir})
endforeach()

# ------------------------------------------------------- what to read: the README's links hold here

set(_sheaf_doc_dir ${CMAKE_INSTALL_DATADIR}/doc/sheaf)
install(FILES ${PROJECT_SOURCE_DIR}/README.md ${PROJECT_SOURCE_DIR}/LICENSE
              ${PROJECT_SOURCE_DIR}/CHANGELOG.md ${PROJECT_SOURCE_DIR}/CONTRIBUTING.md
        DESTINATION ${_sheaf_doc_dir})
install(DIRECTORY ${PROJECT_SOURCE_DIR}/docs DESTINATION ${_sheaf_doc_dir}
        FILES_MATCHING PATTERN "*.md" PATTERN "performance*")
# The manager to copy: the documentation sends people there.
install(DIRECTORY ${PROJECT_SOURCE_DIR}/plugins/template DESTINATION ${_sheaf_doc_dir}/plugins
        FILES_MATCHING PATTERN "*.c" PATTERN "*.md" PATTERN "CMakeLists.txt"
        PATTERN "*_test.c" EXCLUDE)
