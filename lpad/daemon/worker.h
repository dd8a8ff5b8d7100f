/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "job.h"

G_BEGIN_DECLS

/**
 * LpadWorker: the thread of one chip, with a FIFO of jobs. Everything that touches the chip, and every
 * connection to a server, is made, used and freed there.
 */
typedef struct _LpadWorker LpadWorker;

/** LpadWorkerEndedFunc: on the main thread: the worker's thread has ended, its chip is closed. */
typedef void (*LpadWorkerEndedFunc) (gpointer user_data);

/**
 * lpad_worker_start: starts a thread for the chip that @config describes.
 * @config: see lpad_chip_new()
 * @context: (transfer none): lives until @ended is called
 */
LpadWorker *lpad_worker_start (const LpadChipConfig *config,
                               const LpadContext *context,
                               LpadWorkerEndedFunc ended,
                               gpointer user_data);

/** lpad_worker_push: takes over @job, which was allocated with g_malloc(). On the main thread. */
void lpad_worker_push (LpadWorker *worker, LpadJob *job);

/**
 * lpad_worker_stop: no new work; the running job goes to its end, those that wait end with @reason. The
 * thread closes the chip and ends by itself. Takes over @worker. On the main thread.
 */
void lpad_worker_stop (LpadWorker *worker, LpadError reason);

G_END_DECLS
