/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE /* syscall */
#include "core/barrier.h"

#include <linux/membarrier.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

bool sheaf_barrier_is_cheap;

static bool membarrier(int command) { return syscall(SYS_membarrier, command, 0, 0) == 0; }

static bool enlist(void) { return membarrier(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED); }

void sheaf_barrier_prepare(void) { sheaf_barrier_is_cheap = enlist(); }

void sheaf_barrier_meet(void) {
  if (!sheaf_barrier_is_cheap) return;
  if (membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED)) return;
  if (enlist() && membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED)) return;
  /* The process has forbidden itself the call since. What a thread has said is seen by all within
   * nanoseconds; a whole millisecond is a barrier too. */
  nanosleep(&(struct timespec){0, 1000000}, NULL);
}
