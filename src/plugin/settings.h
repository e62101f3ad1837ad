/* SPDX-License-Identifier: Apache-2.0 */
/* A host's settings, turned into one value for each that a factory takes. */
#ifndef SHEAF_PLUGIN_SETTINGS_H
#define SHEAF_PLUGIN_SETTINGS_H

#include <sheaf/config.h>

/*
 * One value for each of factory->settings, in its order: what the host gave, else the default, else
 * of kind none. Values borrow from the host's settings and from the factory. Freed with free();
 * NULL on success too if the factory takes none. SHEAF_INVALID_ARGUMENT with a message that names
 * the setting, what is wrong and what there is; SHEAF_OUT_OF_MEMORY. A SECRET value is in no
 * message. `noun`: what messages call the factory, "manager" or "stage".
 */
sheaf_status sheaf_settings_resolve(const char *noun, const sheaf_factory *factory,
                                    const sheaf_setting *settings, uint32_t count,
                                    sheaf_value **out, sheaf_error *error);

/*
 * Reads text as a kind of setting: strict, the whole of it, independent of the locale. NULL on
 * success; else, for a message, how such a value is to be written.
 */
const char *sheaf_setting_parse(uint32_t kind, sheaf_str text, sheaf_value *out);

/* "an integer": what a setting of that kind is; NULL if no setting is of that kind. */
const char *sheaf_setting_kind_words(uint32_t kind);

#endif
