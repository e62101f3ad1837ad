# SPDX-License-Identifier: Apache-2.0
# Run when the wheel's content is installed: what `executables`, `libraries` and `modules` need that is
# neither glibc's nor libsheaf is copied beside libsheaf, under the name that the loader asks for.

file(GET_RUNTIME_DEPENDENCIES
  EXECUTABLES ${executables}
  LIBRARIES ${libraries}
  MODULES ${modules}
  RESOLVED_DEPENDENCIES_VAR needed
  PRE_EXCLUDE_REGEXES "^lib(c|m|pthread|dl|rt)\\.so" "^ld-linux" "^libsheaf")
foreach(library IN LISTS needed)
  get_filename_component(name "${library}" NAME)
  get_filename_component(file "${library}" REALPATH)
  file(INSTALL DESTINATION "${CMAKE_INSTALL_PREFIX}/lib"
       TYPE FILE FILES "${file}" RENAME "${name}")
endforeach()
