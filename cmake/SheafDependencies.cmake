# SPDX-License-Identifier: Apache-2.0
# What Sheaf links to. pkg-config rather than cJSON's own package file: Debian's names neither a
# namespaced target nor its include folder.
#
#   PkgConfig::CJSON    <cjson/cJSON.h> and <cJSON.h>
#   PkgConfig::SQLITE3  the `sqlite` manager, and `sheaf import`
#   PkgConfig::CMOCKA   tests only
#   Threads::Threads

set(THREADS_PREFER_PTHREAD_FLAG ON)
find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(CJSON REQUIRED IMPORTED_TARGET GLOBAL libcjson)
pkg_check_modules(SQLITE3 REQUIRED IMPORTED_TARGET GLOBAL sqlite3)
if(SHEAF_BUILD_TESTS)
  pkg_check_modules(CMOCKA REQUIRED IMPORTED_TARGET GLOBAL cmocka)
endif()
