/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "switch.h"

#include "error-details.h"
#include "es10a.h"
#include "es10c.h"
#include "result.h"
#include "wait.h"

#define CAT_BUSY           5
#define CAT_BUSY_TRIES     3
#define CAT_BUSY_WAIT_MS   1000
#define SETTLE_INTERVAL_MS 250

/* What the user wants to be true of one profile. */
typedef struct
{
  GBytes *iccid;
  LpadProfileState state;
} Wish;

static gboolean
is_fulfilled (const LpadInventory *inventory, const Wish *wish)
{
  const LpadProfile *profile = lpad_inventory_find_profile (inventory, wish->iccid);

  return profile != NULL && profile->state == wish->state;
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

/* Whether the chip itself said no: then nothing has changed. Any other error leaves open what has happened.
 */
static gboolean
is_refusal (GError *error)
{
  LpadErrorDetails *details = lpad_error_details (error);

  return details != NULL && details->result > 0;
}

static gboolean
is_cat_busy (GError *error)
{
  LpadErrorDetails *details = lpad_error_details (error);

  return details != NULL && details->result == CAT_BUSY;
}

static gboolean
send_once (LpadChip *chip, const Wish *wish, gboolean refresh, GCancellable *cancellable, GError **error)
{
  LpadChannel *channel = lpad_chip_open (chip, cancellable, error);
  const LpadProfileId id = { LPAD_PROFILE_ID_ICCID, wish->iccid };

  if (channel == NULL)
    return FALSE;
  return wish->state == LPAD_PROFILE_ENABLED ? lpad_es10c_enable_profile (channel, &id, refresh, error)
                                             : lpad_es10c_disable_profile (channel, &id, refresh, error);
}

/* A toolkit session that is open ends soon; if it does not, a switch without REFRESH does not need it to end.
 */
static gboolean
send_command (LpadChip *chip, const Wish *wish, gboolean refresh, GCancellable *cancellable, GError **error)
{
  for (guint i = 0; i < CAT_BUSY_TRIES; i++)
    {
      g_autoptr (GError) local = NULL;

      if (send_once (chip, wish, refresh, cancellable, &local))
        return TRUE;
      if (!is_cat_busy (local))
        {
          g_propagate_error (error, g_steal_pointer (&local));
          return FALSE;
        }
      if (!lpad_wait (CAT_BUSY_WAIT_MS, cancellable, error))
        return FALSE;
    }
  return send_once (chip, wish, FALSE, cancellable, error);
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
                 lpad_profile_state_to_string (wish->state));
  else
    g_set_error_literal (error,
                         LPAD_ERROR,
                         LPAD_ERROR_REFRESH_FAILED,
                         "The chip accepted the command, but could not be read afterwards");
  if (error != NULL && (details = lpad_error_details (*error)) != NULL)
    {
      details->advice = "Remove and insert the card, or restart the device, and look at the list again.";
      details->retry = LPAD_RETRY_LATER;
    }
}

/* What is there after a command that @error_of_command ended, NULL: accepted. A refused one needs no reset.
 */
static LpadInventory *
read_after_switch (LpadChip *chip, const LpadInventory *before, const Wish *wish, GError *error_of_command)
{
  g_autoptr (GError) error = NULL;

  if (is_refusal (error_of_command))
    {
      LpadInventory *seen = lpad_inventory_reread (chip, before, &error);

      if (seen == NULL)
        g_debug ("The chip cannot be read after its refusal: %s", error->message);
      return seen;
    }
  if (!lpad_chip_reset (chip, NULL, &error))
    g_debug ("The chip cannot be reset after the switch: %s", error->message);
  return read_until (chip, before, wish, error_of_command == NULL);
}

static gboolean
change_state (LpadChip *chip,
              const LpadInventory *before,
              const Wish *wish,
              gboolean refresh,
              LpadInventory **after,
              GCancellable *cancellable,
              GError **error)
{
  g_autoptr (GError) local = NULL;
  g_autoptr (LpadInventory) seen = NULL;
  gboolean accepted, fulfilled;

  if (lpad_chip_open (chip, cancellable, error) == NULL)
    return FALSE; /* nothing has been sent, there is nothing to find out */
  accepted = send_command (chip, wish, refresh, cancellable, &local);
  if (g_error_matches (local, LPAD_ERROR, LPAD_ERROR_CANCELLED))
    {
      g_propagate_error (error, g_steal_pointer (&local));
      return FALSE;
    }

  seen = read_after_switch (chip, before, wish, local);
  fulfilled = seen != NULL && is_fulfilled (seen, wish);
  if (!fulfilled && accepted)
    set_not_effective (error, wish, seen != NULL);
  else if (!fulfilled)
    g_propagate_error (error, g_steal_pointer (&local));
  else if (!accepted)
    g_debug ("The chip is in the wanted state in spite of: %s", local->message);
  give_after (g_steal_pointer (&seen), after);
  return fulfilled;
}

gboolean
lpad_switch_enable (LpadChip *chip,
                    const LpadInventory *before,
                    GBytes *iccid,
                    gboolean refresh,
                    LpadInventory **after,
                    GCancellable *cancellable,
                    GError **error)
{
  const Wish wish = { iccid, LPAD_PROFILE_ENABLED };

  return change_state (chip, before, &wish, refresh, after, cancellable, error);
}

gboolean
lpad_switch_disable (LpadChip *chip,
                     const LpadInventory *before,
                     GBytes *iccid,
                     gboolean refresh,
                     LpadInventory **after,
                     GCancellable *cancellable,
                     GError **error)
{
  const Wish wish = { iccid, LPAD_PROFILE_DISABLED };

  return change_state (chip, before, &wish, refresh, after, cancellable, error);
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
    g_set_error_literal (error,
                         LPAD_ERROR,
                         LPAD_ERROR_CARD_ERROR,
                         seen != NULL ? wrong
                                      : "The chip accepted the command, but could not be read afterwards");
  g_clear_error (&error_of_command);
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
  g_autoptr (GError) local = NULL;
  LpadChannel *channel = lpad_chip_open (chip, cancellable, error);
  const LpadProfileId id = { LPAD_PROFILE_ID_ICCID, iccid };
  LpadInventory *seen;
  gboolean gone;

  if (channel == NULL)
    return FALSE;
  if (!lpad_es10c_delete_profile (channel, &id, &local))
    g_debug ("The deletion: %s", local->message);
  seen = read_again (chip, before, local);
  /* A profile that was not there in the first place has not been deleted: the chip's refusal stands. */
  gone = !is_refusal (local) && seen != NULL && lpad_inventory_find_profile (seen, iccid) == NULL;
  return conclude (seen,
                   gone,
                   g_steal_pointer (&local),
                   "The chip accepted the deletion, but the profile is still in its list",
                   after,
                   error);
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
