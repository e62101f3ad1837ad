/* SPDX-License-Identifier: Apache-2.0 */
/* What the format of an imported database is known by, and where that stands in the header of an
 * SQLite file. The `sqlite` manager reads it: plugins/sqlite/schema.h says what the tables hold. */
#ifndef SHEAF_CLI_IMPORT_FORMAT_H
#define SHEAF_CLI_IMPORT_FORMAT_H

#include <stdint.h>

#define IMPORT_FORMAT 1
#define IMPORT_APPLICATION_ID 0x53686561 /* "Shea" */

#define IMPORT_MAGIC "SQLite format 3" /* and a NUL */
enum {
  IMPORT_HEADER_SIZE = 100,
  IMPORT_AT_CHANGE_COUNTER = 24,
  IMPORT_AT_APPLICATION_ID = 68,
  IMPORT_AT_VALID_FOR = 92 /* the change counter for which the size in the header is right */
};

static inline uint32_t import_read_u32(const unsigned char *at) {
  return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

#endif
