/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "download.h"
#include "journal.h"

G_BEGIN_DECLS

/**
 * LpadWorkbench: what the jobs of a worker find on its thread, and nobody else ever sees.
 * @context: shared by all workers, immutable
 * @download: a download that waits for the user, or NULL; while there is one the channel to the chip stays
 * open
 * @inventory: what was read last, or NULL; a job that reads the chip again replaces it
 * @progress: for the procedures; goes to lpad_job.progress on the main thread
 * @hold: a job sets it when the next one follows at once: the channel stays open in between
 */
typedef struct
{
  LpadChip *chip;
  const LpadContext *context;
  LpadDownload *download;
  LpadInventory *inventory;
  LpadProgress progress;
  gboolean hold;
} LpadWorkbench;

/**
 * LpadJob: a piece of work. It belongs to the main thread until lpad_worker_push(), to the worker's thread
 * until @run returns, and to the main thread again from then on: never to two at a time. Kinds of jobs embed
 * it as their first member.
 * @run: on the worker's thread
 * @done: on the main thread, once for each pushed job, also for one that never ran because the worker was
 * stopped: then
 * @error says so. The job is freed afterwards
 * @progress: (nullable): on the main thread, now and then while the job runs; only the newest report counts
 * @clear: (nullable): frees what the kind has added
 * @entry: (nullable): the record of the operation
 * @inventory: (out) (nullable): what the chip says now
 * @deliveries: (out) (nullable) (element-type LpadDelivery): notifications that were tried
 * @interrupted: (out) (nullable) (element-type LpadJournalEntry): see lpad_interruption_look()
 * @left: (out): a recipient that did not answer the last time was left for a try of its own
 * @segment_size: (out): what the reader was found to carry, 0: nothing new
 * @error: (out) (nullable): why the job failed
 */
typedef struct _LpadJob LpadJob;
typedef struct _LpadWorker LpadWorker;
struct _LpadJob
{
  void (*run) (LpadJob *job, LpadWorkbench *bench);
  void (*done) (LpadJob *job);
  void (*progress) (LpadJob *job, const char *stage, guint64 bytes_done, guint64 bytes_total);
  void (*clear) (LpadJob *job);
  LpadWorker *worker; /* set by lpad_worker_push() */
  gpointer user_data; /* of the main thread */
  gpointer keep;      /* a GObject of the main thread that outlives the job, or NULL */
  GCancellable *cancellable;
  LpadJournalEntry *entry;

  LpadInventory *inventory;
  GPtrArray *deliveries;
  GPtrArray *interrupted;
  gboolean left;
  guint segment_size;
  GError *error;
};

/** lpad_job_free: on the main thread. */
void lpad_job_free (LpadJob *job);

/** lpad_job_set_inventory: on the worker's thread: @inventory (taken over; NULL: nothing happens) is what the
 * chip says now. */
void lpad_job_set_inventory (LpadJob *job, LpadWorkbench *bench, LpadInventory *inventory);

/** lpad_job_begin: on the worker's thread: the step that @phase names is about to be taken; writes it down.
 */
void lpad_job_begin (LpadJob *job, LpadPhase phase);

/** lpad_job_reread: on the worker's thread: reads the chip again; a fault is the job's error unless it has
 * one. */
void lpad_job_reread (LpadJob *job, LpadWorkbench *bench);

/** lpad_job_may_enable: on the worker's thread: whether the profile with @iccid can be enabled, see
 * lpad_permit_enable_now(); if not, the job's error says why. */
gboolean lpad_job_may_enable (LpadJob *job, LpadWorkbench *bench, GBytes *iccid);

/** lpad_job_notify: on the worker's thread: delivers what is pending, as far as that is possible; what is not
 * is no failure of the job. */
void lpad_job_notify (LpadJob *job, LpadWorkbench *bench);

G_END_DECLS
