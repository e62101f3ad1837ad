# SPDX-License-Identifier: Apache-2.0
# yyjson, which the `bal` manager reads its libraries with, from the sources that
# scripts/fetch_sources.sh put into build/downloads: the static library `sheaf_yyjson`.

set(_yyjson_top ${PROJECT_SOURCE_DIR}/build/downloads/yyjson-4.0.6)
if(NOT EXISTS ${_yyjson_top}/complete)
  message(FATAL_ERROR "No yyjson in build/downloads: run scripts/fetch_sources.sh python3 yyjson")
endif()
add_library(sheaf_yyjson STATIC EXCLUDE_FROM_ALL ${_yyjson_top}/yyjson/yyjson.c)
target_include_directories(sheaf_yyjson SYSTEM PUBLIC ${_yyjson_top}/yyjson)
target_compile_definitions(sheaf_yyjson PUBLIC YYJSON_DISABLE_WRITER=1 YYJSON_DISABLE_UTILS=1)
# Not our code: not our warnings.
target_compile_options(sheaf_yyjson PRIVATE -w)
set_target_properties(sheaf_yyjson PROPERTIES POSITION_INDEPENDENT_CODE ON C_VISIBILITY_PRESET hidden)
