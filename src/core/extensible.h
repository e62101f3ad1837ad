/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The size rule for extensible structures, in one place: whatever crosses the ABI is copied into a
 * full-size structure of our own, so that nobody checks struct_size afterwards.
 */
#ifndef SHEAF_CORE_EXTENSIBLE_H
#define SHEAF_CORE_EXTENSIBLE_H

#include <sheaf/abi.h>
#include <sheaf/library.h>

/* The half of a flags word that must be understood. */
#define SHEAF_MUST_UNDERSTAND 0xffff0000u

/*
 * How long a type was when it was born: the least that its struct_size may say. Binaries of 1.0 are
 * about for good, so a line stays as it is when its type grows. A type without a line has not grown:
 * it has its own size.
 */
#define SHEAF_SIZE_AT_BIRTH(object)                                                                \
  _Generic((object),                                                                               \
      sheaf_context: (size_t)72,                                                                   \
      sheaf_call: (size_t)80,                                                                      \
      sheaf_request: (size_t)80,                                                                   \
      sheaf_description: (size_t)32,                                                               \
      sheaf_manager_table: (size_t)48,                                                             \
      sheaf_factory: (size_t)72,                                                                   \
      sheaf_plugin: (size_t)32,                                                                    \
      sheaf_library_options: (size_t)72,                                                           \
      default: sizeof(object))

/*
 * The flags of a request that must be understood and are, by this library: none in 1.0. A macro that
 * the header may have defined first, so that tests/abi/ can give this core's source a younger one.
 */
#ifndef SHEAF_KNOWN_REQUEST_FLAGS
#define SHEAF_KNOWN_REQUEST_FLAGS 0u
#endif

/*
 * Copies the extensible structure at `src` into `dst`, `dst_size` bytes long: what the source does
 * not reach is zero; what it has beyond ours must be zero, else it asks for something that this
 * library does not know. dst's struct_size becomes dst_size. `least` is the size that the type was
 * born with, `known_flags` the flags that this library understands, `name` what the message calls it.
 * SHEAF_OK, SHEAF_INVALID_ARGUMENT (NULL, too short or absurdly long) or SHEAF_UNSUPPORTED.
 */
sheaf_status sheaf_copy_struct(void *dst, size_t dst_size, const void *src, size_t least,
                               uint32_t known_flags, const char *name, sheaf_error *error);

/* The same for a table of functions or a descriptor that a plugin offers: what is beyond ours is
 * simply not used. Must-understand flags still count. */
sheaf_status sheaf_copy_table(void *dst, size_t dst_size, const void *src, size_t least,
                              uint32_t known_flags, const char *name, sheaf_error *error);

/* Whether a structure is of our own version and asks for nothing that is not known. */
#define SHEAF_IS_OWN_STRUCT(dst, src, known_flags)                                                 \
  ((src)->struct_size == sizeof *(dst) &&                                                          \
   !((src)->flags & SHEAF_MUST_UNDERSTAND & ~(uint32_t)(known_flags)))

/* sheaf_copy_struct for the batch path: one comparison and a copy of fixed size where the source
 * is of our own version. `src` must not be NULL. */
#define SHEAF_TAKE_STRUCT(dst, src, known_flags, name, error)                                      \
  (SHEAF_IS_OWN_STRUCT(dst, src, known_flags)                                                      \
       ? (*(dst) = *(src), SHEAF_OK)                                                               \
       : sheaf_copy_struct(dst, sizeof *(dst), src, SHEAF_SIZE_AT_BIRTH(*(dst)), known_flags,      \
                           name, error))

#endif
