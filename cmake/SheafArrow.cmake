# SPDX-License-Identifier: Apache-2.0
# nanoarrow, which writes Arrow IPC streams, from the sources that scripts/fetch_sources.sh put into
# build/downloads: the static library `sheaf_nanoarrow`, for the command and for tests. libsheaf itself
# needs none of it. Without the sources there is no such target, and the command says so when asked for
# --format arrow.

set(SHEAF_NANOARROW_VERSION 0.9.0)
set(_nanoarrow_top ${PROJECT_SOURCE_DIR}/build/downloads/nanoarrow-${SHEAF_NANOARROW_VERSION})
if(NOT EXISTS ${_nanoarrow_top}/complete)
  message(STATUS "No nanoarrow in build/downloads (make setup fetches it): no --format arrow")
  return()
endif()

set(_nanoarrow ${_nanoarrow_top}/subprojects/arrow-nanoarrow/src)
file(GLOB _flatcc ${_nanoarrow_top}/subprojects/flatcc-*)
set(_nanoarrow_config ${PROJECT_BINARY_DIR}/nanoarrow)
string(REPLACE "." ";" _nanoarrow_version ${SHEAF_NANOARROW_VERSION})
list(GET _nanoarrow_version 0 NANOARROW_VERSION_MAJOR)
list(GET _nanoarrow_version 1 NANOARROW_VERSION_MINOR)
list(GET _nanoarrow_version 2 NANOARROW_VERSION_PATCH)
set(NANOARROW_VERSION ${SHEAF_NANOARROW_VERSION})
set(NANOARROW_NAMESPACE_DEFINE "#define NANOARROW_NAMESPACE Sheaf")
configure_file(${_nanoarrow}/nanoarrow/nanoarrow_config.h.in
               ${_nanoarrow_config}/nanoarrow/nanoarrow_config.h)

set(_nanoarrow_sources
  common/array.c common/array_stream.c common/schema.c common/utils.c
  ipc/codecs.c ipc/decoder.c ipc/encoder.c ipc/reader.c ipc/writer.c)
list(TRANSFORM _nanoarrow_sources PREPEND ${_nanoarrow}/nanoarrow/)
set(_flatcc_sources builder.c emitter.c refmap.c verifier.c)
list(TRANSFORM _flatcc_sources PREPEND ${_flatcc}/src/runtime/)

add_library(sheaf_nanoarrow STATIC EXCLUDE_FROM_ALL ${_nanoarrow_sources} ${_flatcc_sources})
target_include_directories(sheaf_nanoarrow SYSTEM PUBLIC
  ${_nanoarrow} ${_nanoarrow_config} ${_flatcc}/include)
# Not our code: neither our warnings nor, where it knows better, our sanitizers.
target_compile_options(sheaf_nanoarrow PRIVATE -w)
