/* SPDX-License-Identifier: Apache-2.0 */
#include "failure.h"

#include "../common/message.h"

#include <sheaf/utf8.h>

typedef struct meaning {
  int rc; /* primary */
  sheaf_status status;
  const char *what;
} meaning;

static const meaning meanings[] = {
    {SQLITE_BUSY, SHEAF_UNAVAILABLE,
     "is locked by another program: try again, or let busy_timeout_ms wait longer"},
    {SQLITE_LOCKED, SHEAF_UNAVAILABLE, "is locked: try again"},
    {SQLITE_CORRUPT, SHEAF_MANAGER_FAILURE,
     "is damaged, or was truncated or overwritten while in use: restore it, or import it again"},
    {SQLITE_NOTADB, SHEAF_MANAGER_FAILURE, "is not an SQLite database"},
    {SQLITE_CANTOPEN, SHEAF_UNAVAILABLE,
     "cannot be opened: look at its permissions and its folder's"},
    {SQLITE_PERM, SHEAF_UNAVAILABLE, "cannot be opened: look at its permissions"},
    {SQLITE_READONLY, SHEAF_UNAVAILABLE,
     "needs a recovery that cannot be done while only reading: open it once with the sqlite3 "
     "command"},
    {SQLITE_IOERR, SHEAF_IO_ERROR, "cannot be read"},
    {SQLITE_SCHEMA, SHEAF_MANAGER_FAILURE, "has been given another schema while in use"},
    {SQLITE_NOMEM, SHEAF_OUT_OF_MEMORY, "takes more memory than there is"}};

static const meaning *find_meaning(int rc) {
  static const meaning other = {SQLITE_ERROR, SHEAF_MANAGER_FAILURE, "cannot be asked"};
  for (size_t i = 0; i < sizeof meanings / sizeof *meanings; i++)
    if (meanings[i].rc == (rc & 0xff)) return &meanings[i];
  return &other;
}

/* Copies text, with replacement characters for what is not UTF-8: names of tables may be anything, and
 * what was cut may end within a character. */
static void clean(char *out, size_t room, const char *text) {
  const char *at = text, *end = text + strlen(text);
  size_t size = 0;
  while (at != end) {
    const char *from = at;
    bool bad = sheaf_utf8_next(&at, end) == SHEAF_UTF8_BAD;
    size_t more = bad ? sizeof SHEAF_UTF8_REPLACEMENT - 1 : (size_t)(at - from);
    if (size + more >= room) break;
    memcpy(out + size, bad ? SHEAF_UTF8_REPLACEMENT : from, more);
    size += more;
  }
  out[size] = '\0';
}

sheaf_status sq_failure_words(sheaf_error *error, sheaf_status status, const char *path,
                              const char *what, ...) {
  char text[PLUGIN_MESSAGE_SIZE], words[1024], cleaned[1400];
  plugin_message quoted = {text, 0};
  va_list arguments;
  plugin_message_quote(&quoted, sheaf_cstr(path));
  va_start(arguments, what);
  (void)vsnprintf(words, sizeof words, what, arguments);
  va_end(arguments);
  clean(cleaned, sizeof cleaned, words);
  return sheaf_error_set(error, status, "%.*s %s", (int)quoted.size, text, cleaned);
}

sheaf_status sq_failure(sheaf_error *error, const char *path, sqlite3 *db, int rc) {
  const meaning *m = find_meaning(rc);
  const char *detail =
      db && sqlite3_errcode(db) != SQLITE_OK ? sqlite3_errmsg(db) : sqlite3_errstr(rc);
  return sq_failure_words(error, m->status, path, "%s (%s)", m->what, detail);
}

sheaf_status sq_failure_in_batch(sheaf_status status) {
  if (status == SHEAF_NOT_FOUND) return SHEAF_UNAVAILABLE;
  return SHEAF_STATUS_CLASS(status) == SHEAF_STATUS_CLASS(SHEAF_INVALID_ARGUMENT)
             ? SHEAF_MANAGER_FAILURE
             : status;
}
