/* SPDX-License-Identifier: Apache-2.0 */
/* Memory of a batch: chunks and growing arrays, kept for the next one. No GIL anywhere. */
#include "serve.h"

#include <stdlib.h>

enum { FIRST_CHUNK = 1 << 16, LARGEST_CHUNK = 1 << 22 };

typedef struct serve_chunk {
  struct serve_chunk *next;
  size_t size, used;
  uint64_t bytes[]; /* for its alignment */
} serve_chunk;

/* ----------------------------------------------------------------------------------------- chunks */

static void *take_from_new_chunk(serve_arena *arena, size_t size) {
  size_t room = arena->chunks ? arena->chunks->size * 2 : FIRST_CHUNK;
  if (room > LARGEST_CHUNK) room = LARGEST_CHUNK;
  if (room < size) room = size;
  serve_chunk *chunk = malloc(sizeof *chunk + room);
  if (!chunk) return NULL;
  *chunk = (serve_chunk){.next = arena->chunks, .size = room, .used = size};
  arena->chunks = chunk;
  return chunk->bytes;
}

void *serve_arena_take(serve_arena *arena, size_t size) {
  size = (size + 7) & ~(size_t)7;
  arena->taken += size;
  serve_chunk *chunk = arena->chunks;
  if (!chunk || size > chunk->size - chunk->used) return take_from_new_chunk(arena, size);
  void *taken = (char *)chunk->bytes + chunk->used;
  chunk->used += size;
  return taken;
}

void serve_arena_rewind(serve_arena *arena) {
  serve_chunk *kept = arena->chunks;
  if (kept && kept->size > LARGEST_CHUNK) kept = NULL;
  for (serve_chunk *chunk = arena->chunks, *next; chunk; chunk = next) {
    next = chunk->next;
    if (chunk != kept) free(chunk);
  }
  if (kept) kept->next = NULL, kept->used = 0;
  arena->chunks = kept;
  arena->taken = 0;
}

void serve_arena_free(serve_arena *arena) {
  for (serve_chunk *chunk = arena->chunks, *next; chunk; chunk = next) {
    next = chunk->next;
    free(chunk);
  }
  *arena = (serve_arena){NULL, 0};
}

/* ------------------------------------------------------------------------------------------- work */

serve_work *serve_work_new(void) { return calloc(1, sizeof(serve_work)); }

void serve_work_free(serve_work *work) {
  if (!work) return;
  serve_arena_free(&work->arena);
  free(work->results);
  free(work->row);
  free(work);
}

/* Room for one more of `size` bytes in an array. */
static bool grow(void **array, uint32_t count, uint32_t *room, size_t size) {
  if (count < *room) return true;
  uint32_t more = *room ? *room * 2 : 64;
  void *grown = more > *room ? realloc(*array, more * size) : NULL;
  if (!grown) return false;
  *array = grown;
  *room = more;
  return true;
}

bool serve_row_add(serve_work *work, sheaf_id trait, sheaf_id key, sheaf_value value) {
  void *row = work->row;
  if (!grow(&row, work->row_count, &work->row_room, sizeof *work->row)) {
    (void)sheaf_error_set(&work->why, SHEAF_OUT_OF_MEMORY, "out of memory");
    return false;
  }
  work->row = row;
  work->row[work->row_count++] = (sheaf_property){trait, key, value};
  return true;
}

bool serve_result_add(serve_work *work, const sheaf_result *result) {
  void *results = work->results;
  if (!grow(&results, work->count, &work->room, sizeof *work->results)) return false;
  work->results = results;
  work->results[work->count++] = *result;
  return true;
}

bool serve_copy(serve_work *work, const char *data, size_t size, const char **copy) {
  char *bytes = serve_arena_take(&work->arena, size);
  if (!bytes) return false;
  if (size > 0) memcpy(bytes, data, size);
  *copy = bytes;
  return true;
}
