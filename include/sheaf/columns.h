/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sheaf/columns.h: asking a manager about a batch, results as columns: one array a (trait, key)
 * slot, as data frames and databases want them, in the layout of the Arrow C data interface
 * (https://arrow.apache.org/docs/format/CDataInterface.html). Nothing is allocated per element.
 *
 *   sheaf_slot slots[] = {{named, name}, {priced, amount}};
 *   sheaf_request request = sheaf_request_for(refs, count);
 *   request.flags = 0;
 *   request.slots = slots;
 *   request.slot_count = 2;
 *   sheaf_columns *columns = sheaf_resolve_columns(manager, &request, &error);
 *   const sheaf_column *amount = sheaf_columns_at(columns, 1);
 */
#ifndef SHEAF_COLUMNS_H
#define SHEAF_COLUMNS_H

#include <sheaf/resolve.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The structures of the Arrow C data interface, as its specification gives them: under the same
 * guards, so that they may be declared by another library's header too. Some headers have the stream
 * inside the first guard, so that it must be here as well. */
#ifndef ARROW_C_DATA_INTERFACE
#define ARROW_C_DATA_INTERFACE

#define ARROW_FLAG_DICTIONARY_ORDERED 1
#define ARROW_FLAG_NULLABLE 2
#define ARROW_FLAG_MAP_KEYS_SORTED 4

struct ArrowSchema {
  const char *format;
  const char *name;
  const char *metadata;
  int64_t flags;
  int64_t n_children;
  struct ArrowSchema **children;
  struct ArrowSchema *dictionary;
  void (*release)(struct ArrowSchema *);
  void *private_data;
};

struct ArrowArray {
  int64_t length;
  int64_t null_count;
  int64_t offset;
  int64_t n_buffers;
  int64_t n_children;
  const void **buffers;
  struct ArrowArray **children;
  struct ArrowArray *dictionary;
  void (*release)(struct ArrowArray *);
  void *private_data;
};

#endif /* ARROW_C_DATA_INTERFACE */

#ifndef ARROW_C_STREAM_INTERFACE
#define ARROW_C_STREAM_INTERFACE

struct ArrowArrayStream {
  int (*get_schema)(struct ArrowArrayStream *, struct ArrowSchema *out);
  int (*get_next)(struct ArrowArrayStream *, struct ArrowArray *out);
  const char *(*get_last_error)(struct ArrowArrayStream *);
  void (*release)(struct ArrowArrayStream *);
  void *private_data;
};

#endif /* ARROW_C_STREAM_INTERFACE */

/*
 * What came of a batch, by column. Never changes once made: it may be read by many threads at once.
 * All of it is copied: it needs neither its manager nor its library.
 */
typedef struct sheaf_columns sheaf_columns;

/* sheaf_column.kind of a column that holds values of more than one kind. */
#define SHEAF_COLUMN_MIXED 0x10000u

/* Of a mixed column, the children, by number: sheaf_column.type_ids has one of these for each row. */
enum {
  SHEAF_TYPE_BOOL = 0,
  SHEAF_TYPE_INT64 = 1,
  SHEAF_TYPE_DOUBLE = 2,
  SHEAF_TYPE_STRING = 3,
  SHEAF_TYPE_BYTES = 4,
  SHEAF_TYPE_LIST = 5,
  SHEAF_TYPE_COUNT = 6
};

/* sheaf_column.flags. NEWER_KINDS: there were values of kinds that this library does not know; they
 * are null. REPAIRED: there were strings that are not UTF-8, which Arrow demands; U+FFFD stands for
 * what was wrong. */
enum { SHEAF_COLUMN_NEWER_KINDS = 1, SHEAF_COLUMN_REPAIRED = 2 };

/*
 * A column: `length` rows of one kind.
 *
 *   kind                  values                                        offsets
 *   SHEAF_KIND_NONE       -                                             -  (all rows are null)
 *   SHEAF_KIND_BOOL       bits, least significant first                 -
 *   SHEAF_KIND_INT64      int64_t                                       -
 *   SHEAF_KIND_DOUBLE     double                                        -
 *   SHEAF_KIND_STRING     UTF-8 of all rows, one behind the other       length + 1 of them
 *   SHEAF_KIND_BYTES      bytes of all rows, likewise                   length + 1
 *   SHEAF_KIND_LIST       -; the items of all rows are children[0]      length + 1
 *   SHEAF_COLUMN_MIXED    -; row i is row offsets[i] of children[type_ids[i]]   length
 *
 * Row i of a string is bytes offsets[i] to offsets[i + 1]; of a list, those rows of children[0].
 * The items of a list are a column like any other: they may be null, lists, or mixed. Arrays begin
 * at multiples of 64 bytes. What stands in `values` for a null is zero, or nothing.
 *
 * sheaf_column_cell() and the functions below it read all this. Made and owned by the library, which
 * may append to the structure.
 */
typedef struct sheaf_column {
  uint32_t struct_size;
  uint32_t flags;
  sheaf_id trait, key;  /* 0 of children and of the messages */
  uint32_t kind;        /* a sheaf_kind, or SHEAF_COLUMN_MIXED */
  uint32_t child_count; /* a list's: 1, a mixed column's: SHEAF_TYPE_COUNT */
  uint64_t length;
  uint64_t null_count;
  const uint8_t *validity; /* bit i: row i has a value; NULL if all have, or none, or if mixed */
  const void *values;
  const int32_t *offsets;                     /* NULL where the column has none, or they are... */
  const int64_t *large_offsets;               /* ...too large: beyond 2 GiB of text or 2^31 items */
  const int8_t *type_ids;                     /* of a mixed column: SHEAF_TYPE_... */
  const struct sheaf_column *const *children; /* a mixed column's are NULL where no such value is */
} sheaf_column;

/*
 * Asks for what the request's slots say, and collects it by column. The request has slots (at least
 * one; one may occur twice) and nothing else: no traits, not SHEAF_REQUEST_ALL_TRAITS. Whether the
 * manager answers in slot order, and in which order it answers the references, only makes a
 * difference in time. Every index has its row; where it failed, all its slots are null.
 *
 * A batch that fails, is cancelled or meets a closed manager still has all rows, with their
 * statuses, and sheaf_columns_batch_status says why. NULL, with `error` filled, only if there is
 * nothing to collect: SHEAF_INVALID_ARGUMENT, SHEAF_OUT_OF_MEMORY, or SHEAF_UNSUPPORTED where the
 * request has what this library does not know. Freed with sheaf_columns_free. [any-thread]
 */
SHEAF_API sheaf_columns *sheaf_perform_columns(sheaf_manager *manager, sheaf_id verb,
                                               const sheaf_request *request,
                                               sheaf_error *error) SHEAF_NOEXCEPT;

static inline sheaf_columns *
sheaf_resolve_columns(sheaf_manager *manager, const sheaf_request *request, sheaf_error *error) {
  return sheaf_perform_columns(manager, SHEAF_VERB_RESOLVE, request, error);
}

/* What was exported stays. NULL is fine. [any-thread], once no other thread reads the columns. */
SHEAF_API void sheaf_columns_free(sheaf_columns *columns) SHEAF_NOEXCEPT;

/* The rest is [any-thread]; all that is given is borrowed until the columns are freed. */

/* What the asking function would have answered: SHEAF_OK if the manager answered. */
SHEAF_API sheaf_status sheaf_columns_batch_status(const sheaf_columns *columns) SHEAF_NOEXCEPT;

/* How many rows there are: the request's count. */
SHEAF_API uint32_t sheaf_columns_rows(const sheaf_columns *columns) SHEAF_NOEXCEPT;

/* How many of them failed. */
SHEAF_API uint32_t sheaf_columns_failed(const sheaf_columns *columns) SHEAF_NOEXCEPT;

/* How many columns there are: the request's slot_count. */
SHEAF_API uint32_t sheaf_columns_count(const sheaf_columns *columns) SHEAF_NOEXCEPT;

/* The column of a slot, by its place in the request. NULL if there is none. */
SHEAF_API const sheaf_column *sheaf_columns_at(const sheaf_columns *columns,
                                               uint32_t slot) SHEAF_NOEXCEPT;

/* The status of each row; SHEAF_OK where it has a record. */
SHEAF_API const uint32_t *sheaf_columns_statuses(const sheaf_columns *columns) SHEAF_NOEXCEPT;

/* The message of each row that failed, null for the others: a column of strings. */
SHEAF_API const sheaf_column *sheaf_columns_messages(const sheaf_columns *columns) SHEAF_NOEXCEPT;

/*
 * Hands the batch over as one Arrow struct array (a record batch): a field a slot, called
 * `trait/key`, then `status` (uint32) and `message` (utf8). Types: null, bool, int64, float64, utf8
 * or large_utf8, binary or large_binary, list or large_list, and a dense union for a mixed column
 * (its type ids are SHEAF_TYPE_..., its fields called as the kinds are).
 *
 * Nothing is copied: schema and array own a share of the memory, which lives until the columns have
 * been freed and all that was exported has been released. May be called as often as one likes.
 * SHEAF_OK, or SHEAF_OUT_OF_MEMORY or SHEAF_INVALID_ARGUMENT, and then nothing is to be released.
 * Either of `schema` and `array` may be NULL. [any-thread], and so is the releasing.
 */
SHEAF_API sheaf_status sheaf_columns_export(const sheaf_columns *columns,
                                            struct ArrowSchema *schema, struct ArrowArray *array,
                                            sheaf_error *error) SHEAF_NOEXCEPT;

/* --------------------------------------------------------------------------------- reading a row */

/* A value: a row of a column that is not mixed. `column` NULL: there is none. Frozen. */
typedef struct sheaf_cell {
  const sheaf_column *column;
  uint64_t row;
} sheaf_cell;

/* The value in a row, wherever it stands. `row` is less than the column's length. */
static inline sheaf_cell sheaf_column_cell(const sheaf_column *column, uint64_t row) {
  sheaf_cell none = {NULL, 0}, cell = {column, row};
  if (column->kind == SHEAF_COLUMN_MIXED) {
    cell.column = column->children[column->type_ids[row]];
    cell.row = (uint64_t)column->offsets[row];
  }
  if (cell.column->kind == SHEAF_KIND_NONE) return none;
  const uint8_t *bits = cell.column->validity;
  return bits && !((bits[cell.row / 8] >> (cell.row % 8)) & 1) ? none : cell;
}

/* SHEAF_KIND_NONE if there is no value. What the functions below want to know first. */
static inline sheaf_kind sheaf_cell_kind(sheaf_cell cell) {
  return cell.column ? (sheaf_kind)cell.column->kind : (sheaf_kind)SHEAF_KIND_NONE;
}

static inline bool sheaf_cell_bool(sheaf_cell cell) {
  return (((const uint8_t *)cell.column->values)[cell.row / 8] >> (cell.row % 8)) & 1;
}

static inline int64_t sheaf_cell_int64(sheaf_cell cell) {
  return ((const int64_t *)cell.column->values)[cell.row];
}

static inline double sheaf_cell_double(sheaf_cell cell) {
  return ((const double *)cell.column->values)[cell.row];
}

/* Where the bytes or the items of a row begin, and how many there are. */
static inline uint64_t sheaf_cell_begin(sheaf_cell cell) {
  const sheaf_column *c = cell.column;
  return (uint64_t)(c->offsets ? c->offsets[cell.row] : c->large_offsets[cell.row]);
}

static inline uint64_t sheaf_cell_size(sheaf_cell cell) {
  sheaf_cell next = {cell.column, cell.row + 1};
  return sheaf_cell_begin(next) - sheaf_cell_begin(cell);
}

/* Of a string or bytes. */
static inline sheaf_str sheaf_cell_str(sheaf_cell cell) {
  size_t size = (size_t)sheaf_cell_size(cell);
  if (size == 0) return sheaf_strn(NULL, 0);
  return sheaf_strn((const char *)cell.column->values + sheaf_cell_begin(cell), size);
}

/* Item `i` of a list, i less than sheaf_cell_size(). */
static inline sheaf_cell sheaf_cell_item(sheaf_cell cell, uint64_t i) {
  return sheaf_column_cell(cell.column->children[0], sheaf_cell_begin(cell) + i);
}

#ifdef __cplusplus
}
#endif

#endif /* SHEAF_COLUMNS_H */
