/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "switch-op.h"

#include "changeover.h"
#include "error-details.h"
#include "interruption.h"
#include "interruptions.h"
#include "options.h"
#include "switch.h"

typedef struct
{
  LpadSwitch what;
  LpadChangeoverWish wish;
  GError *error;
} SwitchOp;

typedef struct
{
  LpadJob job;
  GBytes *iccid;
} DeleteJob;

static void start_switch (LpadOperation *operation);
static void start_delete (LpadOperation *operation);

static const LpadStage enable_stages[] = {
  { "enabling", 0.0, 0.4, FALSE },   { "refreshing", 0.4, 0.6, FALSE },
  { "notifying", 0.6, 0.7, TRUE },   { "registering", 0.7, 1.0, FALSE },
  { "confirming", 0.7, 1.0, FALSE }, { "returning", 0.7, 1.0, FALSE },
  { "disabling", 0.7, 1.0, FALSE },  { NULL, 0, 0, FALSE },
};
static const LpadStage disable_stages[] = { { "disabling", 0.0, 0.4, FALSE },
                                            { "refreshing", 0.4, 0.6, FALSE },
                                            { "notifying", 0.6, 1.0, TRUE },
                                            { NULL, 0, 0, FALSE } };
static const LpadStage delete_stages[]
    = { { "deleting", 0.0, 0.5, FALSE }, { "notifying", 0.5, 1.0, TRUE }, { NULL, 0, 0, FALSE } };

/* Indexed by LpadSwitch */
static const LpadOperationKind kinds[] = {
  { .name = "enable", .stages = enable_stages, .switching = TRUE, .start = start_switch },
  { .name = "disable", .stages = disable_stages, .switching = TRUE, .start = start_switch },
  { .name = "delete", .stages = delete_stages, .start = start_delete },
};

static void
switch_op_free (gpointer data)
{
  SwitchOp *self = data;

  g_bytes_unref (self->wish.iccid);
  g_clear_error (&self->error);
  g_free (self);
}

/* The record of @operation, which begins anew what was interrupted. */
static void
begin_record (LpadOperation *operation)
{
  SwitchOp *self = lpad_operation_data (operation);
  LpadInterruptions *interruptions = lpad_euicc_interruptions (lpad_operation_euicc (operation));
  LpadJournalEntry *record = lpad_operation_record (operation);

  lpad_journal_entry_set_profile (record, self->wish.iccid);
  if (interruptions != NULL)
    lpad_interruptions_supersede (interruptions, record);
}

/* Enabling and disabling */

static void
on_changed (LpadOperation *operation, GError *error)
{
  SwitchOp *self = lpad_operation_data (operation);

  self->error = error;
  lpad_operation_finish (operation, self->error, self->wish.iccid);
}

static void
start_switch (LpadOperation *operation)
{
  SwitchOp *self = lpad_operation_data (operation);

  begin_record (operation);
  lpad_changeover_start (operation, &self->wish, on_changed);
}

/* Deleting */

static void
notify_job (LpadJob *job, LpadWorkbench *bench)
{
  lpad_job_notify (job, bench);
}

static void
on_notified (LpadJob *job)
{
  LpadOperation *operation = lpad_operation_of_job (job);
  SwitchOp *self = lpad_operation_data (operation);

  lpad_operation_take (operation, job);
  lpad_operation_finish (operation, self->error, self->wish.iccid);
}

static void
clear_delete_job (LpadJob *job)
{
  g_bytes_unref (((DeleteJob *) job)->iccid);
}

static void
delete_job (LpadJob *job, LpadWorkbench *bench)
{
  DeleteJob *self = (DeleteJob *) job;
  LpadInventory *after = NULL;

  lpad_job_begin (job, LPAD_PHASE_CHANGING);
  lpad_progress_report (&bench->progress, "deleting", 0, 0);
  if (!lpad_switch_delete (bench->chip, bench->inventory, self->iccid, &after, job->cancellable, &job->error))
    g_debug ("Deleting: %s", job->error->message);
  lpad_interruption_note_change (job, bench, after);
}

static void
on_deleted (LpadJob *job)
{
  LpadOperation *operation = lpad_operation_of_job (job);
  SwitchOp *self = lpad_operation_data (operation);
  LpadJob *next;

  lpad_operation_take (operation, job);
  lpad_euicc_flush (lpad_operation_euicc (operation));
  self->error = g_steal_pointer (&job->error);
  if (job->inventory == NULL || job->inventory->notifications->len == 0)
    {
      lpad_operation_finish (operation, self->error, self->wish.iccid);
      return;
    }
  next = g_new0 (LpadJob, 1);
  next->run = notify_job;
  next->done = on_notified;
  lpad_operation_push (operation, next);
}

static void
start_delete (LpadOperation *operation)
{
  SwitchOp *self = lpad_operation_data (operation);
  DeleteJob *job = g_new0 (DeleteJob, 1);

  begin_record (operation);
  job->job.run = delete_job;
  job->job.done = on_deleted;
  job->job.clear = clear_delete_job;
  job->iccid = g_bytes_ref (self->wish.iccid);
  lpad_operation_push (operation, &job->job);
}

static gboolean
read_options (SwitchOp *self, GVariant *options, GError **error)
{
  gboolean refresh = FALSE, refresh_given = FALSE;
  const LpadOption table[] = {
    { "refresh", "b", &refresh, &refresh_given },
    { "rollback-timeout", "u", &self->wish.trial_s, &self->wish.trial_given },
  };
  static const gsize known[]
      = { [LPAD_SWITCH_ENABLE] = 2, [LPAD_SWITCH_DISABLE] = 1, [LPAD_SWITCH_DELETE] = 0 };

  if (!lpad_options_read (options, table, known[self->what], error)
      || !lpad_changeover_check_trial (self->wish.trial_s, error))
    return FALSE;
  self->wish.refresh = LPAD_REFRESH_EITHER;
  if (refresh_given)
    self->wish.refresh = refresh ? LPAD_REFRESH_ALWAYS : LPAD_REFRESH_NEVER;
  return TRUE;
}

LpadOperation *
lpad_switch_op_start (LpadEuicc *euicc,
                      LpadSwitch what,
                      GBytes *iccid,
                      GVariant *options,
                      const char *sender,
                      GError **error)
{
  SwitchOp *self = g_new0 (SwitchOp, 1);

  self->what = what;
  self->wish.command = what == LPAD_SWITCH_ENABLE ? LPAD_STATE_COMMAND_ENABLE : LPAD_STATE_COMMAND_DISABLE;
  self->wish.iccid = g_bytes_ref (iccid);
  self->wish.phase = LPAD_PHASE_CHANGING;
  if (read_options (self, options, error))
    return lpad_operation_start (euicc, &kinds[what], sender, self, switch_op_free, error);
  switch_op_free (self);
  return NULL;
}
