/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "inventory.h"

#include "error-details.h"
#include "es10a.h"
#include "es10c.h"

/* A chip without addresses or notifications is a chip all the same: only one that has lost the channel ends
 * the reading. */
static gboolean
is_refusal (LpadChannel *channel, GError *error)
{
  LpadErrorDetails *details = lpad_error_details (error);

  return details != NULL && (details->status_word != 0 || details->result >= 0)
         && lpad_channel_is_usable (channel);
}

static GPtrArray *
read_notifications (LpadChannel *channel, GError **error)
{
  g_autoptr (GError) local = NULL;
  GPtrArray *notifications = lpad_es10b_list_notifications (channel, &local);

  if (notifications == NULL && is_refusal (channel, local))
    {
      /* It may have been a passing mood, and a list taken for empty keeps its notifications from being sent.
       */
      g_clear_error (&local);
      notifications = lpad_es10b_list_notifications (channel, &local);
    }
  if (notifications != NULL)
    {
      g_ptr_array_sort (notifications, lpad_notification_info_compare);
      return notifications;
    }
  if (is_refusal (channel, local))
    {
      g_warning ("The chip does not list its notifications: %s", local->message);
      return g_ptr_array_new_with_free_func ((GDestroyNotify) lpad_notification_info_free);
    }
  g_propagate_error (error, g_steal_pointer (&local));
  return NULL;
}

static gboolean
read_addresses (LpadChannel *channel, LpadInventory *inventory, GError **error)
{
  g_autoptr (GError) local = NULL;

  if (lpad_es10a_get_configured_addresses (
          channel, &inventory->default_smdp_address, &inventory->root_smds_address, &local))
    return TRUE;
  if (!is_refusal (channel, local))
    {
      g_propagate_error (error, g_steal_pointer (&local));
      return FALSE;
    }
  g_warning ("The chip does not tell its addresses: %s", local->message);
  inventory->default_smdp_address = g_strdup ("");
  inventory->root_smds_address = g_strdup ("");
  return TRUE;
}

/* What changes from one operation to the next */
static gboolean
read_contents (LpadChannel *channel, LpadInventory *inventory, GCancellable *cancellable, GError **error)
{
  inventory->info = lpad_es10b_get_euicc_info2 (channel, error);
  if (inventory->info == NULL || !lpad_check_cancelled (cancellable, error))
    return FALSE;
  inventory->profiles = lpad_es10c_get_profiles_info (channel, LPAD_PROFILES_FULL, error);
  if (inventory->profiles == NULL || !lpad_check_cancelled (cancellable, error))
    return FALSE;
  inventory->notifications = read_notifications (channel, error);
  return inventory->notifications != NULL;
}

static void
inventory_clear (gpointer data)
{
  LpadInventory *inventory = data;

  g_free (inventory->eid);
  g_clear_pointer (&inventory->info, lpad_euicc_info_free);
  g_free (inventory->default_smdp_address);
  g_free (inventory->root_smds_address);
  g_clear_pointer (&inventory->profiles, g_ptr_array_unref);
  g_clear_pointer (&inventory->notifications, g_ptr_array_unref);
}

LpadInventory *
lpad_inventory_read (LpadChip *chip, GCancellable *cancellable, GError **error)
{
  g_autoptr (LpadInventory) inventory = g_atomic_rc_box_new0 (LpadInventory);
  LpadChannel *channel = lpad_chip_open (chip, cancellable, error);

  if (channel == NULL)
    return NULL;
  inventory->eid = lpad_es10c_get_eid (channel, error);
  if (inventory->eid == NULL || !read_addresses (channel, inventory, error)
      || !read_contents (channel, inventory, cancellable, error))
    return NULL;
  return g_steal_pointer (&inventory);
}

LpadInventory *
lpad_inventory_update (LpadChip *chip, const LpadInventory *before, GCancellable *cancellable, GError **error)
{
  g_autoptr (LpadInventory) inventory = g_atomic_rc_box_new0 (LpadInventory);
  LpadChannel *channel = lpad_chip_open (chip, cancellable, error);

  if (channel == NULL)
    return NULL;
  inventory->eid = g_strdup (before->eid);
  inventory->default_smdp_address = g_strdup (before->default_smdp_address);
  inventory->root_smds_address = g_strdup (before->root_smds_address);
  if (!read_contents (channel, inventory, cancellable, error))
    return NULL;
  return g_steal_pointer (&inventory);
}

static LpadInventory *
read_or_update (LpadChip *chip, const LpadInventory *before, GError **error)
{
  return before == NULL ? lpad_inventory_read (chip, NULL, error)
                        : lpad_inventory_update (chip, before, NULL, error);
}

LpadInventory *
lpad_inventory_reread (LpadChip *chip, const LpadInventory *before, GError **error)
{
  g_autoptr (GError) local = NULL;
  LpadInventory *inventory = read_or_update (chip, before, &local);

  if (inventory != NULL)
    return inventory;
  g_debug ("The chip is reset, because it cannot be read: %s", local->message);
  g_clear_error (&local);
  if (!lpad_chip_reset (chip, NULL, &local))
    g_debug ("The chip cannot be reset: %s", local->message);
  return read_or_update (chip, before, error);
}

LpadInventory *
lpad_inventory_ref (LpadInventory *inventory)
{
  return g_atomic_rc_box_acquire (inventory);
}

void
lpad_inventory_unref (LpadInventory *inventory)
{
  if (inventory != NULL)
    g_atomic_rc_box_release_full (inventory, inventory_clear);
}

const LpadProfile *
lpad_inventory_find_profile (const LpadInventory *inventory, GBytes *iccid)
{
  for (guint i = 0; i < inventory->profiles->len; i++)
    {
      const LpadProfile *profile = g_ptr_array_index (inventory->profiles, i);

      if (g_bytes_equal (profile->iccid, iccid))
        return profile;
    }
  return NULL;
}

GBytes *
lpad_inventory_icon (LpadChip *chip,
                     GBytes *iccid,
                     LpadIconType *type,
                     GCancellable *cancellable,
                     GError **error)
{
  LpadChannel *channel = lpad_chip_open (chip, cancellable, error);

  return channel == NULL ? NULL : lpad_es10c_get_icon (channel, iccid, type, error);
}
