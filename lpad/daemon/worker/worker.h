/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "job.h"

G_BEGIN_DECLS

/**
 * LpadWorker: who does the jobs of one chip. Everything that touches the chip, and every connection to a
 * server, is made, used and freed on the worker's thread. That is the thread of the card: workers of chips on
 * the same card share it, with one FIFO of jobs, so that never two of them use the card.
 */

/** LpadWorkerEndedFunc: on the main thread: the worker has ended, its chip is closed. */
typedef void (*LpadWorkerEndedFunc) (gpointer user_data);

/**
 * lpad_worker_start: a worker for the chip that @config describes.
 * @beside: (nullable): a worker, not stopped, of a chip on the same card; NULL: there is none, and a thread
 * is started
 * @config: see lpad_chip_new()
 * @context: (transfer none): lives until @ended is called
 */
LpadWorker *lpad_worker_start (LpadWorker *beside,
                               const LpadChipConfig *config,
                               const LpadContext *context,
                               LpadWorkerEndedFunc ended,
                               gpointer user_data);

/** lpad_worker_push: takes over @job, which was allocated with g_malloc(). On the main thread. */
void lpad_worker_push (LpadWorker *worker, LpadJob *job);

/**
 * lpad_worker_stop: no new work; the running job goes to its end, those that wait end with @reason. The chip
 * is closed; the thread ends by itself with its last worker. Takes over @worker. On the main thread.
 */
void lpad_worker_stop (LpadWorker *worker, LpadError reason);

G_END_DECLS
