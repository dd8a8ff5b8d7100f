/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "switching.h"

#include "error-details.h"
#include "identifiers.h"
#include "interruption.h"
#include "nm-calls.h"
#include "serving.h"
#include "switch.h"

typedef struct
{
  LpadSwitchingWish wish;
  LpadOperation *operation; /* lives longer */
  LpadServing *serving;     /* NULL: no modem serves the chip */
  GError *error;            /* why nobody knows whether the chip has heard */
  LpadServingEnd end;       /* what the modem has made of it */
  LpadSwitchingFunc done;
  gpointer user_data;
} Switching;

typedef struct
{
  LpadJob job;
  Switching *switching;
  LpadSwitchSent sent;
} CommandJob;

static void read_chip (Switching *self, void (*done) (LpadJob *job));

static char *
enabled_iccid (Switching *self)
{
  const LpadInventory *inventory = lpad_euicc_inventory (lpad_operation_euicc (self->operation));

  for (guint i = 0; i < inventory->profiles->len; i++)
    {
      const LpadProfile *profile = inventory->profiles->pdata[i];
      gsize size;
      const guint8 *data = g_bytes_get_data (profile->iccid, &size);

      if (profile->state == LPAD_PROFILE_ENABLED)
        return lpad_iccid_to_string (data, size);
    }
  return g_strdup ("");
}

/* The end: what the bus has not been told is told now, unless the device does not serve it. */
static void
finish (Switching *self, GError *error)
{
  LpadEuicc *euicc = lpad_operation_euicc (self->operation);
  g_autofree char *enabled = enabled_iccid (self);

  lpad_nm_end (euicc, enabled);
  lpad_euicc_end_switch (euicc, error == NULL);
  self->done (self->operation, error, self->user_data);
  lpad_serving_free (self->serving);
  g_clear_error (&self->error);
  g_bytes_unref (self->wish.iccid);
  g_free (self);
}

/* @wish: "": none will be enabled */
static char *
wished_iccid (const LpadSwitchingWish *wish)
{
  gsize size;
  const guint8 *data = g_bytes_get_data (wish->iccid, &size);

  return wish->command == LPAD_STATE_COMMAND_ENABLE ? lpad_iccid_to_string (data, size) : g_strdup ("");
}

/* In a modem: the command, what the modem does with it, the truth. */

/* Why the modem still serves what it did. @readable: the chip says what it was told to; otherwise it waits
 * for a reset */
static GError *
new_refresh_error (const Switching *self, gboolean readable)
{
  gboolean enables = self->wish.command == LPAD_STATE_COMMAND_ENABLE;
  gboolean held_up = self->end == LPAD_SERVING_HELD_UP;
  const char *chip
      = enables ? "The chip has enabled the profile, but" : "The chip has disabled the profile, but";
  GError *error = NULL;

  if (!readable)
    chip = "The chip has accepted the command and cannot be read, and";
  g_set_error (&error,
               LPAD_ERROR,
               LPAD_ERROR_REFRESH_FAILED,
               "%s the modem %s the profile, %s",
               chip,
               enables ? "does not serve" : "goes on with",
               held_up ? "because what would help would cut off a download that is running"
                       : "whatever lpad did");
  lpad_error_details (error)->advice
      = held_up ? "Try again when the download has ended, or restart the device." : "Restart the device.";
  lpad_error_details (error)->retry = LPAD_RETRY_LATER;
  return error;
}

/* What the modem shows has been seen, and now what the chip says. */
static void
on_chip_read (LpadJob *job)
{
  Switching *self = ((CommandJob *) job)->switching;
  gboolean readable = job->inventory != NULL, served = self->end == LPAD_SERVING_DONE;
  GError *error = g_steal_pointer (&job->error);
  g_autofree char *enabled = NULL;

  lpad_operation_take (self->operation, job);
  if (error == NULL && served)
    {
      finish (self, NULL);
      return;
    }
  /* Some chips answer nothing but errors until they are reset. */
  if (!readable && served && lpad_serving_insist (self->serving))
    {
      g_clear_error (&error);
      return;
    }
  enabled = enabled_iccid (self);
  lpad_serving_describe (self->serving);
  if (readable)
    lpad_operation_add_result (self->operation, "chip-iccid", g_variant_new_string (enabled));
  /* A chip that says that nothing has changed says all that there is to say. */
  if (!served && (error == NULL || !readable))
    {
      g_clear_error (&error);
      error = new_refresh_error (self, readable);
    }
  finish (self, error);
}

/* Nothing has happened after a command whose answer was lost: the chip says whether it has heard it. */
static void
on_doubt_read (LpadJob *job)
{
  Switching *self = ((CommandJob *) job)->switching;
  gboolean heard = job->error == NULL;

  lpad_operation_take (self->operation, job);
  if (!heard)
    {
      finish (self, g_steal_pointer (&self->error));
      return;
    }
  g_clear_error (&self->error);
  lpad_serving_go_on (self->serving);
}

static void
on_served (LpadOperation *operation, LpadServingEnd end, gpointer user_data)
{
  Switching *self = user_data;

  self->end = end;
  if (end == LPAD_SERVING_DOUBT)
    {
      read_chip (self, on_doubt_read);
      return;
    }
  g_clear_error (&self->error);
  if (end != LPAD_SERVING_GONE)
    {
      read_chip (self, on_chip_read);
      return;
    }
  g_set_error_literal (&self->error,
                       LPAD_ERROR,
                       LPAD_ERROR_CARD_REMOVED,
                       "The modem has left in the middle of the switch, and has not come back.");
  finish (self, g_steal_pointer (&self->error));
}

static void
run_read (LpadJob *job, LpadWorkbench *bench)
{
  const LpadSwitchingWish *wish = &((CommandJob *) job)->switching->wish;
  LpadInventory *after = NULL;

  if (!lpad_switch_settle (bench->chip, bench->inventory, wish->command, wish->iccid, &after, &job->error))
    g_debug ("After the switch: %s", job->error->message);
  lpad_job_set_inventory (job, bench, after);
  if (job->entry != NULL && after != NULL && wish->phase != LPAD_PHASE_NONE)
    lpad_interruption_settle (job->entry, bench->inventory);
  bench->hold = wish->phase != LPAD_PHASE_NONE && after != NULL && after->notifications->len > 0;
}

static void
read_chip (Switching *self, void (*done) (LpadJob *job))
{
  CommandJob *job = g_new0 (CommandJob, 1);

  job->job.run = run_read;
  job->job.done = done;
  job->switching = self;
  lpad_operation_push (self->operation, &job->job);
}

static gboolean
tell_chip (CommandJob *command, LpadWorkbench *bench, LpadInventory **after)
{
  const LpadSwitchingWish *wish = &command->switching->wish;
  LpadJob *job = &command->job;
  GCancellable *cancellable = wish->restores ? NULL : job->cancellable;

  if (command->switching->serving != NULL)
    return lpad_switch_send (bench->chip,
                             bench->inventory,
                             wish->command,
                             wish->iccid,
                             wish->refresh,
                             &command->sent,
                             after,
                             cancellable,
                             &job->error);
  return (wish->command == LPAD_STATE_COMMAND_ENABLE ? lpad_switch_enable : lpad_switch_disable) (
      bench->chip, bench->inventory, wish->iccid, wish->refresh, after, cancellable, &job->error);
}

static void
run_command (LpadJob *job, LpadWorkbench *bench)
{
  const LpadSwitchingWish *wish = &((CommandJob *) job)->switching->wish;
  gboolean enables = wish->command == LPAD_STATE_COMMAND_ENABLE;
  LpadInventory *after = NULL;
  gboolean permitted;

  lpad_progress_report (&bench->progress,
                        wish->stage != NULL ? wish->stage
                        : enables           ? "enabling"
                                            : "disabling",
                        0,
                        0);
  permitted = !enables || wish->restores || lpad_job_may_enable (job, bench, wish->iccid);
  if (permitted)
    {
      if (wish->phase != LPAD_PHASE_NONE)
        lpad_job_begin (job, wish->phase);
      if (!tell_chip ((CommandJob *) job, bench, &after))
        g_debug ("Switching: %s", job->error->message);
    }
  lpad_job_set_inventory (job, bench, after);
  if (job->entry != NULL && wish->phase != LPAD_PHASE_NONE && !((CommandJob *) job)->sent.pending
      && (after != NULL || !permitted || !lpad_interruption_may_be_lost (job->error)))
    lpad_interruption_settle (job->entry, bench->inventory);
  /* The notifications follow on the same channel, once the bus has been told of the switch. */
  bench->hold = wish->phase != LPAD_PHASE_NONE && after != NULL && after->notifications->len > 0;
}

/* A profile that was enabled before may still not be what the modem serves. */
static void
on_command_done (LpadJob *job)
{
  CommandJob *command = (CommandJob *) job;
  Switching *self = command->switching;

  lpad_operation_take (self->operation, job);
  if (job->error != NULL || self->serving == NULL)
    {
      finish (self, g_steal_pointer (&job->error));
      return;
    }
  self->error = g_steal_pointer (&command->sent.lost);
  if (self->wish.stage == NULL)
    lpad_operation_set_stage (self->operation, "refreshing");
  lpad_serving_start (self->serving,
                      command->sent.pending && command->sent.refresh_comes,
                      self->error != NULL,
                      on_served,
                      self);
}

static void
clear_command (LpadJob *job)
{
  g_clear_error (&((CommandJob *) job)->sent.lost);
}

static void
on_prepared (gpointer user_data)
{
  Switching *self = user_data;
  CommandJob *job = g_new0 (CommandJob, 1);

  job->job.run = run_command;
  job->job.done = on_command_done;
  job->job.clear = clear_command;
  job->switching = self;
  lpad_operation_push (self->operation, &job->job);
}

void
lpad_switching_start (LpadOperation *operation,
                      const LpadSwitchingWish *wish,
                      LpadSwitchingFunc done,
                      gpointer user_data)
{
  LpadEuicc *euicc = lpad_operation_euicc (operation);
  Switching *self = g_new0 (Switching, 1);
  g_autofree char *old = NULL;
  g_autofree char *new = NULL;

  self->operation = operation;
  self->wish = *wish;
  g_bytes_ref (self->wish.iccid);
  self->done = done;
  self->user_data = user_data;
  if (lpad_serving_is_needed (euicc))
    {
      self->serving = lpad_serving_new (operation, wish->command, wish->iccid);
      self->wish.refresh = lpad_serving_refresh (euicc, wish->refresh);
    }
  lpad_euicc_begin_switch (euicc);
  old = enabled_iccid (self);
  new = wished_iccid (wish);
  lpad_nm_prepare (euicc, old, new, on_prepared, self);
}
