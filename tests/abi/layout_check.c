/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Holds a header to what an earlier minor promised: compiled against include/ with -DLAYOUT="..."
 * naming the layout.h of that minor. Types that are extensible may have grown, at their end; nothing
 * else may have changed. What is wrong is named by the assertion that fails.
 */
#include <sheaf/sheaf.h>

/* The shapes of 64-bit targets are the same in both languages; the types are compared in C. */
#define EXTENSIBLE(type, size)                                                                     \
  _Static_assert(sizeof(type) >= (size), #type " has become shorter than " #size " bytes");
#define FROZEN(type, size)                                                                         \
  _Static_assert(sizeof(type) == (size), #type " is frozen at " #size " bytes");
#define FIELD(type, field, at, ...)                                                                \
  _Static_assert(offsetof(type, field) == (at), #type "." #field " has left byte " #at);           \
  _Static_assert(__builtin_types_compatible_p(__typeof__(((type *)0)->field), __VA_ARGS__),        \
                 #type "." #field " has another type than " #__VA_ARGS__);
#define ALIAS(name, ...)                                                                           \
  _Static_assert(__builtin_types_compatible_p(name, __VA_ARGS__),                                  \
                 #name " is no longer " #__VA_ARGS__);
#define CONSTANT(name, value)                                                                      \
  _Static_assert((long long)(name) == (value##ll), #name " is no longer " #value);

#include LAYOUT

extern int sheaf_layout_is_held;
