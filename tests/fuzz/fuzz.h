/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the fuzz targets share. Each is one file that defines LLVMFuzzerTestOneInput: linked with
 * libFuzzer (preset `fuzz`, scripts/fuzz.sh), or with replay.c, which feeds it the files of
 * corpus/<target>/ (every other preset, as a test).
 */
#ifndef SHEAF_FUZZ_H
#define SHEAF_FUZZ_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <sheaf/sheaf.h>
#include <sheaf/utf8.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A property that must hold for every input. */
#define ALWAYS(condition)                                                                          \
  do {                                                                                             \
    if (!(condition)) {                                                                            \
      fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition);                      \
      abort();                                                                                     \
    }                                                                                              \
  } while (0)

/* ------------------------------------------------------------------------------------- the input */

/* Bytes being used up; zeros once they are. */
typedef struct fuzz_input {
  const uint8_t *at, *end;
} fuzz_input;

static inline size_t fuzz_left(const fuzz_input *in) { return (size_t)(in->end - in->at); }

static inline uint8_t fuzz_byte(fuzz_input *in) { return in->at < in->end ? *in->at++ : 0; }

static inline uint64_t fuzz_number(fuzz_input *in, unsigned bytes) {
  uint64_t n = 0;
  while (bytes-- > 0) n = n << 8 | fuzz_byte(in);
  return n;
}

/* Some of the input itself: its length in one byte, cut to what there is. */
static inline sheaf_str fuzz_text(fuzz_input *in) {
  size_t size = fuzz_byte(in);
  if (size > fuzz_left(in)) size = fuzz_left(in);
  sheaf_str text = sheaf_strn((const char *)in->at, size);
  in->at += size;
  return text;
}

/* A copy with nothing behind it, so that ASan sees who reads on. Freed with free. */
static inline char *fuzz_copy(const void *data, size_t size) {
  char *copy = malloc(size ? size : 1);
  ALWAYS(copy);
  if (size) memcpy(copy, data, size);
  return copy;
}

/* ----------------------------------------------------------------------------------- the library */

static inline void fuzz_log(void *ctx, uint32_t level, sheaf_str source, sheaf_str message) {
  (void)ctx, (void)level;
  ALWAYS(source.size > 0);
  ALWAYS(message.size > 0 && sheaf_utf8_valid(message));
}

/* A library whose log must be proper text. */
static inline sheaf_library *fuzz_library(void) {
  sheaf_library_options options = SHEAF_LIBRARY_OPTIONS_INIT;
  options.log = fuzz_log;
  options.log_level = SHEAF_LOG_DEBUG;
  sheaf_library *library = sheaf_library_new(&options, NULL);
  ALWAYS(library);
  return library;
}

/* A failure says why, in proper text. */
static inline void fuzz_check_error(const sheaf_error *error) {
  size_t size = strnlen(error->message, sizeof error->message);
  ALWAYS(error->status != SHEAF_OK);
  ALWAYS(size > 0 && size < sizeof error->message);
  ALWAYS(sheaf_utf8_valid(sheaf_strn(error->message, size)));
}

/* Reads bytes, though nobody wants to know what they are. */
static inline void fuzz_read_bytes(const void *data, size_t size) {
  const volatile unsigned char *bytes = data;
  for (size_t i = 0; i < size; i++) (void)bytes[i];
}

/* Reads all that a value points to. */
static inline void fuzz_read_value(const sheaf_value *v) {
  if (SHEAF_STORAGE(v->kind) == SHEAF_STORAGE_BYTES) fuzz_read_bytes(v->u.data, v->length);
  if (SHEAF_STORAGE(v->kind) != SHEAF_STORAGE_LIST) return;
  for (uint32_t i = 0; i < v->length; i++) fuzz_read_value(&v->u.items[i]);
}

/* Reads all of a result; an error must have a message. */
static inline void fuzz_read_result(const sheaf_result *r) {
  for (uint32_t i = 0; i < r->property_count; i++) fuzz_read_value(&r->properties[i].value);
  fuzz_read_bytes(r->message.data, r->message.size);
  ALWAYS(SHEAF_IS_OK(r->status) || r->message.size > 0);
}

/* The results of a batch, each read to its end. */
static inline void fuzz_read_batch(const sheaf_batch *batch, uint32_t count) {
  uint32_t failed = 0;
  ALWAYS(sheaf_batch_count(batch) == count);
  for (uint32_t i = 0; i < count; i++) {
    const sheaf_result *r = sheaf_batch_at(batch, i);
    ALWAYS(r->index == i);
    fuzz_read_result(r);
    failed += !SHEAF_IS_OK(r->status);
  }
  ALWAYS(sheaf_batch_failed(batch) == failed);
}

/* ----------------------------------------------------------------------- a manager of the target's */

typedef struct fuzz_manager {
  sheaf_factory factory;
  const sheaf_factory *factories[1];
  sheaf_plugin plugin;
  sheaf_manager_table table;
  sheaf_description description;
} fuzz_manager;

static inline const sheaf_description *fuzz_describe(void *self) {
  return &((fuzz_manager *)self)->description;
}

static inline sheaf_status fuzz_create(const sheaf_factory *factory, const sheaf_host *host,
                                       const sheaf_value *settings, uint32_t count,
                                       sheaf_interface *out, sheaf_error *error) {
  fuzz_manager *m = factory->data;
  (void)host, (void)settings, (void)count, (void)error;
  *out = (sheaf_interface){&m->table, m};
  return SHEAF_OK;
}

/* Opens a manager whose batch is `batch`; `m` lives as long as the library. */
static inline sheaf_manager *fuzz_open(sheaf_library *library, fuzz_manager *m, uint32_t flags,
                                       sheaf_status (*batch)(void *, const sheaf_request *,
                                                             sheaf_sink *)) {
  static const sheaf_verb_info verbs[] = {{SHEAF_VERB_RESOLVE, SHEAF_VERB_PURE}};
  memset(m, 0, sizeof *m);
  m->factory.struct_size = sizeof m->factory;
  m->factory.id = flags & SHEAF_MANAGER_SERIALIZED ? "fuzz-serialized" : "fuzz";
  m->factory.create = fuzz_create;
  m->factory.data = m;
  m->factories[0] = &m->factory;
  m->plugin = (sheaf_plugin){sizeof m->plugin, 0, 0, 0, m->factories, 1, 0};
  m->table.struct_size = sizeof m->table;
  m->table.describe = fuzz_describe;
  m->table.batch = batch;
  m->description = (sheaf_description){sizeof m->description, flags, verbs, NULL, 1, 0};
  ALWAYS(sheaf_register(library, &m->plugin, NULL) == SHEAF_OK);
  sheaf_manager *manager = sheaf_manager_open(library, m->factory.id, NULL, 0, NULL);
  ALWAYS(manager);
  return manager;
}

#endif /* SHEAF_FUZZ_H */
