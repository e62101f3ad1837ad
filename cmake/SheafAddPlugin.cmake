# SPDX-License-Identifier: Apache-2.0
#[[
sheaf_add_plugin: builds a Sheaf plugin, `<NAME>.so`, with its manifest `<ID>.sheaf.json` beside it.

Within Sheaf this file is already included. Elsewhere:

  include(<prefix>/lib/cmake/Sheaf/SheafAddPlugin.cmake)
  sheaf_add_plugin(my_manager
    SOURCES my_manager.c
    DISPLAY_NAME "My Manager"
    VERSION 1.0.0
    INSTALL)

  sheaf_add_plugin(NAME
    SOURCES file...          C or C++
    [ID id]                  the manager's id; default NAME
    [DISPLAY_NAME text]      for people; default ID
    [VERSION x.y.z]          default PROJECT_VERSION, else 0.0.0
    [MIN_MINOR n]            the oldest minor of the ABI that the plugin can live with; default 0
    [MANIFEST file]          this manifest instead of a generated one; `@ID@`, `@LIBRARY@`,
                             `@DISPLAY_NAME@`, `@VERSION@`, `@ABI_MAJOR@`, `@ABI_MINOR@` and
                             `@MIN_MINOR@` are replaced if its name ends in `.in`
    [NO_MANIFEST]            no manifest at all
    [LIBRARIES lib...]       to link, privately
    [DEFINITIONS def...]     compile definitions
    [OUTPUT_DIR dir]         where the library and its manifest go in the build tree
    [INSTALL]                install both, into INSTALL_DIR
    [INSTALL_DIR dir]        relative to the prefix; default lib/sheaf/plugins
    [ALLOW_UNDEFINED])       do not refuse undefined symbols at link time (for tests of the loader)

The target is called NAME. Only `sheaf_plugin_v1` is exported, the symbols of static libraries are
hidden, nothing is left to be resolved late, and the library is never unloaded.
]]

include_guard(GLOBAL)

# Beside this file in Sheaf's tree, three folders up in an installed one.
foreach(_sheaf_dir "${CMAKE_CURRENT_LIST_DIR}/../include" "${CMAKE_CURRENT_LIST_DIR}/../../../include")
  if(EXISTS "${_sheaf_dir}/sheaf/abi.h")
    get_filename_component(_sheaf_dir "${_sheaf_dir}" ABSOLUTE)
    set_property(GLOBAL PROPERTY SHEAF_ABI_INCLUDE_DIR "${_sheaf_dir}")
    break()
  endif()
endforeach()

# Header only: all that a plugin needs.
if(NOT TARGET Sheaf::abi)
  get_property(_sheaf_dir GLOBAL PROPERTY SHEAF_ABI_INCLUDE_DIR)
  if(NOT _sheaf_dir)
    message(FATAL_ERROR "sheaf/abi.h is neither in ../include nor in ../../../include of "
                        "${CMAKE_CURRENT_LIST_DIR}; is this a whole Sheaf?")
  endif()
  add_library(sheaf_abi INTERFACE)
  target_include_directories(sheaf_abi INTERFACE "${_sheaf_dir}")
  add_library(Sheaf::abi ALIAS sheaf_abi)
endif()

# Reads `#define <macro> <number>` from abi.h; configures anew when that file changes.
function(_sheaf_abi_number macro out)
  get_property(dir GLOBAL PROPERTY SHEAF_ABI_INCLUDE_DIR)
  set(header "${dir}/sheaf/abi.h")
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${header}")
  file(STRINGS "${header}" line REGEX "^#define ${macro} +[0-9]+")
  if(NOT line MATCHES "${macro} +([0-9]+)")
    message(FATAL_ERROR "${header} does not define ${macro}")
  endif()
  set(${out} "${CMAKE_MATCH_1}" PARENT_SCOPE)
endfunction()

function(_sheaf_json_string text out)
  string(REPLACE "\\" "\\\\" text "${text}")
  string(REPLACE "\"" "\\\"" text "${text}")
  set(${out} "\"${text}\"" PARENT_SCOPE)
endfunction()

# Writes the manifest to `output`; ID, DISPLAY_NAME, VERSION, ABI_MAJOR, ABI_MINOR, MIN_MINOR and
# LIBRARY are the caller's variables.
function(_sheaf_generate_manifest output)
  foreach(field ID DISPLAY_NAME VERSION LIBRARY)
    _sheaf_json_string("${${field}}" ${field}_JSON)
  endforeach()
  set(text "{\n")
  string(APPEND text "  \"sheaf_manifest\": 1,\n")
  string(APPEND text "  \"id\": ${ID_JSON},\n")
  string(APPEND text "  \"name\": ${DISPLAY_NAME_JSON},\n")
  string(APPEND text "  \"version\": ${VERSION_JSON},\n")
  string(APPEND text "  \"abi\": { \"major\": ${ABI_MAJOR}, \"minor\": ${ABI_MINOR}, "
                     "\"min_minor\": ${MIN_MINOR} },\n")
  string(APPEND text "  \"library\": ${LIBRARY_JSON}\n")
  string(APPEND text "}\n")
  file(CONFIGURE OUTPUT "${output}" CONTENT "${text}" @ONLY)
endfunction()

function(_sheaf_place_manifest file output)
  get_filename_component(file "${file}" ABSOLUTE BASE_DIR "${CMAKE_CURRENT_SOURCE_DIR}")
  if(file MATCHES "\\.in$")
    configure_file("${file}" "${output}" @ONLY)
  else()
    configure_file("${file}" "${output}" COPYONLY)
  endif()
endfunction()

# DESIGN: hidden visibility, a one-symbol version script, --exclude-libs,ALL, -z defs,now,nodelete.
function(_sheaf_plugin_link_options target allow_undefined)
  set(script "${CMAKE_CURRENT_BINARY_DIR}/${target}.map")
  file(CONFIGURE OUTPUT "${script}"
       CONTENT "{\n  global: sheaf_plugin_v1;\n  local: *;\n};\n" @ONLY)
  target_link_options(${target} PRIVATE
    "LINKER:--version-script=${script}" "LINKER:--exclude-libs,ALL" "LINKER:-z,now"
    "LINKER:-z,nodelete")
  set_property(TARGET ${target} APPEND PROPERTY LINK_DEPENDS "${script}")
  # Clang leaves the sanitizer's runtime to the executable; gcc links it, so that it is defined.
  set(sanitized OFF)
  if(CMAKE_C_COMPILER_ID MATCHES "Clang"
     AND "${SHEAF_SANITIZE};${CMAKE_C_FLAGS};${CMAKE_CXX_FLAGS}" MATCHES "-fsanitize|address|thread|undefined")
    set(sanitized ON)
  endif()
  if(NOT allow_undefined AND NOT sanitized)
    target_link_options(${target} PRIVATE "LINKER:-z,defs")
  endif()
endfunction()

function(sheaf_add_plugin NAME)
  cmake_parse_arguments(PARSE_ARGV 1 ARG "INSTALL;NO_MANIFEST;ALLOW_UNDEFINED"
    "ID;DISPLAY_NAME;VERSION;MIN_MINOR;MANIFEST;OUTPUT_DIR;INSTALL_DIR"
    "SOURCES;LIBRARIES;DEFINITIONS")
  if(ARG_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "sheaf_add_plugin(${NAME}): unknown: ${ARG_UNPARSED_ARGUMENTS}")
  elseif(NOT ARG_SOURCES)
    message(FATAL_ERROR "sheaf_add_plugin(${NAME}): no SOURCES")
  endif()

  if(NOT ARG_OUTPUT_DIR)
    set(ARG_OUTPUT_DIR "${CMAKE_CURRENT_BINARY_DIR}")
    if(SHEAF_PLUGIN_OUTPUT_DIR)
      set(ARG_OUTPUT_DIR "${SHEAF_PLUGIN_OUTPUT_DIR}")
    endif()
  endif()
  set(ID "${NAME}")
  set(VERSION "${PROJECT_VERSION}")
  set(MIN_MINOR 0)
  foreach(field ID VERSION MIN_MINOR)
    if(DEFINED ARG_${field})
      set(${field} "${ARG_${field}}")
    endif()
  endforeach()
  if(VERSION STREQUAL "")
    set(VERSION 0.0.0)
  endif()
  set(DISPLAY_NAME "${ID}")
  if(DEFINED ARG_DISPLAY_NAME)
    set(DISPLAY_NAME "${ARG_DISPLAY_NAME}")
  endif()
  if(NOT DEFINED ARG_INSTALL_DIR)
    set(ARG_INSTALL_DIR lib/sheaf/plugins)
  endif()
  set(LIBRARY "${NAME}.so")
  _sheaf_abi_number(SHEAF_ABI_MAJOR ABI_MAJOR)
  _sheaf_abi_number(SHEAF_ABI_MINOR ABI_MINOR)

  add_library(${NAME} MODULE ${ARG_SOURCES})
  target_link_libraries(${NAME} PRIVATE Sheaf::abi ${ARG_LIBRARIES})
  target_compile_definitions(${NAME} PRIVATE ${ARG_DEFINITIONS})
  set_target_properties(${NAME} PROPERTIES
    PREFIX "" SUFFIX ".so" LIBRARY_OUTPUT_DIRECTORY "${ARG_OUTPUT_DIR}"
    C_STANDARD 11 C_STANDARD_REQUIRED ON C_EXTENSIONS OFF
    C_VISIBILITY_PRESET hidden CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON)
  _sheaf_plugin_link_options(${NAME} "${ARG_ALLOW_UNDEFINED}")

  set(manifest "${ARG_OUTPUT_DIR}/${ID}.sheaf.json")
  if(ARG_MANIFEST)
    _sheaf_place_manifest("${ARG_MANIFEST}" "${manifest}")
  elseif(NOT ARG_NO_MANIFEST)
    _sheaf_generate_manifest("${manifest}")
  endif()
  if(ARG_INSTALL)
    install(TARGETS ${NAME} LIBRARY DESTINATION "${ARG_INSTALL_DIR}")
    if(NOT ARG_NO_MANIFEST)
      install(FILES "${manifest}" DESTINATION "${ARG_INSTALL_DIR}")
    endif()
  endif()
endfunction()
