/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "provisioning-jobs.h"

#include "error-details.h"
#include "switch.h"

typedef struct
{
  LpadJob job;
  GBytes *iccid;
  LpadJournalEntry *record;
} EnableJob;

typedef struct
{
  LpadJob job;
  char *address;
} TryJob;

typedef struct
{
  LpadJob job;
  gboolean notify;
} LookJob;

typedef struct
{
  LpadJob job;
  LpadStateCommand command;
  GBytes *iccid;
} UndoJob;

/* Without a record that survives, nobody would know after a power cut what to go back to. */
static gboolean
write_record (EnableJob *self)
{
  lpad_journal_entry_begin (self->record, LPAD_PHASE_CHANGING);
  if (self->record->path == NULL || self->record->written)
    return TRUE;
  g_set_error_literal (&self->job.error,
                       LPAD_ERROR,
                       LPAD_ERROR_FAILED,
                       "What is in use now cannot be written down, so no other profile is enabled for the "
                       "time of the download.");
  lpad_error_details (self->job.error)->order = LPAD_ORDER_USABLE;
  lpad_error_details (self->job.error)->advice = "Make room in the file system with lpad's state.";
  return FALSE;
}

static void
run_enable (LpadJob *job, LpadWorkbench *bench)
{
  EnableJob *self = (EnableJob *) job;
  LpadInventory *after = NULL;
  gboolean enabled;

  lpad_progress_report (&bench->progress, "provisioning", 0, 0);
  enabled = lpad_job_may_enable (job, bench, self->iccid) && write_record (self)
            && lpad_switch_enable (bench->chip,
                                   bench->inventory,
                                   self->iccid,
                                   LPAD_REFRESH_EITHER,
                                   &after,
                                   job->cancellable,
                                   &job->error);
  if (!enabled)
    {
      lpad_error_wrap (&job->error, "The provisioning profile could not be enabled");
      lpad_error_details (job->error)->order = LPAD_ORDER_USABLE;
    }
  lpad_job_set_inventory (job, bench, after);
}

static void
clear_enable (LpadJob *job)
{
  g_bytes_unref (((EnableJob *) job)->iccid);
}

LpadJob *
lpad_provisioning_enable_job_new (GBytes *iccid, LpadJournalEntry *record)
{
  EnableJob *self = g_new0 (EnableJob, 1);

  self->job.run = run_enable;
  self->job.clear = clear_enable;
  self->iccid = g_bytes_ref (iccid);
  self->record = record;
  return &self->job;
}

static void
run_try (LpadJob *job, LpadWorkbench *bench)
{
  lpad_progress_report (&bench->progress, "waiting-for-server", 0, 0);
  if (!lpad_context_reach (
          bench->context, ((TryJob *) job)->address, bench->inventory->info, job->cancellable, &job->error))
    g_debug ("The server is not there yet: %s", job->error->message);
}

static void
clear_try (LpadJob *job)
{
  g_free (((TryJob *) job)->address);
}

LpadJob *
lpad_provisioning_try_job_new (const char *address)
{
  TryJob *self = g_new0 (TryJob, 1);

  self->job.run = run_try;
  self->job.clear = clear_try;
  self->address = g_strdup (address);
  return &self->job;
}

static void
run_look (LpadJob *job, LpadWorkbench *bench)
{
  lpad_job_reread (job, bench);
  if (job->error == NULL && ((LookJob *) job)->notify)
    lpad_job_notify (job, bench);
}

LpadJob *
lpad_provisioning_look_job_new (gboolean notify)
{
  LookJob *self = g_new0 (LookJob, 1);

  self->job.run = run_look;
  self->notify = notify;
  return &self->job;
}

static void
run_undo (LpadJob *job, LpadWorkbench *bench)
{
  UndoJob *self = (UndoJob *) job;
  LpadInventory *after = NULL;

  lpad_progress_report (&bench->progress, "returning", 0, 0);
  if (!(self->command == LPAD_STATE_COMMAND_ENABLE ? lpad_switch_enable : lpad_switch_disable) (
          bench->chip, bench->inventory, self->iccid, LPAD_REFRESH_EITHER, &after, NULL, &job->error))
    g_debug ("Going back: %s", job->error->message);
  lpad_job_set_inventory (job, bench, after);
}

static void
clear_undo (LpadJob *job)
{
  g_bytes_unref (((UndoJob *) job)->iccid);
}

LpadJob *
lpad_provisioning_undo_job_new (LpadStateCommand command, GBytes *iccid)
{
  UndoJob *self = g_new0 (UndoJob, 1);

  self->job.run = run_undo;
  self->job.clear = clear_undo;
  self->command = command;
  self->iccid = g_bytes_ref (iccid);
  return &self->job;
}
