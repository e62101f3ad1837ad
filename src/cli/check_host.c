/* SPDX-License-Identifier: Apache-2.0 */
/* What the manager under check writes to the log, looked at on its way. */
#include <stdio.h>

#include "cli/check_probe.h"

static probe_host *self_of(const sheaf_host *host) { return (probe_host *)(uintptr_t)host; }

/* The beginning of a line, with what is not plain ASCII escaped. */
static void write_sample(char *sample, size_t room, sheaf_str text) {
  size_t at = 0;
  sample[0] = '\0';
  for (size_t i = 0; text.data && i < text.size && at + sizeof "\\xff..." <= room; i++) {
    unsigned char c = (unsigned char)text.data[i];
    bool plain = c >= 0x20 && c < 0x7f;
    at += (size_t)snprintf(sample + at, room - at, plain ? "%c" : "\\x%02x", c);
    if (i + 1 < text.size && at + sizeof "\\xff..." > room) snprintf(sample + at, room - at, "...");
  }
}

static void log_line(const sheaf_host *host, uint32_t level, sheaf_str message) {
  probe_host *self = self_of(host);
  const char *fault = check_message_fault(message);
  if (fault) {
    pthread_mutex_lock(&self->lock);
    if (!self->fault) write_sample(self->sample, sizeof self->sample, message);
    self->fault = fault;
    pthread_mutex_unlock(&self->lock);
  }
  self->inner->log(self->inner, level, message);
}

static sheaf_status intern(const sheaf_host *host, const sheaf_str *names, uint32_t count,
                           sheaf_id *ids, sheaf_error *error) {
  const sheaf_host *inner = self_of(host)->inner;
  return inner->intern(inner, names, count, ids, error);
}

static sheaf_str name(const sheaf_host *host, sheaf_id id) {
  const sheaf_host *inner = self_of(host)->inner;
  return inner->name(inner, id);
}

static sheaf_status get_extension(const sheaf_host *host, const char *id, sheaf_interface *out) {
  const sheaf_host *inner = self_of(host)->inner;
  return inner->get_extension(inner, id, out);
}

const sheaf_host *probe_host_init(probe_host *self, const sheaf_host *inner) {
  pthread_mutex_init(&self->lock, NULL);
  self->inner = inner;
  self->host = *inner;
  self->host.intern = intern;
  self->host.name = name;
  self->host.log = log_line;
  self->host.get_extension = get_extension;
  return &self->host;
}
