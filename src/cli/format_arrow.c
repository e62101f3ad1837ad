/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An Arrow IPC stream: a record batch for each batch of references, with the columns index (uint64),
 * ref (utf8), one for each --property, status (uint32) and message (utf8).
 *
 * A stream has one schema, and it comes first, while kinds of values come batch by batch. So the first
 * batch says what the columns are; one that it has no value for is text. A value behind it that does
 * not fit ends the stream with an error. (Widening is none of our business: it would have to be known
 * before anything is written.)
 */
#include "cli/format.h"
#include "cli/text.h"

#ifndef SHEAF_HAVE_NANOARROW

const char *cli_arrow_is_missing(void) {
  return "this sheaf was built without nanoarrow: run 'make setup', which fetches it, and build "
         "again";
}

static void begin(cli_printer *printer) { (void)printer; }

const cli_format cli_format_arrow = {"arrow", begin, NULL, NULL, NULL};

#else

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include <nanoarrow/nanoarrow.h>
#include <nanoarrow/nanoarrow_ipc.h>

/* Columns that are no property's: two before those, two behind. */
enum { INDEX, REF, BEFORE, BEHIND = 2 };

struct cli_arrow {
  struct ArrowIpcWriter writer;
  struct ArrowSchema schema;
  struct ArrowArrayView view; /* of the batch that is written */
  bool has_schema;
  int failed; /* an errno of nanoarrow's, or DOES_NOT_FIT */
};

const char *cli_arrow_is_missing(void) { return NULL; }

/* -------------------------------------------------------------------------------------- the schema */

static enum ArrowType arrow_type(const sheaf_column *column) {
  bool large = column->large_offsets != NULL;
  switch (column->kind) {
  case SHEAF_KIND_BOOL:
    return NANOARROW_TYPE_BOOL;
  case SHEAF_KIND_INT64:
    return NANOARROW_TYPE_INT64;
  case SHEAF_KIND_DOUBLE:
    return NANOARROW_TYPE_DOUBLE;
  case SHEAF_KIND_BYTES:
    return large ? NANOARROW_TYPE_LARGE_BINARY : NANOARROW_TYPE_BINARY;
  case SHEAF_KIND_LIST:
    return large ? NANOARROW_TYPE_LARGE_LIST : NANOARROW_TYPE_LIST;
  default:
    return large ? NANOARROW_TYPE_LARGE_STRING : NANOARROW_TYPE_STRING;
  }
}

static int set_type(struct ArrowSchema *out, const sheaf_column *column);

/* The place of a mixed column's child among those that there are; with `at` SHEAF_TYPE_COUNT, how many
 * there are. It is the child's type id in the stream. */
static int8_t union_id(const sheaf_column *column, int at) {
  int8_t id = 0;
  for (int i = 0; i < at; i++) id = (int8_t)(id + (column->children[i] != NULL));
  return id;
}

static int set_union(struct ArrowSchema *out, const sheaf_column *column) {
  int count = union_id(column, SHEAF_TYPE_COUNT);
  NANOARROW_RETURN_NOT_OK(ArrowSchemaSetTypeUnion(out, NANOARROW_TYPE_DENSE_UNION, count));
  for (int i = 0; i < SHEAF_TYPE_COUNT; i++) {
    if (!column->children[i]) continue;
    struct ArrowSchema *child = out->children[union_id(column, i)];
    NANOARROW_RETURN_NOT_OK(set_type(child, column->children[i]));
    NANOARROW_RETURN_NOT_OK(ArrowSchemaSetName(child, sheaf_kind_name(column->children[i]->kind)));
  }
  return NANOARROW_OK;
}

/* `column` NULL: nothing is known about it. */
static int set_type(struct ArrowSchema *out, const sheaf_column *column) {
  if (!column) return ArrowSchemaSetType(out, NANOARROW_TYPE_STRING);
  if (column->kind == SHEAF_COLUMN_MIXED) return set_union(out, column);
  NANOARROW_RETURN_NOT_OK(ArrowSchemaSetType(out, arrow_type(column)));
  return column->kind == SHEAF_KIND_LIST ? set_type(out->children[0], column->children[0])
                                         : NANOARROW_OK;
}

static int set_field(struct ArrowSchema *out, const char *name, enum ArrowType type,
                     bool nullable) {
  NANOARROW_RETURN_NOT_OK(ArrowSchemaSetName(out, name));
  if (!nullable) out->flags = 0;
  return type == NANOARROW_TYPE_UNINITIALIZED ? NANOARROW_OK : ArrowSchemaSetType(out, type);
}

static int make_schema(const cli_printer *printer, struct ArrowSchema *schema) {
  uint32_t count = printer->property_count;
  ArrowSchemaInit(schema);
  NANOARROW_RETURN_NOT_OK(ArrowSchemaSetTypeStruct(schema, BEFORE + count + BEHIND));
  struct ArrowSchema **fields = schema->children, **behind = fields + BEFORE + count;
  NANOARROW_RETURN_NOT_OK(set_field(fields[INDEX], "index", NANOARROW_TYPE_UINT64, false));
  NANOARROW_RETURN_NOT_OK(set_field(fields[REF], "ref", NANOARROW_TYPE_STRING, false));
  for (uint32_t k = 0; k < count; k++) {
    const sheaf_column *column =
        printer->first_columns ? sheaf_columns_at(printer->first_columns, k) : NULL;
    NANOARROW_RETURN_NOT_OK(set_type(fields[BEFORE + k], column));
    NANOARROW_RETURN_NOT_OK(set_field(fields[BEFORE + k], printer->properties[k].text,
                                      NANOARROW_TYPE_UNINITIALIZED, true));
  }
  NANOARROW_RETURN_NOT_OK(set_field(behind[0], "status", NANOARROW_TYPE_UINT32, false));
  return set_field(behind[1], "message", NANOARROW_TYPE_STRING, true);
}

static int write_schema(cli_printer *printer) {
  struct cli_arrow *arrow = printer->arrow;
  arrow->has_schema = true;
  NANOARROW_RETURN_NOT_OK(make_schema(printer, &arrow->schema));
  NANOARROW_RETURN_NOT_OK(ArrowArrayViewInitFromSchema(&arrow->view, &arrow->schema, NULL));
  return ArrowIpcWriterWriteSchema(&arrow->writer, &arrow->schema, NULL);
}

/* --------------------------------------------------------------------------------------- the rows */

/* A cell that is none of what the schema says of its column. */
#define DOES_NOT_FIT (-1) /* no errno */

static int append_cell(struct ArrowArray *out, const sheaf_column *type, sheaf_cell cell);

static int append_list(struct ArrowArray *out, const sheaf_column *type, sheaf_cell list) {
  uint64_t size = sheaf_cell_size(list);
  for (uint64_t i = 0; i < size; i++)
    NANOARROW_RETURN_NOT_OK(
        append_cell(out->children[0], type->children[0], sheaf_cell_item(list, i)));
  return ArrowArrayFinishElement(out);
}

static int append_to_union(struct ArrowArray *out, const sheaf_column *type, sheaf_cell cell) {
  for (int i = 0; i < SHEAF_TYPE_COUNT; i++) {
    const sheaf_column *child = type->children[i];
    if (!child || child->kind != sheaf_cell_kind(cell)) continue;
    int8_t id = union_id(type, i);
    NANOARROW_RETURN_NOT_OK(append_cell(out->children[id], child, cell));
    return ArrowArrayFinishUnionElement(out, id);
  }
  return DOES_NOT_FIT;
}

static int append_text(struct ArrowArray *out, sheaf_str text) {
  struct ArrowStringView view = {text.data, (int64_t)text.size};
  return ArrowArrayAppendString(out, view);
}

static int append_bytes(struct ArrowArray *out, sheaf_str bytes) {
  struct ArrowBufferView view = {{bytes.data}, (int64_t)bytes.size};
  return ArrowArrayAppendBytes(out, view);
}

/* `type` is what the first batch had, NULL for nothing. */
static int append_cell(struct ArrowArray *out, const sheaf_column *type, sheaf_cell cell) {
  uint32_t expected = type && type->kind ? type->kind : SHEAF_KIND_STRING;
  if (!cell.column) return ArrowArrayAppendNull(out, 1);
  if (expected == SHEAF_COLUMN_MIXED) return append_to_union(out, type, cell);
  if (expected != sheaf_cell_kind(cell)) return DOES_NOT_FIT;
  switch (expected) {
  case SHEAF_KIND_BOOL:
    return ArrowArrayAppendInt(out, sheaf_cell_bool(cell));
  case SHEAF_KIND_INT64:
    return ArrowArrayAppendInt(out, sheaf_cell_int64(cell));
  case SHEAF_KIND_DOUBLE:
    return ArrowArrayAppendDouble(out, sheaf_cell_double(cell));
  case SHEAF_KIND_STRING:
    return append_text(out, sheaf_cell_str(cell));
  case SHEAF_KIND_BYTES:
    return append_bytes(out, sheaf_cell_str(cell));
  default:
    return append_list(out, type, cell);
  }
}

static void say_what_does_not_fit(const cli_printer *printer, const cli_column_rows *rows,
                                  uint32_t i, uint32_t k) {
  const sheaf_column *type = sheaf_columns_at(printer->first_columns, k);
  const char *is = sheaf_kind_name(sheaf_cell_kind(cli_row_cell(rows, i, k)));
  const char *wanted =
      type->kind == SHEAF_COLUMN_MIXED ? "of other kinds" : sheaf_kind_name(type->kind);
  if (type->kind == SHEAF_KIND_NONE) wanted = "string, for it had no values";
  cli_error(
      "--format arrow: the %s of '%s' at index %llu does not fit into the stream, whose columns "
      "are what the first batch had: that one was %s%s. Use a larger --batch-size, so that the "
      "first batch has all kinds, or --format jsonl",
      is, printer->properties[k].text, (unsigned long long)(rows->first + i), wanted,
      type->kind == SHEAF_KIND_LIST ? " of other items" : "");
}

/* The properties of a row; the one that fails is said. */
static int append_cells(cli_printer *printer, const cli_column_rows *rows, uint32_t i,
                        struct ArrowArray **out) {
  for (uint32_t k = 0; k < printer->property_count; k++) {
    const sheaf_column *type = sheaf_columns_at(printer->first_columns, k);
    int failed = append_cell(out[k], type, cli_row_cell(rows, i, k));
    if (failed == DOES_NOT_FIT) say_what_does_not_fit(printer, rows, i, k);
    if (failed) return failed;
  }
  return NANOARROW_OK;
}

static int append_row(cli_printer *printer, const cli_column_rows *rows, uint32_t i,
                      struct ArrowArray *batch) {
  struct ArrowArray **fields = batch->children,
                    **behind = fields + BEFORE + printer->property_count;
  sheaf_status status = sheaf_columns_statuses(rows->columns)[i];
  printer->cell.size = 0;
  cli_put_utf8(&printer->cell, rows->refs[i]);
  NANOARROW_RETURN_NOT_OK(ArrowArrayAppendUInt(fields[INDEX], rows->first + i));
  NANOARROW_RETURN_NOT_OK(append_text(fields[REF], cli_buffer_str(&printer->cell)));
  NANOARROW_RETURN_NOT_OK(append_cells(printer, rows, i, fields + BEFORE));
  NANOARROW_RETURN_NOT_OK(ArrowArrayAppendUInt(behind[0], status));
  if (SHEAF_IS_OK(status)) NANOARROW_RETURN_NOT_OK(ArrowArrayAppendNull(behind[1], 1));
  else NANOARROW_RETURN_NOT_OK(append_text(behind[1], cli_row_message(rows, i)));
  return ArrowArrayFinishElement(batch);
}

static int write_batch(cli_printer *printer, const cli_column_rows *rows,
                       struct ArrowArray *batch) {
  struct cli_arrow *arrow = printer->arrow;
  NANOARROW_RETURN_NOT_OK(ArrowArrayStartAppending(batch));
  for (uint32_t i = 0; i < rows->count; i++)
    if (cli_is_shown(rows, i)) NANOARROW_RETURN_NOT_OK(append_row(printer, rows, i, batch));
  NANOARROW_RETURN_NOT_OK(ArrowArrayFinishBuildingDefault(batch, NULL));
  NANOARROW_RETURN_NOT_OK(ArrowArrayViewSetArray(&arrow->view, batch, NULL));
  return ArrowIpcWriterWriteArrayView(&arrow->writer, &arrow->view, NULL);
}

static int write_rows(cli_printer *printer, const cli_column_rows *rows) {
  struct cli_arrow *arrow = printer->arrow;
  struct ArrowArray batch = {0};
  if (!arrow->has_schema) NANOARROW_RETURN_NOT_OK(write_schema(printer));
  NANOARROW_RETURN_NOT_OK(ArrowArrayInitFromSchema(&batch, &arrow->schema, NULL));
  int failed = write_batch(printer, rows, &batch);
  ArrowArrayRelease(&batch);
  return failed;
}

/* -------------------------------------------------------------------------------------- the format */

/* The printer's buffer remembers what goes wrong with the output. */
static int write_out(struct ArrowIpcOutputStream *stream, const void *data, int64_t size,
                     int64_t *written, struct ArrowError *error) {
  (void)error;
  cli_put(stream->private_data, data, (size_t)size);
  *written = size;
  return NANOARROW_OK;
}

static void release_out(struct ArrowIpcOutputStream *stream) { stream->release = NULL; }

static void begin(cli_printer *printer) {
  struct ArrowIpcOutputStream out = {write_out, release_out, &printer->out};
  struct cli_arrow *arrow = calloc(1, sizeof *arrow);
  if (arrow && ArrowIpcWriterInit(&arrow->writer, &out) == NANOARROW_OK) {
    ArrowArrayViewInitFromType(&arrow->view, NANOARROW_TYPE_UNINITIALIZED);
    printer->arrow = arrow;
    return;
  }
  free(arrow);
  printer->cell.error = ENOMEM;
}

static int put_columns(cli_printer *printer, const cli_column_rows *rows) {
  struct cli_arrow *arrow = printer->arrow;
  if (!arrow) return CLI_OK; /* out of memory: the buffer knows */
  int failed = write_rows(printer, rows);
  if (!failed) return CLI_OK;
  arrow->failed = failed;
  if (failed == EOVERFLOW)
    cli_error(
        "--format arrow: the batch that begins at index %llu has more than 2 GiB of text or 2^31 "
        "items in a column; use a smaller --batch-size",
        (unsigned long long)rows->first);
  else if (failed != DOES_NOT_FIT) cli_error("--format arrow: %s", strerror(failed));
  return CLI_FAILED;
}

/* Whatever happened: what was written is to be a whole stream. */
static void end(cli_printer *printer) {
  struct cli_arrow *arrow = printer->arrow;
  if (!arrow) return;
  if (!arrow->has_schema) arrow->failed = write_schema(printer);
  if (ArrowIpcWriterWriteArrayView(&arrow->writer, NULL, NULL)) arrow->failed = ENOMEM;
  if (arrow->failed == ENOMEM) printer->cell.error = ENOMEM;
  ArrowArrayViewReset(&arrow->view);
  if (arrow->schema.release) ArrowSchemaRelease(&arrow->schema);
  ArrowIpcWriterReset(&arrow->writer);
  free(arrow);
  printer->arrow = NULL;
}

const cli_format cli_format_arrow = {"arrow", begin, NULL, put_columns, end};

#endif
