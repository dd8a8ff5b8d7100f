/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "reset.h"

#include "error-details.h"
#include "es10c.h"
#include "wait.h"

#define NOTHING_TO_DELETE 1
#define CAT_BUSY          5
#define CAT_BUSY_TRIES    3
#define CAT_BUSY_WAIT_MS  1000

gboolean
lpad_reset_affects (guint options, const LpadProfile *profile)
{
  switch (profile->profile_class)
    {
    case LPAD_PROFILE_CLASS_OPERATIONAL:
      return (options & LPAD_RESET_OPERATIONAL_PROFILES) != 0;
    case LPAD_PROFILE_CLASS_TEST:
      return (options & LPAD_RESET_TEST_PROFILES) != 0;
    case LPAD_PROFILE_CLASS_PROVISIONING:
    default:
      return FALSE;
    }
}

static guint
count_affected (const LpadInventory *inventory, guint options)
{
  guint n = 0;

  for (guint i = 0; i < inventory->profiles->len; i++)
    n += lpad_reset_affects (options, inventory->profiles->pdata[i]);
  return n;
}

static gboolean
affects_enabled (const LpadInventory *inventory, guint options)
{
  for (guint i = 0; i < inventory->profiles->len; i++)
    {
      const LpadProfile *profile = inventory->profiles->pdata[i];

      if (profile->state == LPAD_PROFILE_ENABLED && lpad_reset_affects (options, profile))
        return TRUE;
    }
  return FALSE;
}

static int
result_of (GError *error)
{
  LpadErrorDetails *details = error != NULL ? lpad_error_details (error) : NULL;

  return details != NULL ? details->result : -1;
}

static gboolean
send_patiently (LpadChip *chip, guint options, GCancellable *cancellable, GError **error)
{
  for (guint tries = 1;; tries++)
    {
      g_autoptr (GError) local = NULL;
      LpadChannel *channel = lpad_chip_open (chip, cancellable, error);

      if (channel == NULL)
        return FALSE;
      if (lpad_es10c_memory_reset (channel, options, &local))
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

/* A chip that said no has nothing to refresh; one of which that is not known is better reset once too often.
 */
static LpadInventory *
read_after (LpadChip *chip, const LpadInventory *before, guint options, GError *error_of_command)
{
  g_autoptr (GError) error = NULL;
  gboolean refused = result_of (error_of_command) > 0;
  gboolean lost = error_of_command != NULL && !refused;
  LpadInventory *seen;

  if ((lost || (!refused && affects_enabled (before, options))) && !lpad_chip_reset (chip, NULL, &error))
    g_debug ("The chip cannot be reset after the reset of its memory: %s", error->message);
  g_clear_error (&error);
  seen = lpad_inventory_reread (chip, NULL, &error);
  if (seen == NULL)
    g_debug ("The chip cannot be read after the reset of its memory: %s", error->message);
  return seen;
}

/* Whether the chip shows what a reset leaves behind. Of test profiles those of the maker stay, and an address
 * may have been the maker's: of these it is enough that some have gone, or that nothing else can be seen. */
static gboolean
shows_reset (const LpadInventory *before, const LpadInventory *now, guint options, gboolean accepted)
{
  gboolean fewer_tests
      = count_affected (now, LPAD_RESET_TEST_PROFILES) < count_affected (before, LPAD_RESET_TEST_PROFILES);
  gboolean other_address = g_strcmp0 (before->default_smdp_address, now->default_smdp_address) != 0;

  if ((options & LPAD_RESET_OPERATIONAL_PROFILES) != 0)
    return count_affected (now, LPAD_RESET_OPERATIONAL_PROFILES) == 0
           && (accepted || count_affected (before, LPAD_RESET_OPERATIONAL_PROFILES) > 0);
  if ((options & LPAD_RESET_DEFAULT_SMDP_ADDRESS) != 0)
    return accepted || other_address;
  return fewer_tests || (accepted && count_affected (before, LPAD_RESET_TEST_PROFILES) == 0);
}

/* The chip holds nothing of what was meant, and its list says the same. */
static gboolean
is_nothing (const LpadInventory *now, guint options, GError *error_of_command)
{
  return result_of (error_of_command) == NOTHING_TO_DELETE
         && count_affected (now, options & LPAD_RESET_OPERATIONAL_PROFILES) == 0;
}

static void
set_not_so (GError **error, gboolean was_read)
{
  LpadErrorDetails *details;

  g_set_error_literal (
      error,
      LPAD_ERROR,
      LPAD_ERROR_CARD_ERROR,
      was_read ? "The chip accepted the reset of its memory, but the profiles are still in its list"
               : "The chip accepted the reset of its memory, but could not be read afterwards");
  details = error != NULL ? lpad_error_details (*error) : NULL;
  if (details == NULL)
    return;
  details->advice = "Remove and insert the card, or restart the device, and look at the list again.";
  details->retry = LPAD_RETRY_LATER;
}

gboolean
lpad_reset_memory (LpadChip *chip,
                   const LpadInventory *before,
                   guint options,
                   LpadInventory **after,
                   GCancellable *cancellable,
                   GError **error)
{
  g_autoptr (GError) local = NULL;
  g_autoptr (LpadInventory) seen = NULL;
  gboolean accepted, done;

  g_return_val_if_fail (before != NULL, FALSE);

  if (lpad_chip_open (chip, cancellable, error) == NULL)
    return FALSE; /* nothing has been sent, there is nothing to find out */
  accepted = send_patiently (chip, options, cancellable, &local);
  if (g_error_matches (local, LPAD_ERROR, LPAD_ERROR_CANCELLED))
    {
      g_propagate_error (error, g_steal_pointer (&local));
      return FALSE;
    }

  seen = read_after (chip, before, options, local);
  done = seen != NULL && (shows_reset (before, seen, options, accepted) || is_nothing (seen, options, local));
  if (!done && accepted)
    set_not_so (error, seen != NULL);
  else if (!done)
    g_propagate_error (error, g_steal_pointer (&local));
  else if (!accepted)
    g_debug ("The chip's memory is as wanted in spite of: %s", local->message);
  if (after != NULL)
    *after = g_steal_pointer (&seen);
  return done;
}
