/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "switching.h"

#include "interruption.h"
#include "switch.h"

typedef struct
{
  LpadSwitchingWish wish;
  LpadSwitchingFunc done;
  gpointer user_data;
} Switching;

typedef struct
{
  LpadJob job;
  Switching *switching;
} CommandJob;

static void
switching_free (Switching *self)
{
  g_bytes_unref (self->wish.iccid);
  g_free (self);
}

/* The end: what the bus has not been told is told now, unless the device does not serve it. */
static void
finish (Switching *self, LpadOperation *operation, GError *error)
{
  lpad_euicc_end_switch (lpad_operation_euicc (operation), error == NULL);
  self->done (operation, error, self->user_data);
  switching_free (self);
}

static void
run_command (LpadJob *job, LpadWorkbench *bench)
{
  const LpadSwitchingWish *wish = &((CommandJob *) job)->switching->wish;
  gboolean enables = wish->command == LPAD_STATE_COMMAND_ENABLE;
  LpadInventory *after = NULL;
  gboolean permitted;

  lpad_progress_report (&bench->progress, enables ? "enabling" : "disabling", 0, 0);
  permitted = !enables || lpad_job_may_enable (job, bench, wish->iccid);
  if (permitted)
    {
      lpad_job_begin (job, wish->phase);
      if (!(enables ? lpad_switch_enable : lpad_switch_disable) (bench->chip,
                                                                 bench->inventory,
                                                                 wish->iccid,
                                                                 wish->refresh,
                                                                 &after,
                                                                 job->cancellable,
                                                                 &job->error))
        g_debug ("Switching: %s", job->error->message);
    }
  lpad_job_set_inventory (job, bench, after);
  if (job->entry != NULL && (after != NULL || !permitted || !lpad_interruption_may_be_lost (job->error)))
    lpad_interruption_settle (job->entry, bench->inventory);
  /* The notifications follow on the same channel, once the bus has been told of the switch. */
  bench->hold = after != NULL && after->notifications->len > 0;
}

static void
on_command_done (LpadJob *job)
{
  Switching *self = ((CommandJob *) job)->switching;
  LpadOperation *operation = lpad_operation_of_job (job);

  lpad_operation_take (operation, job);
  finish (self, operation, g_steal_pointer (&job->error));
}

void
lpad_switching_start (LpadOperation *operation,
                      const LpadSwitchingWish *wish,
                      LpadSwitchingFunc done,
                      gpointer user_data)
{
  Switching *self = g_new0 (Switching, 1);
  CommandJob *job = g_new0 (CommandJob, 1);

  self->wish = *wish;
  g_bytes_ref (self->wish.iccid);
  self->done = done;
  self->user_data = user_data;
  lpad_euicc_begin_switch (lpad_operation_euicc (operation));
  job->job.run = run_command;
  job->job.done = on_command_done;
  job->switching = self;
  lpad_operation_push (operation, &job->job);
}
