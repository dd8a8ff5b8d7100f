/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "trial.h"

#include "identifiers.h"
#include "modem-manager.h"

typedef struct
{
  LpadQuestion question;
  LpadOperation *operation;
  char *iccid;
  gboolean watches;
  gulong handler;
  LpadTrialFunc done;
  gpointer user_data;
} Trial;

static char *
iccid_text (GBytes *iccid)
{
  gsize size;
  const guint8 *data = iccid == NULL ? NULL : g_bytes_get_data (iccid, &size);

  return data == NULL ? g_strdup ("") : lpad_iccid_to_string (data, size);
}

static const LpadSeenModem *
find_modem (LpadEuicc *euicc)
{
  LpadModemManager *manager = lpad_euicc_core (euicc)->modem_manager;
  const char *device = lpad_euicc_place (euicc)->physical_device;

  return manager == NULL || *device == '\0' ? NULL : lpad_modem_manager_find (manager, device);
}

static gboolean
is_registered (const Trial *self)
{
  const LpadSeenModem *modem = find_modem (lpad_operation_euicc (self->operation));

  return modem != NULL && modem->registered && g_str_equal (modem->iccid, self->iccid);
}

/* Of a modem that nobody uses the radio is mostly off. */
static gboolean
is_idle (LpadEuicc *euicc)
{
  LpadModemManager *manager = lpad_euicc_core (euicc)->modem_manager;

  return manager != NULL && lpad_modem_manager_is_idle (manager, lpad_euicc_place (euicc)->physical_device);
}

gboolean
lpad_trial_can_watch (LpadEuicc *euicc)
{
  return find_modem (euicc) != NULL && !is_idle (euicc);
}

static void
finish (Trial *self, LpadTrialEnd end)
{
  LpadOperation *operation = self->operation;

  if (self->handler != 0)
    g_signal_handler_disconnect (lpad_euicc_core (lpad_operation_euicc (operation))->modem_manager,
                                 self->handler);
  self->done (operation, end, self->user_data);
  g_free (self->iccid);
  g_free (self);
  g_object_unref (operation);
}

static void
on_modem_changed (LpadModemManager *manager, gpointer user_data)
{
  Trial *self = user_data;

  if (!is_registered (self))
    return;
  lpad_operation_answered (self->operation);
  finish (self, LPAD_TRIAL_KEPT);
}

static LpadTrialEnd
end_in_time (const Trial *self)
{
  if (!self->watches)
    return LPAD_TRIAL_NOT_CONFIRMED;
  return is_idle (lpad_operation_euicc (self->operation)) ? LPAD_TRIAL_NOT_ENABLED
                                                          : LPAD_TRIAL_NOT_REGISTERED;
}

static void
confirm (LpadQuestion *question, LpadOperation *operation)
{
  finish ((Trial *) question, LPAD_TRIAL_KEPT);
}

static void
dismiss (LpadQuestion *question, LpadOperation *operation, LpadDismissal why)
{
  Trial *self = (Trial *) question;

  switch (why)
    {
    case LPAD_DISMISS_TIMEOUT:
      finish (self, end_in_time (self));
      break;
    case LPAD_DISMISS_REJECTED:
      finish (self, LPAD_TRIAL_REJECTED);
      break;
    case LPAD_DISMISS_OVERRULED:
      finish (self, LPAD_TRIAL_OVERRULED);
      break;
    case LPAD_DISMISS_POSTPONED:
    case LPAD_DISMISS_CALLER_LEFT:
    case LPAD_DISMISS_STOPPING:
    default:
      finish (self, LPAD_TRIAL_STOPPED);
      break;
    }
}

/* Whether somebody is asked. In an operation of lpad's own nobody is there. What was asked before lpad was
 * started anew is asked still. */
static gboolean
has_to_be_confirmed (LpadOperation *operation, const LpadJournalEntry *record)
{
  LpadEuicc *euicc = lpad_operation_euicc (operation);

  if (find_modem (euicc) == NULL)
    return TRUE;
  if (record->phase == LPAD_PHASE_TRIAL)
    return record->confirm;
  return lpad_operation_sender (operation) != NULL && is_idle (euicc);
}

/* How long it lasts. One that has begun in another life of lpad goes on, but a modem that was started since
 * needs its time to register. */
static guint
begin (const Trial *self, LpadJournalEntry *record)
{
  gint64 now = g_get_real_time () / G_USEC_PER_SEC;
  guint seconds = record->trial_s;

  if (record->deadline != 0 && !self->watches)
    seconds = (guint) CLAMP (record->deadline - now, 0, (gint64) record->trial_s);
  record->deadline = now + seconds;
  record->confirm = !self->watches;
  lpad_journal_entry_begin (record, LPAD_PHASE_TRIAL);
  return seconds;
}

void
lpad_trial_start (LpadOperation *operation,
                  GBytes *iccid,
                  GBytes *previous,
                  LpadTrialFunc done,
                  gpointer user_data)
{
  LpadModemManager *manager = lpad_euicc_core (lpad_operation_euicc (operation))->modem_manager;
  const char *needs[] = { "confirm-switch" };
  g_autofree char *old = iccid_text (previous);
  Trial *self = g_new0 (Trial, 1);
  GVariantDict prompt;
  guint seconds;

  self->question.confirm = confirm;
  self->question.dismiss = dismiss;
  self->operation = g_object_ref (operation);
  self->iccid = iccid_text (iccid);
  self->watches = !has_to_be_confirmed (operation, lpad_operation_record (operation));
  self->done = done;
  self->user_data = user_data;
  seconds = begin (self, lpad_operation_record (operation));

  g_variant_dict_init (&prompt, NULL);
  g_variant_dict_insert_value (&prompt, "needs", g_variant_new_strv (needs, self->watches ? 0 : 1));
  g_variant_dict_insert (&prompt, "waits-for", "s", self->watches ? "registration" : "confirmation");
  g_variant_dict_insert (&prompt, "new-iccid", "s", self->iccid);
  g_variant_dict_insert (&prompt, "old-iccid", "s", old);
  lpad_operation_set_stage (operation, self->watches ? "registering" : "confirming");
  if (manager != NULL)
    self->handler = g_signal_connect (manager, "changed", G_CALLBACK (on_modem_changed), self);
  if (!is_registered (self))
    lpad_operation_put (operation, &self->question, &prompt, seconds);
  else
    {
      g_variant_dict_clear (&prompt);
      finish (self, LPAD_TRIAL_KEPT);
    }
}
