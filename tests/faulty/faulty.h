/* SPDX-License-Identifier: Apache-2.0 */
/* The faults that faulty.c can have. Three are nowhere in its code but made by CMakeLists.txt: no
 * entry, an entry of another major, a symbol that is nowhere. */
#ifndef SHEAF_TESTS_FAULTY_H
#define SHEAF_TESTS_FAULTY_H

#define FAULTS(XX)                                                                                 \
  XX(none)                                                                                         \
  /* the library */                                                                                \
  XX(no_entry)                                                                                     \
  XX(wrong_major)                                                                                  \
  XX(unresolved)                                                                                   \
  /* its records */                                                                                \
  XX(entry_null)                                                                                   \
  XX(entry_crashes)                                                                                \
  XX(short_plugin)                                                                                 \
  XX(plugin_flag)                                                                                  \
  XX(abi_too_new)                                                                                  \
  XX(abi_inverted)                                                                                 \
  XX(no_factories)                                                                                 \
  XX(null_factories)                                                                               \
  XX(null_factory)                                                                                 \
  XX(short_factory)                                                                                \
  XX(factory_flag)                                                                                 \
  XX(null_id)                                                                                      \
  XX(bad_id)                                                                                       \
  XX(other_id)                                                                                     \
  XX(null_create)                                                                                  \
  XX(null_settings)                                                                                \
  XX(setting_unnamed)                                                                              \
  XX(setting_kind)                                                                                 \
  XX(setting_default)                                                                              \
  XX(setting_required)                                                                             \
  /* making a manager */                                                                           \
  XX(create_fails)                                                                                 \
  XX(create_silent)                                                                                \
  XX(create_bad_message)                                                                           \
  XX(create_crashes)                                                                               \
  XX(create_null)                                                                                  \
  XX(short_table)                                                                                  \
  XX(table_flag)                                                                                   \
  XX(null_describe)                                                                                \
  XX(null_batch)                                                                                   \
  XX(describe_fails)                                                                               \
  XX(describe_crashes)                                                                             \
  XX(describe_null_verbs)                                                                          \
  XX(describe_no_verbs)                                                                            \
  XX(describe_null_prefixes)                                                                       \
  XX(describe_flag)                                                                                \
  XX(short_description)                                                                            \
  XX(destroy_crashes)                                                                              \
  XX(logs_badly)                                                                                   \
  XX(logs_null)                                                                                    \
  XX(leaks_thread)                                                                                 \
  /* answering */                                                                                  \
  XX(twice)                                                                                        \
  XX(never)                                                                                        \
  XX(misses_one)                                                                                   \
  XX(out_of_range)                                                                                 \
  XX(rest_succeeds)                                                                                \
  XX(ignores_stop)                                                                                 \
  XX(no_results)                                                                                   \
  XX(late)                                                                                         \
  XX(post_late)                                                                                    \
  XX(foreign)                                                                                      \
  XX(posts)                                                                                        \
  XX(holds)                                                                                        \
  XX(never_releases)                                                                               \
  XX(overreleases)                                                                                 \
  XX(unsafe)                                                                                       \
  XX(serialized)                                                                                   \
  XX(midway)                                                                                       \
  XX(midway_message)                                                                               \
  XX(odd_return)                                                                                   \
  XX(odd_status)                                                                                   \
  XX(bad_message)                                                                                  \
  XX(rest_bad_message)                                                                             \
  /* what it answers */                                                                            \
  XX(long_string)                                                                                  \
  XX(long_list)                                                                                    \
  XX(deep_list)                                                                                    \
  XX(null_list)                                                                                    \
  XX(null_string)                                                                                  \
  XX(bad_text)                                                                                     \
  XX(odd_kind)                                                                                     \
  XX(reserved_kind)                                                                                \
  XX(value_flag)                                                                                   \
  XX(null_properties)                                                                              \
  XX(null_message)                                                                                 \
  XX(null_remark)                                                                                  \
  XX(posts_null)                                                                                   \
  XX(result_flag)                                                                                  \
  XX(slot_count)                                                                                   \
  XX(slot_ids)                                                                                     \
  XX(unknown_id)                                                                                   \
  /* not coming back */                                                                            \
  XX(sleeps)                                                                                       \
  XX(waits)                                                                                        \
  XX(loops)                                                                                        \
  XX(crashes)                                                                                      \
  XX(aborts)                                                                                       \
  XX(exits)

#endif
