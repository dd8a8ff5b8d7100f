/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "switch-op.h"

#include <string.h>

#include "error-details.h"
#include "interruption.h"
#include "interruptions.h"
#include "options.h"
#include "switch.h"
#include "text.h"

typedef struct
{
  LpadSwitch what;
  GBytes *iccid;
  LpadRefresh refresh;
  GError *error;
} SwitchOp;

typedef struct
{
  LpadJob job;
  LpadSwitch what;
  GBytes *iccid;
  LpadRefresh refresh;
} SwitchJob;

static void start_switch (LpadOperation *operation);

static const LpadStage enable_stages[]
    = { { "enabling", 0.0, 0.6, FALSE }, { "notifying", 0.6, 1.0, TRUE }, { NULL, 0, 0, FALSE } };
static const LpadStage disable_stages[]
    = { { "disabling", 0.0, 0.6, FALSE }, { "notifying", 0.6, 1.0, TRUE }, { NULL, 0, 0, FALSE } };
static const LpadStage delete_stages[]
    = { { "deleting", 0.0, 0.5, FALSE }, { "notifying", 0.5, 1.0, TRUE }, { NULL, 0, 0, FALSE } };

/* Indexed by LpadSwitch */
static const LpadOperationKind kinds[] = {
  { .name = "enable", .stages = enable_stages, .switching = TRUE, .start = start_switch },
  { .name = "disable", .stages = disable_stages, .switching = TRUE, .start = start_switch },
  { .name = "delete", .stages = delete_stages, .start = start_switch },
};

static void
switch_op_free (gpointer data)
{
  SwitchOp *self = data;

  g_bytes_unref (self->iccid);
  g_clear_error (&self->error);
  g_free (self);
}

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
  lpad_operation_finish (operation, self->error, self->iccid);
}

static void
clear_switch_job (LpadJob *job)
{
  g_bytes_unref (((SwitchJob *) job)->iccid);
}

static void
switch_job (LpadJob *job, LpadWorkbench *bench)
{
  SwitchJob *self = (SwitchJob *) job;
  LpadInventory *after = NULL;

  lpad_job_begin (job, LPAD_PHASE_CHANGING);
  switch (self->what)
    {
    case LPAD_SWITCH_ENABLE:
      lpad_progress_report (&bench->progress, "enabling", 0, 0);
      if (!lpad_job_may_enable (job, bench, self->iccid))
        g_debug ("Enabling is not permitted: %s", job->error->message);
      else if (!lpad_switch_enable (bench->chip,
                                    bench->inventory,
                                    self->iccid,
                                    self->refresh,
                                    &after,
                                    job->cancellable,
                                    &job->error))
        g_debug ("Enabling: %s", job->error->message);
      break;
    case LPAD_SWITCH_DISABLE:
      lpad_progress_report (&bench->progress, "disabling", 0, 0);
      if (!lpad_switch_disable (bench->chip,
                                bench->inventory,
                                self->iccid,
                                self->refresh,
                                &after,
                                job->cancellable,
                                &job->error))
        g_debug ("Disabling: %s", job->error->message);
      break;
    case LPAD_SWITCH_DELETE:
    default:
      lpad_progress_report (&bench->progress, "deleting", 0, 0);
      if (!lpad_switch_delete (
              bench->chip, bench->inventory, self->iccid, &after, job->cancellable, &job->error))
        g_debug ("Deleting: %s", job->error->message);
      break;
    }
  lpad_job_set_inventory (job, bench, after);
  if (job->entry != NULL && (after != NULL || !lpad_interruption_may_be_lost (job->error)))
    lpad_interruption_settle (job->entry, bench->inventory);
  /* The notifications follow on the same channel, once the bus has been told of the switch. */
  bench->hold = after != NULL && after->notifications->len > 0;
}

static void
on_switched (LpadJob *job)
{
  LpadOperation *operation = lpad_operation_of_job (job);
  SwitchOp *self = lpad_operation_data (operation);
  LpadJob *next;

  lpad_operation_take (operation, job);
  lpad_euicc_flush (lpad_operation_euicc (operation));
  self->error = g_steal_pointer (&job->error);
  if (job->inventory == NULL || job->inventory->notifications->len == 0)
    {
      lpad_operation_finish (operation, self->error, self->iccid);
      return;
    }
  next = g_new0 (LpadJob, 1);
  next->run = notify_job;
  next->done = on_notified;
  lpad_operation_push (operation, next);
}

static void
start_switch (LpadOperation *operation)
{
  SwitchOp *self = lpad_operation_data (operation);
  LpadInterruptions *interruptions = lpad_euicc_interruptions (lpad_operation_euicc (operation));
  LpadJournalEntry *record = lpad_operation_record (operation);
  SwitchJob *job = g_new0 (SwitchJob, 1);

  lpad_journal_entry_set_profile (record, self->iccid);
  if (interruptions != NULL)
    lpad_interruptions_supersede (interruptions, record);
  job->job.run = switch_job;
  job->job.done = on_switched;
  job->job.clear = clear_switch_job;
  job->what = self->what;
  job->iccid = g_bytes_ref (self->iccid);
  job->refresh = self->refresh;
  lpad_operation_push (operation, &job->job);
}

LpadOperation *
lpad_switch_op_start (LpadEuicc *euicc,
                      LpadSwitch what,
                      GBytes *iccid,
                      GVariant *options,
                      const char *sender,
                      GError **error)
{
  gboolean refresh = FALSE, refresh_given = FALSE;
  const LpadOption table[] = { { "refresh", "b", &refresh, &refresh_given } };
  SwitchOp *self;

  if (!lpad_options_read (options, table, what == LPAD_SWITCH_DELETE ? 0 : G_N_ELEMENTS (table), error))
    return NULL;
  self = g_new0 (SwitchOp, 1);
  self->what = what;
  self->iccid = g_bytes_ref (iccid);
  self->refresh = LPAD_REFRESH_EITHER;
  if (refresh_given)
    self->refresh = refresh ? LPAD_REFRESH_ALWAYS : LPAD_REFRESH_NEVER;
  return lpad_operation_start (euicc, &kinds[what], sender, self, switch_op_free, error);
}

gboolean
lpad_switch_check_nickname (const char *nickname, GError **error)
{
  if (strlen (nickname) <= LPAD_NICKNAME_MAX && lpad_text_is_clean (nickname, LPAD_NICKNAME_MAX))
    return TRUE;
  g_set_error (error,
               LPAD_ERROR,
               LPAD_ERROR_INVALID_ARGUMENTS,
               "A nickname has at most %d octets of UTF-8, without control characters.",
               LPAD_NICKNAME_MAX);
  return FALSE;
}
