/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "worker.h"

#include <pthread.h>

#include "error-details.h"

/*
 * The thread of a card, and what its workers share. What both sides see is behind @lock: a POSIX mutex, and
 * not one of GLib, because ThreadSanitizer knows only those: with it, the hand-over of a job is seen to be
 * ordered.
 */
typedef struct
{
  /* of the main thread */
  GThread *thread;
  guint users; /* workers that have not been freed */

  pthread_mutex_t lock;
  pthread_cond_t wake;
  GQueue inbox;    /* LpadJob of all workers: waiting to run, in the order in which they came */
  GQueue stopping; /* LpadWorker: stopped, to be ended */
  guint living;    /* workers that have not ended */

  /* of the card's thread */
  LpadWorker *last; /* the one that had the last job; NULL: it has ended */
} CardThread;

struct _LpadWorker
{
  CardThread *card;

  /* of the main thread */
  LpadWorkerEndedFunc ended;
  gpointer ended_data;

  /* behind the card's lock */
  GQueue outbox; /* LpadJob: waiting to be told done */
  LpadError stop_reason;
  gboolean has_ended;
  gboolean dispatch_scheduled;
  LpadJob *progress_job; /* NULL: nothing new to report */
  const char *stage;
  guint64 bytes_done;
  guint64 bytes_total;

  /* of the card's thread */
  LpadJob *running;
  LpadWorkbench bench;
};

static void
card_thread_unref (CardThread *card)
{
  if (--card->users > 0)
    return;
  g_thread_join (card->thread);
  pthread_cond_destroy (&card->wake);
  pthread_mutex_destroy (&card->lock);
  g_free (card);
}

static void
free_worker (LpadWorker *worker)
{
  card_thread_unref (worker->card);
  worker->ended (worker->ended_data);
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

  pthread_mutex_lock (&worker->card->lock);
  worker->dispatch_scheduled = FALSE;
  progress_job = g_steal_pointer (&worker->progress_job);
  stage = worker->stage;
  bytes_done = worker->bytes_done;
  bytes_total = worker->bytes_total;
  while ((job = g_queue_pop_head (&worker->outbox)) != NULL)
    g_queue_push_tail (&finished, job);
  has_ended = worker->has_ended;
  pthread_mutex_unlock (&worker->card->lock);

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

  pthread_mutex_lock (&worker->card->lock);
  worker->progress_job = worker->running;
  worker->stage = stage;
  worker->bytes_done = bytes_done;
  worker->bytes_total = bytes_total;
  schedule_dispatch (worker);
  pthread_mutex_unlock (&worker->card->lock);
}

/* What is next: a worker to end, or else a job. */
static void
wait_for_work (CardThread *card, LpadWorker **stopped, LpadJob **job)
{
  pthread_mutex_lock (&card->lock);
  while (g_queue_is_empty (&card->stopping) && g_queue_is_empty (&card->inbox))
    pthread_cond_wait (&card->wake, &card->lock);
  *stopped = g_queue_pop_head (&card->stopping);
  *job = *stopped == NULL ? g_queue_pop_head (&card->inbox) : NULL;
  pthread_mutex_unlock (&card->lock);
}

/* A job may have left its channel open for the next one, and with it nobody else gets at the card. */
static void
take_turn (LpadWorker *worker)
{
  CardThread *card = worker->card;

  if (card->last != NULL && card->last != worker)
    lpad_chip_pause (card->last->bench.chip);
  card->last = worker;
}

static void
run_job (LpadWorker *worker, LpadJob *job)
{
  LpadWorkbench *bench = &worker->bench;
  guint segment_size = lpad_chip_segment_size (bench->chip);

  take_turn (worker);
  bench->hold = FALSE;
  worker->running = job;
  job->run (job, bench);
  worker->running = NULL;

  if (!bench->hold)
    (bench->download != NULL ? lpad_chip_pause : lpad_chip_close) (bench->chip);
  if (lpad_chip_segment_size (bench->chip) != segment_size)
    job->segment_size = lpad_chip_segment_size (bench->chip);

  pthread_mutex_lock (&worker->card->lock);
  g_queue_push_tail (&worker->outbox, job);
  schedule_dispatch (worker);
  pthread_mutex_unlock (&worker->card->lock);
}

/* With the lock held: those of its jobs that will not run. */
static void
return_jobs (LpadWorker *worker)
{
  GQueue others = G_QUEUE_INIT;
  LpadJob *job;

  while ((job = g_queue_pop_head (&worker->card->inbox)) != NULL)
    {
      if (job->worker != worker)
        {
          g_queue_push_tail (&others, job);
          continue;
        }
      g_set_error_literal (&job->error,
                           LPAD_ERROR,
                           worker->stop_reason,
                           worker->stop_reason == LPAD_ERROR_CARD_REMOVED ? "The card was removed."
                                                                          : "lpad is being stopped.");
      g_queue_push_tail (&worker->outbox, job);
    }
  worker->card->inbox = others;
}

/* Returns: whether there are other workers */
static gboolean
end_worker (LpadWorker *worker)
{
  CardThread *card = worker->card;
  gboolean go_on;

  take_turn (worker);
  card->last = NULL;
  g_clear_pointer (&worker->bench.download, lpad_download_free);
  g_clear_pointer (&worker->bench.inventory, lpad_inventory_unref);
  lpad_chip_free (worker->bench.chip);

  pthread_mutex_lock (&card->lock);
  return_jobs (worker);
  worker->has_ended = TRUE;
  go_on = --card->living > 0;
  schedule_dispatch (worker);
  pthread_mutex_unlock (&card->lock);
  return go_on;
}

static gpointer
card_thread (gpointer user_data)
{
  CardThread *card = user_data;
  gboolean go_on = TRUE;

  while (go_on)
    {
      LpadWorker *stopped;
      LpadJob *job;

      wait_for_work (card, &stopped, &job);
      if (stopped != NULL)
        go_on = end_worker (stopped);
      else
        run_job (job->worker, job);
    }
  return NULL;
}

static CardThread *
card_thread_new (void)
{
  CardThread *card = g_new0 (CardThread, 1);

  pthread_mutex_init (&card->lock, NULL);
  pthread_cond_init (&card->wake, NULL);
  g_queue_init (&card->inbox);
  g_queue_init (&card->stopping);
  return card;
}

LpadWorker *
lpad_worker_start (LpadWorker *beside,
                   const LpadChipConfig *config,
                   const LpadContext *context,
                   LpadWorkerEndedFunc ended,
                   gpointer user_data)
{
  LpadWorker *worker = g_new0 (LpadWorker, 1);
  CardThread *card = beside != NULL ? beside->card : card_thread_new ();

  worker->card = card;
  worker->ended = ended;
  worker->ended_data = user_data;
  g_queue_init (&worker->outbox);
  worker->bench.chip = lpad_chip_new (config);
  worker->bench.context = context;
  worker->bench.progress.func = on_progress;
  worker->bench.progress.user_data = worker;

  card->users++;
  pthread_mutex_lock (&card->lock);
  card->living++;
  pthread_mutex_unlock (&card->lock);
  if (beside == NULL)
    card->thread = g_thread_new ("lpad-card", card_thread, card);
  return worker;
}

void
lpad_worker_push (LpadWorker *worker, LpadJob *job)
{
  g_return_if_fail (worker != NULL && job != NULL && job->run != NULL && job->done != NULL);

  job->worker = worker;
  pthread_mutex_lock (&worker->card->lock);
  g_queue_push_tail (&worker->card->inbox, job);
  pthread_cond_signal (&worker->card->wake);
  pthread_mutex_unlock (&worker->card->lock);
}

void
lpad_worker_stop (LpadWorker *worker, LpadError reason)
{
  g_return_if_fail (worker != NULL);

  pthread_mutex_lock (&worker->card->lock);
  worker->stop_reason = reason;
  g_queue_push_tail (&worker->card->stopping, worker);
  pthread_cond_signal (&worker->card->wake);
  pthread_mutex_unlock (&worker->card->lock);
}
