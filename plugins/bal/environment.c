/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE /* secure_getenv */
#include "environment.h"

#include <stdlib.h>

bool bal_environment(sheaf_str name, sheaf_str *value) {
  char terminated[256];
  if (name.size >= sizeof terminated) return false;
  memcpy(terminated, name.data, name.size);
  terminated[name.size] = '\0';
  const char *text = secure_getenv(terminated);
  *value = sheaf_cstr(text);
  return text != NULL;
}
