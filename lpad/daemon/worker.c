/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "worker.h"

#include <pthread.h>

#include "error-details.h"

/*
 * What both threads see is behind @lock. It is a POSIX mutex, and not one of GLib, because ThreadSanitizer
 * knows only those: with it, the hand-over of a job is seen to be ordered.
 */
struct _LpadWorker
{
  /* of the main thread */
  GThread *thread;
  LpadWorkerEndedFunc ended;
  gpointer ended_data;

  pthread_mutex_t lock;
  pthread_cond_t wake;
  GQueue inbox;  /* LpadJob: waiting to run */
  GQueue outbox; /* LpadJob: waiting to be told done */
  gboolean stopped;
  LpadError stop_reason;
  gboolean has_ended;
  gboolean dispatch_scheduled;
  LpadJob *progress_job; /* NULL: nothing new to report */
  const char *stage;
  guint64 bytes_done;
  guint64 bytes_total;

  /* of the worker's thread */
  LpadJob *running;
  LpadWorkbench bench;
};

static void
free_worker (LpadWorker *worker)
{
  g_thread_join (worker->thread);
  worker->ended (worker->ended_data);
  pthread_cond_destroy (&worker->wake);
  pthread_mutex_destroy (&worker->lock);
  g_free (worker);
}

/* Main thread: brings what the worker's thread has put out. */
static gboolean
dispatch (gpointer user_data)
{
  LpadWorker *worker = user_data;
  GQueue finished = G_QUEUE_INIT;
  LpadJob *progress_job;
  LpadJob *job;
  const char *stage;
  guint64 bytes_done, bytes_total;
  gboolean has_ended;

  pthread_mutex_lock (&worker->lock);
  worker->dispatch_scheduled = FALSE;
  progress_job = g_steal_pointer (&worker->progress_job);
  stage = worker->stage;
  bytes_done = worker->bytes_done;
  bytes_total = worker->bytes_total;
  while ((job = g_queue_pop_head (&worker->outbox)) != NULL)
    g_queue_push_tail (&finished, job);
  has_ended = worker->has_ended;
  pthread_mutex_unlock (&worker->lock);

  /* A job with news is either still running, or it is among the finished: it exists. */
  if (progress_job != NULL && progress_job->progress != NULL)
    progress_job->progress (progress_job, stage, bytes_done, bytes_total);
  while ((job = g_queue_pop_head (&finished)) != NULL)
    {
      job->done (job);
      lpad_job_free (job);
    }
  if (has_ended)
    free_worker (worker);
  return G_SOURCE_REMOVE;
}

/* With the lock held. Nothing is scheduled after the thread has ended, so the last dispatch may free the
 * worker. */
static void
schedule_dispatch (LpadWorker *worker)
{
  if (worker->dispatch_scheduled)
    return;
  worker->dispatch_scheduled = TRUE;
  g_idle_add_full (G_PRIORITY_DEFAULT, dispatch, worker, NULL);
}

static void
on_progress (const char *stage, guint64 bytes_done, guint64 bytes_total, gpointer user_data)
{
  LpadWorker *worker = user_data;

  pthread_mutex_lock (&worker->lock);
  worker->progress_job = worker->running;
  worker->stage = stage;
  worker->bytes_done = bytes_done;
  worker->bytes_total = bytes_total;
  schedule_dispatch (worker);
  pthread_mutex_unlock (&worker->lock);
}

/* The next job, or NULL when the worker was stopped. */
static LpadJob *
wait_for_job (LpadWorker *worker)
{
  LpadJob *job;

  pthread_mutex_lock (&worker->lock);
  while (!worker->stopped && g_queue_is_empty (&worker->inbox))
    pthread_cond_wait (&worker->wake, &worker->lock);
  job = worker->stopped ? NULL : g_queue_pop_head (&worker->inbox);
  pthread_mutex_unlock (&worker->lock);
  return job;
}

static void
run_job (LpadWorker *worker, LpadJob *job)
{
  LpadWorkbench *bench = &worker->bench;
  guint segment_size = lpad_chip_segment_size (bench->chip);

  bench->hold = FALSE;
  worker->running = job;
  job->run (job, bench);
  worker->running = NULL;

  if (!bench->hold)
    (bench->download != NULL ? lpad_chip_pause : lpad_chip_close) (bench->chip);
  if (lpad_chip_segment_size (bench->chip) != segment_size)
    job->segment_size = lpad_chip_segment_size (bench->chip);

  pthread_mutex_lock (&worker->lock);
  g_queue_push_tail (&worker->outbox, job);
  schedule_dispatch (worker);
  pthread_mutex_unlock (&worker->lock);
}

static void
end_thread (LpadWorker *worker)
{
  LpadJob *job;

  g_clear_pointer (&worker->bench.download, lpad_download_free);
  g_clear_pointer (&worker->bench.inventory, lpad_inventory_unref);
  lpad_chip_free (worker->bench.chip);

  pthread_mutex_lock (&worker->lock);
  while ((job = g_queue_pop_head (&worker->inbox)) != NULL)
    {
      g_set_error_literal (&job->error,
                           LPAD_ERROR,
                           worker->stop_reason,
                           worker->stop_reason == LPAD_ERROR_CARD_REMOVED ? "The card was removed."
                                                                          : "lpad is being stopped.");
      g_queue_push_tail (&worker->outbox, job);
    }
  worker->has_ended = TRUE;
  schedule_dispatch (worker);
  pthread_mutex_unlock (&worker->lock);
}

static gpointer
worker_thread (gpointer user_data)
{
  LpadWorker *worker = user_data;
  LpadJob *job;

  while ((job = wait_for_job (worker)) != NULL)
    run_job (worker, job);
  end_thread (worker);
  return NULL;
}

LpadWorker *
lpad_worker_start (const LpadChipConfig *config,
                   const LpadContext *context,
                   LpadWorkerEndedFunc ended,
                   gpointer user_data)
{
  LpadWorker *worker = g_new0 (LpadWorker, 1);

  worker->ended = ended;
  worker->ended_data = user_data;
  pthread_mutex_init (&worker->lock, NULL);
  pthread_cond_init (&worker->wake, NULL);
  g_queue_init (&worker->inbox);
  g_queue_init (&worker->outbox);
  worker->bench.chip = lpad_chip_new (config);
  worker->bench.context = context;
  worker->bench.progress.func = on_progress;
  worker->bench.progress.user_data = worker;
  worker->thread = g_thread_new ("lpad-chip", worker_thread, worker);
  return worker;
}

void
lpad_worker_push (LpadWorker *worker, LpadJob *job)
{
  g_return_if_fail (worker != NULL && job != NULL && job->run != NULL && job->done != NULL);

  pthread_mutex_lock (&worker->lock);
  g_queue_push_tail (&worker->inbox, job);
  pthread_cond_signal (&worker->wake);
  pthread_mutex_unlock (&worker->lock);
}

void
lpad_worker_stop (LpadWorker *worker, LpadError reason)
{
  g_return_if_fail (worker != NULL);

  pthread_mutex_lock (&worker->lock);
  worker->stopped = TRUE;
  worker->stop_reason = reason;
  pthread_cond_signal (&worker->wake);
  pthread_mutex_unlock (&worker->lock);
}
