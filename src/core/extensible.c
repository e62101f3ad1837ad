/* SPDX-License-Identifier: Apache-2.0 */
#include "core/extensible.h"

/* What the size rule reads of any extensible structure. */
typedef struct header {
  uint32_t struct_size;
  uint32_t flags;
} header;

/* No structure of ours comes near this: a larger size is a field that was never set. */
#define ABSURD_SIZE 65536u

static sheaf_status check_header(const void *src, size_t least, uint32_t known_flags,
                                 const char *name, header *out, sheaf_error *error) {
  if (!src) return sheaf_error_set(error, SHEAF_INVALID_ARGUMENT, "%s is NULL", name);
  memcpy(out, src, sizeof *out);
  if (out->struct_size < least || out->struct_size > ABSURD_SIZE)
    return sheaf_error_set(error, SHEAF_INVALID_ARGUMENT,
                           "%s.struct_size is %u: it must be sizeof(%s), at least %zu", name,
                           out->struct_size, name, least);
  uint32_t unknown = out->flags & SHEAF_MUST_UNDERSTAND & ~known_flags;
  if (unknown)
    return sheaf_error_set(error, SHEAF_UNSUPPORTED,
                           "%s.flags has 0x%x, which must be understood and is not known to ABI "
                           "%d.%d: use a newer libsheaf, or do without",
                           name, unknown, SHEAF_ABI_MAJOR, SHEAF_ABI_MINOR);
  return SHEAF_OK;
}

static void copy_known(void *dst, size_t dst_size, const void *src, size_t src_size) {
  size_t common = src_size < dst_size ? src_size : dst_size;
  memcpy(dst, src, common);
  memset((char *)dst + common, 0, dst_size - common);
  uint32_t size = (uint32_t)dst_size;
  memcpy(dst, &size, sizeof size);
}

sheaf_status sheaf_copy_struct(void *dst, size_t dst_size, const void *src, size_t least,
                               uint32_t known_flags, const char *name, sheaf_error *error) {
  header h;
  sheaf_status status = check_header(src, least, known_flags, name, &h, error);
  if (status) return status;
  for (size_t i = dst_size; i < h.struct_size; i++) {
    if (((const unsigned char *)src)[i] == 0) continue;
    return sheaf_error_set(error, SHEAF_UNSUPPORTED,
                           "%s uses a field at byte %zu, which ABI %d.%d does not have: use a "
                           "newer libsheaf, or leave it zero",
                           name, i, SHEAF_ABI_MAJOR, SHEAF_ABI_MINOR);
  }
  copy_known(dst, dst_size, src, h.struct_size);
  return SHEAF_OK;
}

sheaf_status sheaf_copy_table(void *dst, size_t dst_size, const void *src, size_t least,
                              uint32_t known_flags, const char *name, sheaf_error *error) {
  header h;
  sheaf_status status = check_header(src, least, known_flags, name, &h, error);
  if (!status) copy_known(dst, dst_size, src, h.struct_size);
  return status;
}
