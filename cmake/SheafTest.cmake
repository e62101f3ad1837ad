# SPDX-License-Identifier: Apache-2.0
#[[
How tests are declared. Most need no line of CMake: `src/**/*_test.c`, `plugins/<id>/*_test.c` and
`tests/**/*_test.c` are found. A test that needs more is declared in a CMakeLists.txt near it, and is
then not declared twice.

  sheaf_unit_test(path/to/foo_test.c
    [LABELS label...]        `thread` comes by itself if the name ends in `_thread_test.c`; `slow`
                             keeps a test out of `make test` (it runs in `make test-full`)
    [SOURCES file...]        further sources
    [LIBRARIES lib...]       further libraries
    [DEFINITIONS def...]
    [DEPENDS target...]      built before it: test-only plugins
    [TIMEOUT seconds]        default 60, under sanitizers 300
    [PUBLIC])                link libsheaf.so and see only include/, instead of the internals

The executable links `sheaf_testing` (the library's own objects) and cmocka, and sees `include/` and
`src/`. In ctest it is called by its path from the top, without `.c`. Defined for it:
SHEAF_SOURCE_DIR, SHEAF_TEST_DATA_DIR, SHEAF_TEST_BUILD_DIR, SHEAF_TEST_PLUGIN_DIR.

  sheaf_test_plugin(NAME DIR dir SOURCES ... [what sheaf_add_plugin takes])

A plugin for tests only: `<SHEAF_TEST_BUILD_DIR>/tests/plugins/<dir>/<NAME>.so` and its manifest. It
is never installed and never found by default.
]]

# Without SHEAF_BUILD_TESTS all of these do nothing. Sheaf_SOURCE_DIR, not PROJECT_SOURCE_DIR: a
# plugin's folder may be a project of its own.

include_guard(GLOBAL)

set(SHEAF_TEST_TIMEOUT 60)
if(SHEAF_SANITIZE)
  set(SHEAF_TEST_TIMEOUT 300)
endif()

# Every test runs with these: sanitizers that speak up (99 is no exit status of ours), and nothing of
# the user's own plugins and configuration.
if(SHEAF_BUILD_TESTS)
  file(MAKE_DIRECTORY ${Sheaf_BINARY_DIR}/tests/home)
endif()
set(SHEAF_TEST_ENVIRONMENT
  "ASAN_OPTIONS=detect_leaks=1:abort_on_error=0:exitcode=99:allocator_may_return_null=1:strict_string_checks=1"
  "LSAN_OPTIONS=exitcode=99"
  "UBSAN_OPTIONS=print_stacktrace=1:exitcode=99"
  "TSAN_OPTIONS=halt_on_error=1:second_deadlock_stack=1:exitcode=99"
  "HOME=${Sheaf_BINARY_DIR}/tests/home")
set(SHEAF_TEST_UNSET "")
foreach(_sheaf_variable SHEAF_PLUGIN_PATH SHEAF_CONFIG BAL_LIBRARY_PATH XDG_DATA_HOME XDG_CONFIG_HOME)
  list(APPEND SHEAF_TEST_UNSET "${_sheaf_variable}=unset:")
endforeach()

function(sheaf_set_test_environment test)
  set_tests_properties(${test} PROPERTIES
    TIMEOUT ${SHEAF_TEST_TIMEOUT}
    ENVIRONMENT "${SHEAF_TEST_ENVIRONMENT}"
    ENVIRONMENT_MODIFICATION "${SHEAF_TEST_UNSET}")
endfunction()

function(_sheaf_link_unit_test target public)
  if(public)
    target_link_libraries(${target} PRIVATE sheaf PkgConfig::CMOCKA Threads::Threads)
  else()
    target_link_libraries(${target} PRIVATE sheaf_testing PkgConfig::CMOCKA)
  endif()
  target_include_directories(${target} PRIVATE ${Sheaf_SOURCE_DIR}/tests)
  target_compile_options(${target} PRIVATE -Wno-unused-parameter)
  target_compile_definitions(${target} PRIVATE
    SHEAF_SOURCE_DIR="${Sheaf_SOURCE_DIR}"
    SHEAF_TEST_DATA_DIR="${Sheaf_SOURCE_DIR}/tests/data"
    SHEAF_TEST_BUILD_DIR="${Sheaf_BINARY_DIR}"
    SHEAF_TEST_PLUGIN_DIR="${SHEAF_PLUGIN_OUTPUT_DIR}")
endfunction()

function(sheaf_unit_test path)
  if(NOT SHEAF_BUILD_TESTS)
    return()
  endif()
  cmake_parse_arguments(PARSE_ARGV 1 ARG "PUBLIC" "TIMEOUT"
    "LABELS;SOURCES;LIBRARIES;DEFINITIONS;DEPENDS")
  if(ARG_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "sheaf_unit_test(${path}): unknown: ${ARG_UNPARSED_ARGUMENTS}")
  endif()
  get_filename_component(path ${path} ABSOLUTE)
  file(RELATIVE_PATH name ${Sheaf_SOURCE_DIR} ${path})
  string(REGEX REPLACE "\\.[^./]+$" "" name ${name})
  get_property(declared GLOBAL PROPERTY SHEAF_UNIT_TESTS)
  if(name IN_LIST declared)
    return()
  endif()
  set_property(GLOBAL APPEND PROPERTY SHEAF_UNIT_TESTS ${name})

  string(REPLACE "/" "_" target ${name})
  get_filename_component(folder ${name} DIRECTORY)
  add_executable(${target} ${path} ${ARG_SOURCES})
  _sheaf_link_unit_test(${target} ${ARG_PUBLIC})
  target_link_libraries(${target} PRIVATE ${ARG_LIBRARIES})
  target_compile_definitions(${target} PRIVATE ${ARG_DEFINITIONS})
  set_target_properties(${target} PROPERTIES
    RUNTIME_OUTPUT_DIRECTORY ${Sheaf_BINARY_DIR}/tests/bin/${folder})
  if(ARG_DEPENDS)
    add_dependencies(${target} ${ARG_DEPENDS})
  endif()

  add_test(NAME ${name} COMMAND ${target} WORKING_DIRECTORY ${Sheaf_BINARY_DIR}/tests)
  sheaf_set_test_environment(${name})
  if(ARG_TIMEOUT)
    set_tests_properties(${name} PROPERTIES TIMEOUT ${ARG_TIMEOUT})
  endif()
  if(name MATCHES "_thread_test$")
    list(APPEND ARG_LABELS thread)
  endif()
  if(ARG_LABELS)
    set_tests_properties(${name} PROPERTIES LABELS "${ARG_LABELS}")
  endif()
endfunction()

# Declares every *_test.c below `folder`; what follows goes to sheaf_unit_test. A subfolder that has a
# CMakeLists.txt declares its own.
function(sheaf_discover_tests folder)
  file(GLOB_RECURSE paths CONFIGURE_DEPENDS ${folder}/*_test.c)
  foreach(path IN LISTS paths)
    get_filename_component(parent ${path} DIRECTORY)
    if(parent STREQUAL folder OR NOT EXISTS ${parent}/CMakeLists.txt)
      sheaf_unit_test(${path} ${ARGN})
    endif()
  endforeach()
endfunction()

function(sheaf_test_plugin NAME)
  if(NOT SHEAF_BUILD_TESTS)
    return()
  endif()
  cmake_parse_arguments(PARSE_ARGV 1 ARG "" "DIR" "")
  if(NOT ARG_DIR)
    message(FATAL_ERROR "sheaf_test_plugin(${NAME}): no DIR")
  endif()
  sheaf_add_plugin(${NAME} OUTPUT_DIR ${Sheaf_BINARY_DIR}/tests/plugins/${ARG_DIR}
                   ${ARG_UNPARSED_ARGUMENTS})
endfunction()

# The symbols that a library exports equal a checked-in list. Sanitizers add symbols of their own.
function(sheaf_symbol_test name target list)
  if(SHEAF_SANITIZE OR NOT SHEAF_BUILD_TESTS)
    return()
  endif()
  set(script ${Sheaf_SOURCE_DIR}/scripts/check_symbols.sh)
  add_test(NAME symbols/${name} COMMAND ${script} $<TARGET_FILE:${target}> ${list})
  sheaf_set_test_environment(symbols/${name})
endfunction()
