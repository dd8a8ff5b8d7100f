/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "interruption.h"

#include "bus-error.h"
#include "identifiers.h"
#include "load.h"
#include "provisioning.h"
#include "result.h"

#define INTERRUPTED 11 /* errorReason installFailedDueToInterruption: the chip says the same as lpad */

/* What a person is told: in which case, and what to do. */
typedef struct
{
  const char *message;
  const char *advice; /* or NULL */
} Sentence;

static gboolean
is_download (const LpadJournalEntry *entry)
{
  return g_str_equal (entry->kind, "download");
}

const LpadProfile *
lpad_interruption_profile (const LpadJournalEntry *entry, const LpadInventory *inventory)
{
  for (guint i = 0; i < inventory->profiles->len; i++)
    {
      const LpadProfile *profile = inventory->profiles->pdata[i];

      if (lpad_journal_entry_is_profile (entry, profile->iccid))
        return profile;
    }
  return NULL;
}

static LpadOutcome
outcome_of_download (const LpadJournalEntry *entry, const LpadProfile *profile)
{
  if (entry->phase < LPAD_PHASE_LOADING)
    return LPAD_OUTCOME_NOTHING;
  if (profile == NULL)
    /* Before it was to be enabled it was there: somebody has deleted it since. */
    return entry->phase == LPAD_PHASE_LOADING ? LPAD_OUTCOME_UNKNOWN : LPAD_OUTCOME_DONE;
  return entry->enable && profile->state != LPAD_PROFILE_ENABLED ? LPAD_OUTCOME_PARTLY : LPAD_OUTCOME_DONE;
}

static LpadOutcome
outcome_of_change (const LpadJournalEntry *entry, const LpadProfile *profile)
{
  gboolean done;

  if (g_str_equal (entry->kind, "enable"))
    done = profile != NULL && profile->state == LPAD_PROFILE_ENABLED;
  else if (g_str_equal (entry->kind, "disable"))
    done = profile != NULL && profile->state != LPAD_PROFILE_ENABLED;
  else if (g_str_equal (entry->kind, "delete"))
    done = profile == NULL;
  else
    return LPAD_OUTCOME_PARTLY; /* a reset: the list of profiles is the only answer */
  return done ? LPAD_OUTCOME_DONE : LPAD_OUTCOME_NOTHING;
}

const LpadProfile *
lpad_interruption_before (const LpadJournalEntry *entry, const LpadInventory *inventory)
{
  for (guint i = 0; i < inventory->profiles->len; i++)
    {
      const LpadProfile *profile = inventory->profiles->pdata[i];

      if (lpad_journal_entry_is_before (entry, profile->iccid))
        return profile;
    }
  return NULL;
}

/* A provisioning profile that is not there any more holds up nothing. */
static LpadOutcome
outcome_of_detour (const LpadJournalEntry *entry, const LpadProfile *profile, const LpadInventory *inventory)
{
  const LpadProfile *before = lpad_interruption_before (entry, inventory);
  const LpadProfile *enabled = lpad_provisioning_enabled (inventory);
  GBytes *iccid;

  if (profile != NULL
      && lpad_provisioning_undo (inventory, profile->iccid, before != NULL ? before->iccid : NULL, &iccid)
             != LPAD_UNDO_NOTHING)
    return LPAD_OUTCOME_UNKNOWN;
  return enabled == before ? LPAD_OUTCOME_NOTHING : LPAD_OUTCOME_DONE;
}

/* lpad wanted to go back from it. */
static LpadOutcome
outcome_of_return (const LpadProfile *profile)
{
  return profile != NULL && profile->state == LPAD_PROFILE_ENABLED ? LPAD_OUTCOME_DONE : LPAD_OUTCOME_BACK;
}

gboolean
lpad_interruption_may_be_lost (const GError *error)
{
  static const LpadError codes[]
      = { LPAD_ERROR_CARD_REMOVED,   LPAD_ERROR_CARD_ERROR, LPAD_ERROR_CARD_BUSY,     LPAD_ERROR_MODEM_ERROR,
          LPAD_ERROR_REFRESH_FAILED, LPAD_ERROR_TIMEOUT,    LPAD_ERROR_PROTOCOL_ERROR };

  for (gsize i = 0; i < G_N_ELEMENTS (codes); i++)
    {
      if (g_error_matches (error, LPAD_ERROR, (gint) codes[i]))
        return TRUE;
    }
  return FALSE;
}

void
lpad_interruption_settle (LpadJournalEntry *entry, const LpadInventory *inventory)
{
  const LpadProfile *profile = lpad_interruption_profile (entry, inventory);

  if (entry->outcome != LPAD_OUTCOME_UNKNOWN)
    return;
  if (lpad_journal_entry_is_detour (entry))
    entry->outcome = outcome_of_detour (entry, profile, inventory);
  else if (entry->phase == LPAD_PHASE_RETURNING)
    entry->outcome = outcome_of_return (profile);
  else
    entry->outcome
        = is_download (entry) ? outcome_of_download (entry, profile) : outcome_of_change (entry, profile);
}

gboolean
lpad_interruption_is_trial (const LpadJournalEntry *entry)
{
  return entry->trial_s != 0 && entry->outcome == LPAD_OUTCOME_DONE;
}

/* Somebody may have ended a trial without lpad: by another profile, or by deleting this one. */
static void
look_at_trial (LpadJournalEntry *entry, const LpadInventory *inventory)
{
  const LpadProfile *profile = lpad_interruption_profile (entry, inventory);
  gboolean in_use = profile != NULL && profile->state == LPAD_PROFILE_ENABLED;

  if (entry->trial_s == 0 || entry->outcome == LPAD_OUTCOME_UNKNOWN
      || (in_use && lpad_interruption_is_trial (entry)))
    return;
  if (entry->phase >= LPAD_PHASE_TRIAL)
    entry->outcome = LPAD_OUTCOME_BACK;
  entry->trial_s = 0;
  lpad_journal_entry_save (entry);
}

/* The profile is not there, so the chip has refused it, or has never seen all of it. */
static void
look_for_result (LpadJournalEntry *entry, LpadChip *chip)
{
  g_autoptr (LpadInstallationResult) result = NULL;
  gboolean listed = TRUE;

  if (entry->transaction_id != NULL)
    {
      gsize size;
      const guint8 *id = g_bytes_get_data (entry->transaction_id, &size);

      result = lpad_load_find_result (chip, id, size, &listed);
    }
  if (result == NULL || result->error_reason == INTERRUPTED)
    entry->outcome = listed ? LPAD_OUTCOME_NOTHING : LPAD_OUTCOME_UNKNOWN;
  else if (result->success)
    entry->outcome = LPAD_OUTCOME_DONE;
  else
    {
      entry->outcome = LPAD_OUTCOME_FAILED;
      entry->bpp_command = result->bpp_command;
      entry->error_reason = result->error_reason;
    }
}

void
lpad_interruption_resolve (LpadJournalEntry *entry, LpadChip *chip, const LpadInventory *inventory)
{
  if (entry->outcome == LPAD_OUTCOME_UNKNOWN)
    {
      lpad_interruption_settle (entry, inventory);
      if (entry->outcome == LPAD_OUTCOME_UNKNOWN && !lpad_journal_entry_is_detour (entry))
        look_for_result (entry, chip);
      if (entry->outcome != LPAD_OUTCOME_UNKNOWN)
        lpad_journal_entry_save (entry);
    }
  look_at_trial (entry, inventory);
}

/* A profile that was installed and has been deleted since is no news either. */
static gboolean
is_news (const LpadJournalEntry *entry, const LpadInventory *inventory)
{
  if (lpad_journal_entry_is_over (entry, g_get_real_time () / G_USEC_PER_SEC))
    return FALSE;
  return !is_download (entry) || entry->outcome < LPAD_OUTCOME_PARTLY
         || lpad_interruption_profile (entry, inventory) != NULL;
}

GPtrArray *
lpad_interruption_look (LpadJournal *journal, LpadChip *chip, const LpadInventory *inventory)
{
  GPtrArray *entries = lpad_journal_load (journal, inventory->eid);

  for (guint i = entries->len; i > 0; i--)
    {
      LpadJournalEntry *entry = entries->pdata[i - 1];

      lpad_interruption_resolve (entry, chip, inventory);
      if (is_news (entry, inventory))
        continue;
      lpad_journal_entry_remove (entry);
      g_ptr_array_remove_index (entries, i - 1);
    }
  return entries;
}

/* Nothing is installed: whether and how to try again. */
static Sentence
sentence_of_nothing (const LpadJournalEntry *entry)
{
  gboolean by_code = entry->order_name == LPAD_ORDER_NAME_CODE;

  if (lpad_journal_entry_order_state (entry) == LPAD_ORDER_USABLE)
    return (Sentence){ "A download was interrupted: the profile is not installed.",
                       by_code
                           ? "Download it again: the activation code is still good."
                           : "Download it again in the same way: the profile still waits at the server." };
  if (entry->phase == LPAD_PHASE_CODE)
    return (Sentence){ "A download was interrupted while the server checked the confirmation code: the "
                       "profile is not installed.",
                       by_code ? "Download it again with the same activation code; the server may have "
                                 "counted the confirmation code as one try."
                               : "Download it again in the same way; the server may have counted the "
                                 "confirmation code as one try." };
  return (Sentence){ "A download was interrupted while it was being called off: the profile is not "
                     "installed.",
                     by_code ? "The server may have ended the order; a download with the same activation "
                               "code tells."
                             : "The server may have ended the order; to download it again in the same way "
                               "tells." };
}

static Sentence
sentence_of_download (const LpadJournalEntry *entry)
{
  switch (entry->outcome)
    {
    case LPAD_OUTCOME_DONE:
      return (Sentence){
        entry->enable
            ? "A download was interrupted after the installation: the profile is installed and in use."
            : "A download was interrupted after the installation: the profile is installed.",
        NULL
      };
    case LPAD_OUTCOME_PARTLY:
      return (Sentence){ "A download was interrupted: the profile is installed, but not in use.",
                         "Enable the profile; do not download it again." };
    case LPAD_OUTCOME_FAILED:
      return (Sentence){
        "A download was interrupted: the chip has refused the profile, and it is not installed.", NULL
      };
    case LPAD_OUTCOME_NOTHING:
      return sentence_of_nothing (entry);
    case LPAD_OUTCOME_UNKNOWN:
    default:
      return (Sentence){ "A download was interrupted, and the chip could not tell yet whether the profile is "
                         "installed.",
                         "Take the card out and insert it again, or look at the list of profiles." };
    }
}

static Sentence
sentence_of_change (const LpadJournalEntry *entry)
{
  static const struct
  {
    const char *kind;
    Sentence sentences[3]; /* unknown, not done, done */
  } table[] = {
    { "enable",
      { { "An attempt to enable a profile was interrupted, and the chip could not be read yet.", NULL },
        { "An attempt to enable a profile was interrupted: it is not in use.", "Enable it again." },
        { "An attempt to enable a profile was interrupted at its end: it is in use.", NULL } } },
    { "disable",
      { { "An attempt to disable a profile was interrupted, and the chip could not be read yet.", NULL },
        { "An attempt to disable a profile was interrupted: it is still in use.", "Disable it again." },
        { "An attempt to disable a profile was interrupted at its end: it is not in use.", NULL } } },
    { "delete",
      { { "The deletion of a profile was interrupted, and the chip could not be read yet.", NULL },
        { "The deletion of a profile was interrupted: it is still there.", "Delete it again." },
        { "The deletion of a profile was interrupted at its end: it is deleted.", NULL } } },
    { "reset",
      { { "A reset of the chip was interrupted, and the chip could not be read yet.", NULL },
        { "A reset of the chip was interrupted.", "Look at the list of profiles." },
        { "A reset of the chip was interrupted.", "Look at the list of profiles." } } },
    { LPAD_JOURNAL_DETOUR,
      { { "A download over the provisioning profile was interrupted, and that profile is still in use.",
          "lpad goes back to what was in use before as soon as the chip lets it." },
        { "A download over the provisioning profile was interrupted: what was in use before is in use again.",
          NULL },
        { "A download over the provisioning profile was interrupted: another profile is in use now.",
          NULL } } },
  };
  guint column = entry->outcome == LPAD_OUTCOME_UNKNOWN ? 0 : entry->outcome == LPAD_OUTCOME_DONE ? 2 : 1;

  for (gsize i = 0; i < G_N_ELEMENTS (table); i++)
    {
      if (g_str_equal (table[i].kind, entry->kind))
        return table[i].sentences[column];
    }
  g_return_val_if_reached (table[0].sentences[0]);
}

/* A profile that was on trial. What was to be decided has been decided, or will be: see trial_s. */
static Sentence
sentence_of_trial (const LpadJournalEntry *entry)
{
  if (entry->outcome == LPAD_OUTCOME_BACK && entry->previous != NULL)
    return (Sentence){ "A profile on trial is not in use any more: lpad has gone back to the one before.",
                       NULL };
  if (entry->outcome == LPAD_OUTCOME_BACK)
    return (Sentence){ "A profile on trial is not in use any more: lpad has taken it out of use again.",
                       NULL };
  if (entry->phase == LPAD_PHASE_TRIAL && entry->trial_s == 0)
    return (Sentence){ "A profile on trial stays in use.", NULL };
  if (entry->phase == LPAD_PHASE_TRIAL)
    return (Sentence){ "A profile was on trial when lpad was interrupted: the trial goes on.", NULL };
  return (Sentence){
    "A profile on trial has not proved itself, and lpad could not go back from it: it is still in use.",
    "Enable another profile, or disable this one."
  };
}

static Sentence
sentence_of (const LpadJournalEntry *entry)
{
  if (entry->phase >= LPAD_PHASE_TRIAL && entry->outcome >= LPAD_OUTCOME_DONE)
    return sentence_of_trial (entry);
  return is_download (entry) ? sentence_of_download (entry) : sentence_of_change (entry);
}

const char *
lpad_interruption_message (const LpadJournalEntry *entry)
{
  return sentence_of (entry).message;
}

static void
describe_failure (const LpadJournalEntry *entry, GVariantDict *dict)
{
  g_autoptr (GError) error = NULL;
  LpadErrorDetails *details;

  lpad_result_set_install_error (&error, entry->bpp_command, entry->error_reason);
  details = lpad_error_details (error);
  g_variant_dict_insert (dict, "error", "s", lpad_bus_error_name (error));
  if (details->advice != NULL)
    g_variant_dict_insert (dict, "advice", "s", details->advice);
}

static void
describe_profile (const LpadJournalEntry *entry,
                  const LpadInventory *inventory,
                  const char *path,
                  GVariantDict *dict)
{
  const LpadProfile *profile = lpad_interruption_profile (entry, inventory);
  const char *state = "absent";

  if (profile != NULL)
    {
      gsize size;
      const guint8 *data = g_bytes_get_data (profile->iccid, &size);
      g_autofree char *iccid = lpad_iccid_to_string (data, size);

      g_variant_dict_insert (dict, "iccid", "s", iccid);
      if (path != NULL)
        g_variant_dict_insert (dict, "profile", "o", path);
      state = profile->state == LPAD_PROFILE_ENABLED ? "enabled" : "disabled";
    }
  else if (entry->outcome == LPAD_OUTCOME_UNKNOWN)
    state = "unknown";
  g_variant_dict_insert (dict, "state", "s", state);
}

GVariant *
lpad_interruption_describe (const LpadJournalEntry *entry,
                            const LpadInventory *inventory,
                            const char *profile_path)
{
  Sentence sentence = sentence_of (entry);
  GVariantDict dict;

  g_variant_dict_init (&dict, NULL);
  g_variant_dict_insert (&dict, "kind", "s", entry->kind);
  g_variant_dict_insert (&dict, "time", "t", (guint64) MAX (entry->time, 0));
  g_variant_dict_insert (&dict, "done", "b", entry->outcome == LPAD_OUTCOME_DONE);
  g_variant_dict_insert (&dict, "message", "s", sentence.message);
  if (sentence.advice != NULL)
    g_variant_dict_insert (&dict, "advice", "s", sentence.advice);
  describe_profile (entry, inventory, profile_path, &dict);
  if (is_download (entry))
    g_variant_dict_insert (
        &dict, "order", "s", lpad_order_to_string (lpad_journal_entry_order_state (entry)));
  if (entry->outcome == LPAD_OUTCOME_FAILED)
    describe_failure (entry, &dict);
  return g_variant_dict_end (&dict);
}

void
lpad_interruption_note_change (LpadJob *job, LpadWorkbench *bench, LpadInventory *after)
{
  lpad_job_set_inventory (job, bench, after);
  if (job->entry != NULL && (after != NULL || !lpad_interruption_may_be_lost (job->error)))
    lpad_interruption_settle (job->entry, bench->inventory);
  bench->hold = after != NULL && after->notifications->len > 0;
}
