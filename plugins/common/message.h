/* SPDX-License-Identifier: Apache-2.0 */
/* The words of an error of one element: short, always UTF-8, put together without allocating. */
#ifndef PLUGIN_MESSAGE_H
#define PLUGIN_MESSAGE_H

#include <sheaf/abi.h>

/* The most that a message takes. */
#define PLUGIN_MESSAGE_SIZE 512

typedef struct plugin_message {
  char *data; /* room for PLUGIN_MESSAGE_SIZE */
  size_t size;
} plugin_message;

/* Writes a number in decimal at `out`, with room for 20 digits; gives how many it took. */
size_t plugin_decimal(uint64_t number, char *out);

/* Appends text of ours; cut if it does not fit. */
void plugin_message_put(plugin_message *message, const char *text);
void plugin_message_put_number(plugin_message *message, uint64_t number);

/* Appends somebody else's text in quotes: at most 200 bytes of it, and a replacement character for
 * what is not UTF-8 or would move a terminal's cursor. */
void plugin_message_quote(plugin_message *message, sheaf_str text);

#endif /* PLUGIN_MESSAGE_H */
