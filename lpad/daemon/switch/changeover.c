/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "changeover.h"

#include "error-details.h"
#include "identifiers.h"
#include "interruption.h"
#include "switching.h"
#include "trial.h"

typedef struct
{
  LpadOperation *operation; /* lives longer */
  LpadChangeoverWish wish;
  GBytes *previous;       /* enabled before; NULL: none was */
  gboolean previous_gone; /* one was, and is not on the chip any more */
  gboolean returning;
  GError *error; /* what the operation will end with */
  LpadChangeoverFunc done;
} Changeover;

static void begin_trial (Changeover *self);

static void
finish (Changeover *self)
{
  LpadOperation *operation = self->operation;
  LpadChangeoverFunc done = self->done;
  GError *error = g_steal_pointer (&self->error);

  g_bytes_unref (self->wish.iccid);
  g_clear_pointer (&self->previous, g_bytes_unref);
  g_free (self);
  done (operation, error);
}

static LpadInventory *
inventory_of (const Changeover *self)
{
  return lpad_euicc_inventory (lpad_operation_euicc (self->operation));
}

static GBytes *
enabled_profile (const LpadInventory *inventory)
{
  for (guint i = 0; i < inventory->profiles->len; i++)
    {
      const LpadProfile *profile = inventory->profiles->pdata[i];

      if (profile->state == LPAD_PROFILE_ENABLED)
        return g_bytes_ref (profile->iccid);
    }
  return NULL;
}

/* Notifications */

typedef struct
{
  LpadJob job;
  Changeover *changeover;
} NotifyJob;

static void
run_notify (LpadJob *job, LpadWorkbench *bench)
{
  lpad_job_notify (job, bench);
}

static void
after_notifications (Changeover *self)
{
  LpadJournalEntry *record = lpad_operation_record (self->operation);

  if (self->error == NULL && !self->returning && record->trial_s != 0 && record->phase != LPAD_PHASE_TRIAL)
    begin_trial (self);
  else
    finish (self);
}

static void
on_notified (LpadJob *job)
{
  lpad_operation_take (lpad_operation_of_job (job), job);
  after_notifications (((NotifyJob *) job)->changeover);
}

/* Operators may let nobody register of whom they do not know: they are told before the trial. */
static void
notify (Changeover *self)
{
  NotifyJob *job;

  if (lpad_euicc_is_gone (lpad_operation_euicc (self->operation))
      || inventory_of (self)->notifications->len == 0)
    {
      after_notifications (self);
      return;
    }
  job = g_new0 (NotifyJob, 1);
  job->job.run = run_notify;
  job->job.done = on_notified;
  job->changeover = self;
  lpad_operation_push (self->operation, &job->job);
}

/* Going back */

static void
insert_iccid (GVariantDict *dict, const char *key, GBytes *iccid)
{
  gsize size;
  const guint8 *data = iccid == NULL ? NULL : g_bytes_get_data (iccid, &size);
  g_autofree char *text = data == NULL ? g_strdup ("") : lpad_iccid_to_string (data, size);

  g_variant_dict_insert (dict, key, "s", text);
}

static void
describe_rollback (const Changeover *self, const char *reason)
{
  GVariantDict dict;

  g_variant_dict_init (&dict, NULL);
  g_variant_dict_insert (&dict, "reason", "s", reason);
  insert_iccid (&dict, "old-iccid", self->previous);
  insert_iccid (&dict, "new-iccid", self->wish.iccid);
  lpad_operation_add_result (self->operation, "rollback", g_variant_dict_end (&dict));
}

/* Why: for programs, and as the begin of a sentence. */
typedef struct
{
  const char *name;
  const char *sentence;
} Reason;

static const Reason not_served = { "not-served", "The modem does not serve the new profile" };

static Reason
reason_of (LpadTrialEnd end)
{
  switch (end)
    {
    case LPAD_TRIAL_NOT_REGISTERED:
      return (Reason){ "not-registered", "The new profile has not registered with a network in time" };
    case LPAD_TRIAL_NOT_ENABLED:
      return (Reason){ "not-registered",
                       "The new profile has not registered with a network in time, because nobody has told "
                       "ModemManager to use the modem (mmcli --modem=any --enable)" };
    case LPAD_TRIAL_REJECTED:
      return (Reason){ "rejected", "The new profile was given up" };
    case LPAD_TRIAL_NOT_CONFIRMED:
    default:
      return (Reason){ "not-confirmed", "Nobody has confirmed the new profile in time" };
    }
}

/* The chip decides: also an error may have ended where lpad wanted to be. */
static void
on_returned (LpadOperation *operation, GError *error, gpointer user_data)
{
  Changeover *self = user_data;
  LpadJournalEntry *record = lpad_operation_record (operation);
  g_autoptr (GError) cause = error;
  g_autofree char *why = g_strdup (self->error->message);

  /* A chip that has left, or could not be read, may still be where it was: it is looked at when it is back.
   */
  if (cause == NULL || record->outcome != LPAD_OUTCOME_UNKNOWN)
    record->trial_s = 0;
  lpad_journal_entry_save (record);
  g_clear_error (&self->error);
  if (cause != NULL)
    g_set_error (&self->error,
                 LPAD_ERROR,
                 LPAD_ERROR_ROLLBACK_FAILED,
                 "%s, and lpad could not go back from it: %s",
                 why,
                 cause->message);
  else
    g_set_error (&self->error,
                 LPAD_ERROR,
                 LPAD_ERROR_ROLLED_BACK,
                 self->previous != NULL ? "%s: the one before is in use again."
                                        : "%s: it was taken out of use again.",
                 why);
  lpad_error_details (self->error)->retry = LPAD_RETRY_LATER;
  notify (self);
}

/* Without the profile of before, a new one that may yet work is better than none. */
static gboolean
has_way_back (const Changeover *self)
{
  return !self->previous_gone
         && (self->previous == NULL
             || lpad_inventory_find_profile (inventory_of (self), self->previous) != NULL);
}

static void
go_back (Changeover *self, Reason reason)
{
  LpadJournalEntry *record = lpad_operation_record (self->operation);
  const LpadSwitchingWish wish = {
    .command = self->previous != NULL ? LPAD_STATE_COMMAND_ENABLE : LPAD_STATE_COMMAND_DISABLE,
    .iccid = self->previous != NULL ? self->previous : self->wish.iccid,
    .refresh = self->wish.refresh,
    .phase = LPAD_PHASE_RETURNING,
  };
  GError *gone = NULL;

  self->returning = TRUE;
  g_clear_error (&self->error);
  g_set_error_literal (&self->error, LPAD_ERROR, LPAD_ERROR_ROLLED_BACK, reason.sentence);
  describe_rollback (self, reason.name);
  lpad_operation_set_stage (self->operation, "returning");
  if (has_way_back (self))
    {
      record->outcome = LPAD_OUTCOME_UNKNOWN;
      lpad_switching_start (self->operation, &wish, on_returned, self);
      return;
    }
  record->phase = LPAD_PHASE_RETURNING;
  g_set_error_literal (&gone,
                       LPAD_ERROR,
                       LPAD_ERROR_NOT_FOUND,
                       "The profile that was in use before is not on the chip any more.");
  on_returned (self->operation, gone, self);
}

/* The trial */

static void
decide (LpadJournalEntry *record)
{
  record->trial_s = 0;
  lpad_journal_entry_save (record);
}

/* It goes on later. */
static void
interrupt (Changeover *self)
{
  if (lpad_euicc_is_gone (lpad_operation_euicc (self->operation)))
    g_set_error_literal (
        &self->error,
        LPAD_ERROR,
        LPAD_ERROR_CARD_REMOVED,
        "The card was removed; the new profile is on trial, which goes on when the card is back.");
  else
    g_set_error_literal (
        &self->error,
        LPAD_ERROR,
        LPAD_ERROR_CANCELLED,
        "lpad is being stopped; the new profile is on trial, which goes on with the next start.");
  finish (self);
}

static void
on_trial_end (LpadOperation *operation, LpadTrialEnd end, gpointer user_data)
{
  Changeover *self = user_data;

  switch (end)
    {
    case LPAD_TRIAL_KEPT:
      decide (lpad_operation_record (operation));
      notify (self);
      break;
    case LPAD_TRIAL_OVERRULED:
      decide (lpad_operation_record (operation));
      g_set_error_literal (&self->error,
                           LPAD_ERROR,
                           LPAD_ERROR_CANCELLED,
                           "Another switch was asked for before the new profile had proved itself.");
      finish (self);
      break;
    case LPAD_TRIAL_STOPPED:
      interrupt (self);
      break;
    case LPAD_TRIAL_NOT_REGISTERED:
    case LPAD_TRIAL_NOT_ENABLED:
    case LPAD_TRIAL_NOT_CONFIRMED:
    case LPAD_TRIAL_REJECTED:
    default:
      go_back (self, reason_of (end));
      break;
    }
}

static void
begin_trial (Changeover *self)
{
  LpadEuicc *euicc = lpad_operation_euicc (self->operation);

  if (lpad_euicc_is_gone (euicc))
    interrupt (self);
  else if (lpad_euicc_has_switch_waiting (euicc))
    on_trial_end (self->operation, LPAD_TRIAL_OVERRULED, self);
  else
    lpad_trial_start (self->operation, self->wish.iccid, self->previous, on_trial_end, self);
}

/* Whether there is a trial, and the profile is one from which lpad can go back. */
static gboolean
prepare_trial (Changeover *self, GError **error)
{
  LpadEuicc *euicc = lpad_operation_euicc (self->operation);
  const LpadProfile *profile = lpad_inventory_find_profile (inventory_of (self), self->wish.iccid);
  gboolean is_switch = self->previous == NULL || !g_bytes_equal (self->previous, self->wish.iccid);
  guint seconds = self->wish.trial_s;

  if (!self->wish.trial_given)
    seconds = lpad_trial_can_watch (euicc) ? lpad_euicc_core (euicc)->config->rollback_timeout_s : 0;
  if (self->wish.command != LPAD_STATE_COMMAND_ENABLE || !is_switch || seconds == 0)
    return TRUE;
  if (profile == NULL || (profile->policy_rules & LPAD_PPR1) == 0)
    {
      lpad_journal_entry_set_trial (lpad_operation_record (self->operation), self->previous, seconds);
      return TRUE;
    }
  if (!self->wish.trial_given)
    return TRUE;
  g_set_error_literal (error,
                       LPAD_ERROR,
                       LPAD_ERROR_POLICY_VIOLATION,
                       "The operator forbids to disable this profile: lpad could not go back from it.");
  return FALSE;
}

static void
on_switched (LpadOperation *operation, GError *error, gpointer user_data)
{
  Changeover *self = user_data;
  LpadJournalEntry *record = lpad_operation_record (operation);

  self->error = error;
  if (error != NULL && record->trial_s != 0 && record->outcome == LPAD_OUTCOME_DONE)
    {
      go_back (self, not_served);
      return;
    }
  /* Nothing that was not achieved is on trial; what the chip could not say is looked at when it can. */
  if (error != NULL && record->outcome != LPAD_OUTCOME_UNKNOWN)
    record->trial_s = 0;
  notify (self);
}

static Changeover *
changeover_new (LpadOperation *operation, const LpadChangeoverWish *wish, LpadChangeoverFunc done)
{
  Changeover *self = g_new0 (Changeover, 1);

  self->operation = operation;
  self->wish = *wish;
  g_bytes_ref (self->wish.iccid);
  self->done = done;
  return self;
}

gboolean
lpad_changeover_check_trial (guint seconds, GError **error)
{
  if (seconds == 0 || (seconds >= LPAD_TRIAL_MIN && seconds <= LPAD_TRIAL_MAX))
    return TRUE;
  g_set_error (error,
               LPAD_ERROR,
               LPAD_ERROR_INVALID_ARGUMENTS,
               "Option “rollback-timeout” is 0 or from %d to %d seconds.",
               LPAD_TRIAL_MIN,
               LPAD_TRIAL_MAX);
  return FALSE;
}

void
lpad_changeover_start (LpadOperation *operation, const LpadChangeoverWish *wish, LpadChangeoverFunc done)
{
  Changeover *self = changeover_new (operation, wish, done);
  const LpadSwitchingWish switching
      = { .command = wish->command, .iccid = wish->iccid, .refresh = wish->refresh, .phase = wish->phase };

  self->previous = enabled_profile (inventory_of (self));
  if (prepare_trial (self, &self->error))
    lpad_switching_start (operation, &switching, on_switched, self);
  else
    finish (self);
}

/* A trial that was interrupted */

typedef struct
{
  LpadChangeoverWish wish;
  GBytes *previous;
  gboolean previous_gone;
  gboolean returning;
} Resumption;

static const LpadStage resumed_stages[] = {
  { "registering", 0.0, 0.6, FALSE }, { "confirming", 0.0, 0.6, FALSE },
  { "returning", 0.6, 0.65, FALSE },  { "enabling", 0.65, 0.8, FALSE },
  { "disabling", 0.65, 0.8, FALSE },  { "refreshing", 0.8, 0.9, FALSE },
  { "notifying", 0.9, 1.0, TRUE },    { NULL, 0, 0, FALSE },
};

static void
on_resumed_end (LpadOperation *operation, GError *error)
{
  Resumption *resumption = lpad_operation_data (operation);
  g_autoptr (GError) owned = error;

  lpad_operation_finish (operation, owned, resumption->wish.iccid);
}

static void
start_resumed (LpadOperation *operation)
{
  Resumption *resumption = lpad_operation_data (operation);
  Changeover *self = changeover_new (operation, &resumption->wish, on_resumed_end);

  self->previous = resumption->previous != NULL ? g_bytes_ref (resumption->previous) : NULL;
  self->previous_gone = resumption->previous_gone;
  if (resumption->returning)
    go_back (self,
             reason_of (lpad_operation_record (operation)->confirm ? LPAD_TRIAL_NOT_CONFIRMED
                                                                   : LPAD_TRIAL_NOT_REGISTERED));
  else
    begin_trial (self);
}

static const LpadOperationKind resumed_kind
    = { .name = "enable", .stages = resumed_stages, .switching = TRUE, .start = start_resumed };

static void
resumption_free (gpointer data)
{
  Resumption *resumption = data;

  g_bytes_unref (resumption->wish.iccid);
  g_clear_pointer (&resumption->previous, g_bytes_unref);
  g_free (resumption);
}

static GBytes *
find_previous (const LpadJournalEntry *entry, const LpadInventory *inventory)
{
  for (guint i = 0; i < inventory->profiles->len; i++)
    {
      const LpadProfile *profile = inventory->profiles->pdata[i];

      if (lpad_journal_entry_is_previous (entry, profile->iccid))
        return g_bytes_ref (profile->iccid);
    }
  return NULL;
}

void
lpad_changeover_resume (LpadEuicc *euicc, LpadJournalEntry *entry)
{
  const LpadInventory *inventory = lpad_euicc_inventory (euicc);
  const LpadProfile *profile = lpad_interruption_profile (entry, inventory);
  Resumption *resumption = g_new0 (Resumption, 1);
  g_autoptr (GError) error = NULL;

  g_return_if_fail (profile != NULL);
  resumption->wish.command = LPAD_STATE_COMMAND_ENABLE;
  resumption->wish.iccid = g_bytes_ref (profile->iccid);
  resumption->wish.refresh = LPAD_REFRESH_EITHER;
  resumption->previous = find_previous (entry, inventory);
  resumption->previous_gone = entry->previous != NULL && resumption->previous == NULL;
  resumption->returning = entry->phase == LPAD_PHASE_RETURNING;
  if (lpad_operation_start_with_record (euicc, &resumed_kind, entry, resumption, resumption_free, &error)
      == NULL)
    g_message ("A trial of a profile cannot go on: %s", error->message);
}
