/* SPDX-License-Identifier: Apache-2.0 */
#include <unistd.h>

#include "cli/import.h"

enum { WIDTH = 40, REDRAW_MS = 100 };

void import_progress_start(import_progress *progress, uint64_t total) {
  *progress = (import_progress){.total = total, .is_terminal = isatty(STDERR_FILENO)};
}

static bool is_due(import_progress *progress) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  int64_t ms = (int64_t)(now.tv_sec - progress->drawn.tv_sec) * 1000 +
               (now.tv_nsec - progress->drawn.tv_nsec) / 1000000;
  if (progress->is_shown && ms < REDRAW_MS) return false;
  progress->drawn = now;
  return true;
}

void import_progress_draw(import_progress *progress, uint64_t done) {
  if (!progress->is_terminal || progress->total == 0 || !is_due(progress)) return;
  char bar[WIDTH + 1];
  int filled = (int)(done * WIDTH / progress->total);
  memset(bar, '#', WIDTH);
  memset(bar + filled, '.', (size_t)(WIDTH - filled));
  bar[WIDTH] = '\0';
  fprintf(stderr, "\rimporting [%s] %3d %%  %llu of %llu", bar, (int)(done * 100 / progress->total),
          (unsigned long long)done, (unsigned long long)progress->total);
  (void)fflush(stderr);
  progress->is_shown = true;
}

void import_progress_end(import_progress *progress) {
  if (progress->is_shown) fputs("\r\033[K", stderr);
  progress->is_shown = false;
}
