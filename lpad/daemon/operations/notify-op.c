/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "notify-op.h"

#include "error-details.h"
#include "options.h"

typedef struct
{
  GArray *wanted; /* NULL: all */
  GPtrArray *silent;
  gboolean by_itself; /* lpad's own attempt */
} NotifyOp;

typedef struct
{
  LpadJob job;
  GArray *wanted;
  GPtrArray *silent;
} NotifyJob;

static void start_notify (LpadOperation *operation);

static const LpadStage stages[] = { { "notifying", 0.0, 1.0, TRUE }, { NULL, 0, 0, FALSE } };
static const LpadOperationKind kind
    = { .name = "send-notifications", .stages = stages, .start = start_notify };

static void
notify_job (LpadJob *job, LpadWorkbench *bench)
{
  NotifyJob *self = (NotifyJob *) job;

  for (guint i = 0; self->silent != NULL && i < self->silent->len; i++)
    g_hash_table_add (lpad_chip_silent_servers (bench->chip),
                      lpad_notify_recipient (g_ptr_array_index (self->silent, i)));
  lpad_progress_report (&bench->progress, "notifying", 0, 0);
  if (!lpad_notify_send (bench->chip,
                         bench->context,
                         bench->inventory->info,
                         self->wanted,
                         NULL,
                         &job->deliveries,
                         job->cancellable,
                         &job->error))
    g_debug ("Sending notifications: %s", job->error->message);
  lpad_job_reread (job, bench);
}

static void
clear_notify_job (LpadJob *job)
{
  NotifyJob *self = (NotifyJob *) job;

  g_clear_pointer (&self->wanted, g_array_unref);
  g_clear_pointer (&self->silent, g_ptr_array_unref);
}

static void
notify_op_free (gpointer data)
{
  NotifyOp *self = data;

  g_clear_pointer (&self->wanted, g_array_unref);
  g_clear_pointer (&self->silent, g_ptr_array_unref);
  g_free (self);
}

/* The first notification that was not delivered makes the error of the whole. */
static GError *
first_failure (GPtrArray *deliveries)
{
  guint failed = 0;
  const GError *first = NULL;
  GError *error;

  for (guint i = 0; deliveries != NULL && i < deliveries->len; i++)
    {
      const LpadDelivery *delivery = g_ptr_array_index (deliveries, i);

      if (delivery->error == NULL)
        continue;
      first = first != NULL ? first : delivery->error;
      failed++;
    }
  if (first == NULL)
    return NULL;
  error = g_error_copy (first);
  lpad_error_wrap (&error, "%u of %u notifications could not be delivered", failed, deliveries->len);
  return error;
}

static void
on_notified (LpadJob *job)
{
  LpadOperation *operation = lpad_operation_of_job (job);
  NotifyOp *self = lpad_operation_data (operation);
  g_autoptr (GError) error = g_steal_pointer (&job->error);

  lpad_operation_take (operation, job);
  if (error == NULL && !self->by_itself)
    error = first_failure (job->deliveries);
  lpad_operation_finish (operation, error, NULL);
}

static void
start_notify (LpadOperation *operation)
{
  NotifyOp *self = lpad_operation_data (operation);
  NotifyJob *job = g_new0 (NotifyJob, 1);

  job->job.run = notify_job;
  job->job.done = on_notified;
  job->job.clear = clear_notify_job;
  job->wanted = g_steal_pointer (&self->wanted);
  job->silent = g_steal_pointer (&self->silent);
  lpad_operation_push (operation, &job->job);
}

LpadOperation *
lpad_notify_op_start (LpadEuicc *euicc,
                      const guint64 *only,
                      GVariant *options,
                      const char *sender,
                      GError **error)
{
  NotifyOp *self;

  if (!lpad_options_none (options, error))
    return NULL;
  self = g_new0 (NotifyOp, 1);
  if (only != NULL)
    {
      self->wanted = g_array_new (FALSE, FALSE, sizeof (guint64));
      g_array_append_val (self->wanted, *only);
    }
  return lpad_operation_start (euicc, &kind, sender, self, notify_op_free, error);
}

LpadOperation *
lpad_notify_op_start_own (LpadEuicc *euicc, GArray *wanted, GPtrArray *silent, GError **error)
{
  NotifyOp *self = g_new0 (NotifyOp, 1);

  self->wanted = g_array_ref (wanted);
  self->silent = silent;
  self->by_itself = TRUE;
  return lpad_operation_start (euicc, &kind, NULL, self, notify_op_free, error);
}
