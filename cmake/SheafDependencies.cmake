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
# For a tree that is to run where there is no libsqlite3.so, or another one in the same process.
option(SHEAF_STATIC_SQLITE "Link libsqlite3.a, if there is one, instead of libsqlite3.so" OFF)
find_library(SHEAF_SQLITE_ARCHIVE libsqlite3.a HINTS ${SQLITE3_LIBRARY_DIRS})
if(SHEAF_STATIC_SQLITE AND SHEAF_SQLITE_ARCHIVE)
  set_property(TARGET PkgConfig::SQLITE3 PROPERTY INTERFACE_LINK_LIBRARIES
               ${SHEAF_SQLITE_ARCHIVE} m ${CMAKE_DL_LIBS} Threads::Threads)
endif()
if(SHEAF_BUILD_TESTS)
  pkg_check_modules(CMOCKA REQUIRED IMPORTED_TARGET GLOBAL cmocka)
endif()
