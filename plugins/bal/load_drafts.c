/* SPDX-License-Identifier: Apache-2.0 */
/* From the rows of the loader to records that stay. */
#include "load.h"

/* The bytes that the text of a value takes, a NUL behind it. */
static size_t text_size(const sheaf_value *value) {
  return value->kind == SHEAF_KIND_STRING ? sheaf_value_str(value).size + 1 : 0;
}

size_t bal_draft_size(const bal_loader *loader, const bal_draft *draft) {
  size_t size = draft->count * sizeof(sheaf_property);
  for (uint32_t i = 0; i < draft->count; i++)
    size += text_size(&loader->rows[draft->first + i].value);
  return size;
}

static sheaf_value write_text(sheaf_str text, bal_writer *writer) {
  sheaf_value value = sheaf_string(sheaf_strn(writer->text, text.size));
  value.flags = SHEAF_VALUE_STATIC;
  memcpy(writer->text, text.data, text.size);
  writer->text[text.size] = '\0';
  writer->text += text.size + 1;
  return value;
}

bal_record bal_draft_write(const bal_loader *loader, const bal_draft *draft, bal_writer *writer) {
  bal_record record = {writer->properties, draft->count, draft->shape};
  for (uint32_t i = 0; i < draft->count; i++) {
    sheaf_property *property = writer->properties++;
    *property = loader->rows[draft->first + i];
    if (text_size(&property->value))
      property->value = write_text(sheaf_value_str(&property->value), writer);
  }
  return record;
}

bool bal_load_record(bal_loader *loader, const bal_place *place, yyjson_val *item,
                     bal_record *record) {
  bal_draft draft;
  if (!bal_load_traits(loader, place, item, false, &draft)) return false;
  sheaf_property *properties =
      bal_arena_alloc(&loader->library->arena, bal_draft_size(loader, &draft));
  if (!properties) return bal_no_memory(loader);
  *record = bal_draft_write(loader, &draft,
                            &(bal_writer){properties, (char *)(properties + draft.count)});
  loader->row_count = draft.first;
  return true;
}
