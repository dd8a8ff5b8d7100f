/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "switch.h"

#include <string.h>

#include "error-details.h"
#include "es10a.h"
#include "es10c.h"
#include "result.h"
#include "text.h"
#include "wait.h"

/* Results of the commands (SGP.22 v2.5, 5.7.16 to 5.7.18; 6 and up: v3) */
#define NO_SUCH_PROFILE       1
#define WRONG_STATE           2
#define DISALLOWED_BY_POLICY  3
#define WRONG_REENABLING      4
#define CAT_BUSY              5
#define DISALLOWED_BY_COMPANY 6
#define DISALLOWED_REMOTELY   9
#define NO_PORT               10

#define SW_NO_CHANNEL    0x6881
#define SW_LAST_EXPECTED 0x6883

#define UNREADABLE "The chip accepted the command, but could not be read afterwards"

#define CAT_BUSY_TRIES     3
#define CAT_BUSY_WAIT_MS   1000
#define SETTLE_INTERVAL_MS 250

/* What the user wants to be true of one profile. @profile: as it was listed last, NULL: it was not */
typedef struct
{
  LpadStateCommand command;
  GBytes *iccid;
  const LpadProfile *profile;
} Wish;

static gboolean
is_fulfilled (const LpadInventory *inventory, const Wish *wish)
{
  const LpadProfile *profile = lpad_inventory_find_profile (inventory, wish->iccid);

  if (wish->command == LPAD_STATE_COMMAND_DELETE)
    return profile == NULL;
  return profile != NULL
         && profile->state
                == (wish->command == LPAD_STATE_COMMAND_ENABLE ? LPAD_PROFILE_ENABLED
                                                               : LPAD_PROFILE_DISABLED);
}

/* Hands over what the chip said last, if anything. */
static void
give_after (LpadInventory *seen, LpadInventory **after)
{
  if (after != NULL && seen != NULL)
    *after = seen;
  else
    lpad_inventory_unref (seen);
}

static int
result_of (GError *error)
{
  LpadErrorDetails *details = error != NULL ? lpad_error_details (error) : NULL;

  return details != NULL ? details->result : -1;
}

/* Whether the chip itself said no. Any other error leaves open what has happened. */
static gboolean
is_refusal (GError *error)
{
  return result_of (error) > 0;
}

static gboolean
send_once (LpadChip *chip,
           const Wish *wish,
           const LpadCommandForm *form,
           GCancellable *cancellable,
           GError **error)
{
  LpadChannel *channel = lpad_chip_open (chip, cancellable, error);
  const LpadProfileId id
      = { form->id, form->id == LPAD_PROFILE_ID_ICCID ? wish->iccid : wish->profile->isdp_aid };

  if (channel == NULL)
    return FALSE;
  switch (wish->command)
    {
    case LPAD_STATE_COMMAND_ENABLE:
      return lpad_es10c_enable_profile (channel, &id, form->refresh, error);
    case LPAD_STATE_COMMAND_DISABLE:
      return lpad_es10c_disable_profile (channel, &id, form->refresh, error);
    case LPAD_STATE_COMMAND_DELETE:
    default:
      return lpad_es10c_delete_profile (channel, &id, error);
    }
}

/* A toolkit session that is open ends soon: the chip is given some time for it. */
static gboolean
send_patiently (LpadChip *chip,
                const Wish *wish,
                const LpadCommandForm *form,
                GCancellable *cancellable,
                GError **error)
{
  for (guint tries = 1;; tries++)
    {
      g_autoptr (GError) local = NULL;

      if (send_once (chip, wish, form, cancellable, &local))
        return TRUE;
      if (result_of (local) != CAT_BUSY || tries == CAT_BUSY_TRIES)
        {
          g_propagate_error (error, g_steal_pointer (&local));
          return FALSE;
        }
      if (!lpad_wait (CAT_BUSY_WAIT_MS, cancellable, error))
        return FALSE;
    }
}

/* Reads the chip until it shows what was wished, or the time is over. Only of a command that was @accepted
 * there is more to come; otherwise the first list decides. Returns what the chip showed last. */
static LpadInventory *
read_until (LpadChip *chip, const LpadInventory *before, const Wish *wish, gboolean accepted)
{
  gint64 end = g_get_monotonic_time () + (gint64) lpad_chip_config (chip)->settle_timeout_ms * 1000;
  g_autoptr (LpadInventory) seen = NULL;

  do
    {
      g_autoptr (GError) error = NULL;
      LpadInventory *now = lpad_inventory_update (chip, before, NULL, &error);

      if (now != NULL)
        {
          lpad_inventory_unref (seen);
          seen = now;
        }
      else
        {
          g_debug ("The chip cannot be read after the switch yet: %s", error->message);
          lpad_chip_close (chip);
        }
      if (seen != NULL && (!accepted || is_fulfilled (seen, wish)))
        break;
    }
  while (g_get_monotonic_time () < end && lpad_wait (SETTLE_INTERVAL_MS, NULL, NULL));

  return g_steal_pointer (&seen);
}

static void
set_not_effective (GError **error, const Wish *wish, gboolean was_read)
{
  LpadErrorDetails *details;

  if (was_read)
    g_set_error (error,
                 LPAD_ERROR,
                 LPAD_ERROR_REFRESH_FAILED,
                 "The chip accepted the command, but its list does not show the profile %s",
                 wish->command == LPAD_STATE_COMMAND_ENABLE ? "enabled" : "disabled");
  else
    g_set_error_literal (error, LPAD_ERROR, LPAD_ERROR_REFRESH_FAILED, UNREADABLE);
  if (error != NULL && (details = lpad_error_details (*error)) != NULL)
    {
      details->advice = "Remove and insert the card, or restart the device, and look at the list again.";
      details->retry = LPAD_RETRY_LATER;
    }
}

/* Reads the chip after a command that needs no reset to be effective; after an answer that got lost a reset
 * makes it talk again. @before: NULL: everything is read. */
static LpadInventory *
read_again (LpadChip *chip, const LpadInventory *before, GError *error_of_command)
{
  g_autoptr (GError) error = NULL;
  LpadInventory *seen;

  if (error_of_command != NULL && !is_refusal (error_of_command) && !lpad_chip_reset (chip, NULL, &error))
    g_debug ("The chip cannot be reset: %s", error->message);
  g_clear_error (&error);
  seen = lpad_inventory_reread (chip, before, &error);
  if (seen == NULL)
    g_debug ("The chip cannot be read again: %s", error->message);
  return seen;
}

/* What is there after a command that @error_of_command ended, NULL: accepted. Only a switch that was not
 * refused needs a reset to become effective. */
static LpadInventory *
read_after (LpadChip *chip, const LpadInventory *before, const Wish *wish, GError *error_of_command)
{
  g_autoptr (GError) error = NULL;

  if (wish->command == LPAD_STATE_COMMAND_DELETE || is_refusal (error_of_command))
    return read_again (chip, before, error_of_command);
  if (!lpad_chip_reset (chip, NULL, &error))
    g_debug ("The chip cannot be reset after the switch: %s", error->message);
  return read_until (chip, before, wish, error_of_command == NULL);
}

/* Whether another form of the command may cure what @error says, and which. A channel that is lost, an answer
 * that did not come: that is nothing which the chip had against the form. */
static gboolean
find_fault (GError *error, LpadLadderFault *fault)
{
  LpadErrorDetails *details = lpad_error_details (error);
  guint status_word = details != NULL ? details->status_word : 0;

  *fault = LPAD_LADDER_REFUSED;
  switch (result_of (error))
    {
    case NO_SUCH_PROFILE:
      *fault = LPAD_LADDER_UNKNOWN_ID;
      return TRUE;
    case CAT_BUSY:
      *fault = LPAD_LADDER_BUSY;
      return TRUE;
    case WRONG_STATE:
    case DISALLOWED_BY_POLICY:
    case WRONG_REENABLING:
    case DISALLOWED_BY_COMPANY:
    case DISALLOWED_REMOTELY:
    case NO_PORT:
      return FALSE;
    case -1:
      return status_word != 0 && status_word != SW_NO_CHANNEL && status_word != SW_LAST_EXPECTED;
    default:
      return TRUE;
    }
}

/* Of several errors the first is the one to tell, unless a later one says more: that it is forbidden. */
static void
keep_error (GError **kept, GError *error)
{
  LpadLadderFault fault;

  if (*kept != NULL && find_fault (error, &fault))
    {
      g_error_free (error);
      return;
    }
  g_clear_error (kept);
  *kept = error;
}

static GError *
not_effective (const Wish *wish, gboolean was_read)
{
  GError *error = NULL;

  if (wish->command == LPAD_STATE_COMMAND_DELETE)
    g_set_error_literal (&error,
                         LPAD_ERROR,
                         LPAD_ERROR_CARD_ERROR,
                         was_read ? "The chip accepted the deletion, but the profile is still in its list"
                                  : UNREADABLE);
  else
    set_not_effective (&error, wish, was_read);
  return error;
}

/* What a try has led to: whether to go on, with @fault. @seen: what the chip said after it, NULL: nothing;
 * @local: (transfer full): its error, NULL: accepted */
static gboolean
judge (const Wish *wish, LpadInventory *seen, GError *local, LpadLadderFault *fault, GError **error)
{
  gboolean curable = local == NULL || find_fault (local, fault);

  if (local == NULL)
    *fault = LPAD_LADDER_NO_EFFECT;
  /* Without knowing the state nothing more is tried, and a profile that is not there has no other name. */
  if (seen == NULL || lpad_inventory_find_profile (seen, wish->iccid) == NULL)
    curable = FALSE;
  keep_error (error, local != NULL ? local : not_effective (wish, seen != NULL));
  return curable;
}

/* A profile that was not there in the first place has not been deleted: the chip's answer stands. */
static gboolean
is_achieved (const LpadInventory *seen, const Wish *wish, GError *error_of_command)
{
  if (seen == NULL || !is_fulfilled (seen, wish))
    return FALSE;
  return wish->command != LPAD_STATE_COMMAND_DELETE || result_of (error_of_command) != NO_SUCH_PROFILE;
}

/* Whether the chip has said nothing that could be the end of it. */
static gboolean
is_pending (GError *error_of_command)
{
  LpadErrorDetails *details = error_of_command != NULL ? lpad_error_details (error_of_command) : NULL;

  return details == NULL || (details->result < 0 && details->status_word == 0);
}

/* What comes now is the device's, which has to reset the card. The channel will not outlive that. */
static void
leave_to_device (LpadChip *chip, LpadLadder *ladder, LpadSwitchSent *sent, GError *error_of_command)
{
  sent->pending = TRUE;
  sent->refresh_comes = lpad_ladder_form (ladder)->refresh;
  sent->lost = error_of_command;
  if (error_of_command == NULL)
    lpad_ladder_worked (ladder, lpad_chip_ladder (chip));
  lpad_chip_close (chip);
}

/* One form after the other until the chip, read again, shows what was wished. @sent: NULL: the card is reset
 * here */
static gboolean
climb (LpadChip *chip,
       const LpadInventory *before,
       const Wish *wish,
       LpadLadder *ladder,
       LpadSwitchSent *sent,
       LpadInventory **seen,
       GCancellable *cancellable,
       GError **error)
{
  g_autoptr (GError) kept = NULL;
  LpadLadderFault fault;
  gboolean go_on = TRUE;

  while (go_on && lpad_ladder_form (ladder) != NULL)
    {
      g_autoptr (GError) local = NULL;
      gboolean accepted = send_patiently (chip, wish, lpad_ladder_form (ladder), cancellable, &local);

      if (g_error_matches (local, LPAD_ERROR, LPAD_ERROR_CANCELLED))
        {
          g_propagate_error (error, g_steal_pointer (&local));
          return FALSE;
        }
      if (sent != NULL && is_pending (local))
        {
          leave_to_device (chip, ladder, sent, g_steal_pointer (&local));
          return TRUE;
        }
      g_clear_pointer (seen, lpad_inventory_unref);
      *seen = sent != NULL ? lpad_inventory_reread (chip, before, NULL)
                           : read_after (chip, before, wish, local);
      if (is_achieved (*seen, wish, local))
        {
          if (accepted)
            lpad_ladder_worked (ladder, lpad_chip_ladder (chip));
          else
            g_debug ("The chip has done what was wanted in spite of: %s", local->message);
          return TRUE;
        }
      go_on = judge (wish, *seen, g_steal_pointer (&local), &fault, &kept);
      if (go_on)
        lpad_ladder_failed (ladder, fault);
    }
  g_propagate_error (error, g_steal_pointer (&kept));
  return FALSE;
}

static gboolean
change_state (LpadChip *chip,
              const LpadInventory *before,
              const Wish *wish,
              LpadRefresh refresh,
              LpadSwitchSent *sent,
              LpadInventory **after,
              GCancellable *cancellable,
              GError **error)
{
  const LpadChipConfig *config = lpad_chip_config (chip);
  LpadInventory *seen = NULL;
  LpadLadder ladder;

  if (lpad_chip_open (chip, cancellable, error) == NULL)
    return FALSE; /* nothing has been sent, there is nothing to find out */
  lpad_ladder_init (&ladder,
                    lpad_chip_ladder (chip),
                    wish->command,
                    config->identifier,
                    refresh != LPAD_REFRESH_EITHER ? refresh : config->refresh,
                    wish->profile != NULL && wish->profile->isdp_aid != NULL);
  gboolean achieved = climb (chip, before, wish, &ladder, sent, &seen, cancellable, error);
  give_after (seen, after);
  return achieved;
}

gboolean
lpad_switch_enable (LpadChip *chip,
                    const LpadInventory *before,
                    GBytes *iccid,
                    LpadRefresh refresh,
                    LpadInventory **after,
                    GCancellable *cancellable,
                    GError **error)
{
  const Wish wish = { LPAD_STATE_COMMAND_ENABLE, iccid, lpad_inventory_find_profile (before, iccid) };

  return change_state (chip, before, &wish, refresh, NULL, after, cancellable, error);
}

gboolean
lpad_switch_disable (LpadChip *chip,
                     const LpadInventory *before,
                     GBytes *iccid,
                     LpadRefresh refresh,
                     LpadInventory **after,
                     GCancellable *cancellable,
                     GError **error)
{
  const Wish wish = { LPAD_STATE_COMMAND_DISABLE, iccid, lpad_inventory_find_profile (before, iccid) };

  return change_state (chip, before, &wish, refresh, NULL, after, cancellable, error);
}

gboolean
lpad_switch_send (LpadChip *chip,
                  const LpadInventory *before,
                  LpadStateCommand command,
                  GBytes *iccid,
                  LpadRefresh refresh,
                  LpadSwitchSent *sent,
                  LpadInventory **after,
                  GCancellable *cancellable,
                  GError **error)
{
  const Wish wish = { command, iccid, lpad_inventory_find_profile (before, iccid) };

  g_return_val_if_fail (command != LPAD_STATE_COMMAND_DELETE, FALSE);
  *sent = (LpadSwitchSent){ 0 };
  return change_state (chip, before, &wish, refresh, sent, after, cancellable, error);
}

gboolean
lpad_switch_settle (LpadChip *chip,
                    const LpadInventory *before,
                    LpadStateCommand command,
                    GBytes *iccid,
                    LpadInventory **after,
                    GError **error)
{
  const Wish wish = { command, iccid, lpad_inventory_find_profile (before, iccid) };
  LpadInventory *seen = read_until (chip, before, &wish, TRUE);
  gboolean fulfilled = seen != NULL && is_fulfilled (seen, &wish);

  if (!fulfilled)
    set_not_effective (error, &wish, seen != NULL);
  give_after (seen, after);
  return fulfilled;
}

gboolean
lpad_switch_delete (LpadChip *chip,
                    const LpadInventory *before,
                    GBytes *iccid,
                    LpadInventory **after,
                    GCancellable *cancellable,
                    GError **error)
{
  const Wish wish = { LPAD_STATE_COMMAND_DELETE, iccid, lpad_inventory_find_profile (before, iccid) };

  return change_state (chip, before, &wish, LPAD_REFRESH_NEVER, NULL, after, cancellable, error);
}

/* The end of such a command. @error_of_command: (transfer full): the first to tell; @wrong: what to say when
 * the chip @seen afterwards (transfer full, NULL: it could not be read) is not as wished */
static gboolean
conclude (LpadInventory *seen,
          gboolean fulfilled,
          GError *error_of_command,
          const char *wrong,
          LpadInventory **after,
          GError **error)
{
  if (!fulfilled && error_of_command != NULL)
    g_propagate_error (error, g_steal_pointer (&error_of_command));
  else if (!fulfilled)
    g_set_error_literal (error, LPAD_ERROR, LPAD_ERROR_CARD_ERROR, seen != NULL ? wrong : UNREADABLE);
  g_clear_error (&error_of_command);
  give_after (seen, after);
  return fulfilled;
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

gboolean
lpad_switch_rename (LpadChip *chip,
                    const LpadInventory *before,
                    GBytes *iccid,
                    const char *nickname,
                    LpadInventory **after,
                    GCancellable *cancellable,
                    GError **error)
{
  g_autoptr (GError) local = NULL;
  LpadChannel *channel = lpad_chip_open (chip, cancellable, error);
  const LpadProfile *profile;
  LpadInventory *seen;
  gboolean renamed;

  if (channel == NULL)
    return FALSE;
  if (!lpad_es10c_set_nickname (channel, iccid, nickname, &local)
      && g_error_matches (local, LPAD_ERROR, LPAD_ERROR_INVALID_ARGUMENTS))
    {
      g_propagate_error (error, g_steal_pointer (&local));
      return FALSE; /* nothing has been sent */
    }
  seen = read_again (chip, before, local);
  profile = seen == NULL ? NULL : lpad_inventory_find_profile (seen, iccid);
  renamed = profile != NULL && g_strcmp0 (profile->nickname == NULL ? "" : profile->nickname, nickname) == 0;
  return conclude (seen,
                   renamed,
                   g_steal_pointer (&local),
                   "The chip accepted the nickname, but its list shows another one",
                   after,
                   error);
}

gboolean
lpad_switch_set_default_smdp_address (LpadChip *chip,
                                      const char *address,
                                      LpadInventory **after,
                                      GCancellable *cancellable,
                                      GError **error)
{
  g_autoptr (GError) local = NULL;
  LpadChannel *channel = lpad_chip_open (chip, cancellable, error);
  LpadInventory *seen;
  gboolean set;

  if (channel == NULL)
    return FALSE;
  if (!lpad_es10a_set_default_dp_address (channel, address, &local)
      && g_error_matches (local, LPAD_ERROR, LPAD_ERROR_INVALID_ARGUMENTS))
    {
      g_propagate_error (error, g_steal_pointer (&local));
      return FALSE; /* nothing has been sent */
    }
  seen = read_again (chip, NULL, local);
  set = seen != NULL && g_strcmp0 (seen->default_smdp_address, address) == 0;
  return conclude (seen,
                   set,
                   g_steal_pointer (&local),
                   "The chip accepted the address of the default SM-DP+, but shows another one",
                   after,
                   error);
}
