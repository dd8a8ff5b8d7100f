/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "euicc-objects.h"

#include <string.h>

#include "address.h"
#include "bus-object.h"
#include "notification-object.h"
#include "profile-object.h"

struct _LpadEuiccObjects
{
  LpadEuicc *euicc;
  LpadCore *core;
  GHashTable *profiles;      /* GBytes: ICCID -> LpadProfileObject */
  GHashTable *notifications; /* guint64: sequence number -> LpadNotificationObject */
  guint next_profile;
};

LpadEuiccObjects *
lpad_euicc_objects_new (LpadEuicc *euicc)
{
  LpadEuiccObjects *objects = g_new0 (LpadEuiccObjects, 1);

  objects->euicc = euicc;
  objects->core = lpad_euicc_core (euicc);
  objects->profiles
      = g_hash_table_new_full (g_bytes_hash, g_bytes_equal, (GDestroyNotify) g_bytes_unref, g_object_unref);
  objects->notifications = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, g_object_unref);
  return objects;
}

void
lpad_euicc_objects_free (LpadEuiccObjects *objects)
{
  GHashTableIter iter;
  gpointer object;

  g_hash_table_iter_init (&iter, objects->profiles);
  while (g_hash_table_iter_next (&iter, NULL, &object))
    lpad_bus_object_unexport (objects->core, lpad_profile_object_path (object));
  g_hash_table_iter_init (&iter, objects->notifications);
  while (g_hash_table_iter_next (&iter, NULL, &object))
    lpad_bus_object_unexport (objects->core, lpad_notification_object_path (object));
  g_hash_table_unref (objects->profiles);
  g_hash_table_unref (objects->notifications);
  g_free (objects);
}

static gboolean
has_notification (const LpadInventory *inventory, guint64 sequence_number)
{
  for (guint i = 0; i < inventory->notifications->len; i++)
    {
      const LpadNotificationInfo *info = g_ptr_array_index (inventory->notifications, i);

      if (info->sequence_number == sequence_number)
        return TRUE;
    }
  return FALSE;
}

static void
update_profiles (LpadEuiccObjects *objects, const LpadInventory *inventory)
{
  GHashTableIter iter;
  gpointer key, value;

  g_hash_table_iter_init (&iter, objects->profiles);
  while (g_hash_table_iter_next (&iter, &key, &value))
    {
      if (lpad_inventory_find_profile (inventory, key) != NULL)
        continue;
      lpad_bus_object_unexport (objects->core, lpad_profile_object_path (value));
      g_hash_table_iter_remove (&iter);
    }

  for (guint i = 0; i < inventory->profiles->len; i++)
    {
      const LpadProfile *profile = g_ptr_array_index (inventory->profiles, i);
      LpadProfileObject *object = g_hash_table_lookup (objects->profiles, profile->iccid);

      if (object != NULL)
        lpad_profile_object_update (object, profile);
      else
        g_hash_table_insert (objects->profiles,
                             g_bytes_ref (profile->iccid),
                             lpad_profile_object_new (objects->euicc, objects->next_profile++, profile));
    }
}

/* The name of the server at @address as sentences have it; "": @address is none. */
static char *
host_of (const char *address)
{
  g_autofree char *normal = address != NULL ? lpad_address_normalise (address, strlen (address), NULL) : NULL;

  return normal != NULL ? lpad_address_host (normal) : g_strdup ("");
}

static char *
failure_of (LpadEuiccObjects *objects, const LpadInventory *inventory, const LpadNotificationInfo *info)
{
  g_autofree char *host = host_of (info->address);

  return lpad_store_get_failure (objects->core->store, inventory->eid, info->sequence_number, host);
}

/* What waits behind another one for the same recipient, the one at @place, waits for the time of that one,
 * and if it was not tried itself, for its reason. */
static void
wait_behind (LpadEuiccObjects *objects,
             const LpadInventory *inventory,
             guint place,
             LpadAttempts *attempts,
             char **failure)
{
  const LpadNotificationInfo *info = g_ptr_array_index (inventory->notifications, place);
  gint64 now = g_get_real_time () / G_USEC_PER_SEC;

  attempts->next
      = lpad_store_get_attempts (objects->core->store, inventory->eid, info->sequence_number, now).next;
  if (*failure == NULL)
    *failure = failure_of (objects, inventory, info);
}

/* What became of the tries so far. What waits behind another one for the same recipient waits for the time,
 * and for the reason, of that one. */
static void
show_attempts (LpadEuiccObjects *objects, const LpadInventory *inventory)
{
  g_autoptr (GHashTable) first = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  LpadStore *store = objects->core->store;
  gint64 now = g_get_real_time () / G_USEC_PER_SEC;

  for (guint i = 0; i < inventory->notifications->len; i++)
    {
      const LpadNotificationInfo *info = g_ptr_array_index (inventory->notifications, i);
      g_autofree char *recipient = lpad_notification_object_recipient (info);
      LpadAttempts attempts = lpad_store_get_attempts (store, inventory->eid, info->sequence_number, now);
      g_autofree char *failure = failure_of (objects, inventory, info);
      guint before = GPOINTER_TO_UINT (g_hash_table_lookup (first, recipient)); /* place, from 1 */

      if (before == 0)
        g_hash_table_insert (first, g_steal_pointer (&recipient), GUINT_TO_POINTER (i + 1));
      else
        wait_behind (objects, inventory, before - 1, &attempts, &failure);
      lpad_notification_object_set_attempts (
          g_hash_table_lookup (objects->notifications, &info->sequence_number), &attempts, failure);
    }
}

static void
update_notifications (LpadEuiccObjects *objects, const LpadInventory *inventory)
{
  g_autoptr (GArray) pending = g_array_new (FALSE, FALSE, sizeof (guint64));
  GHashTableIter iter;
  gpointer key, value;

  g_hash_table_iter_init (&iter, objects->notifications);
  while (g_hash_table_iter_next (&iter, &key, &value))
    {
      if (has_notification (inventory, *(const guint64 *) key))
        continue;
      lpad_bus_object_unexport (objects->core, lpad_notification_object_path (value));
      g_hash_table_iter_remove (&iter);
    }

  for (guint i = 0; i < inventory->notifications->len; i++)
    {
      const LpadNotificationInfo *info = g_ptr_array_index (inventory->notifications, i);
      guint64 number = info->sequence_number;

      g_array_append_val (pending, number);
      if (!g_hash_table_contains (objects->notifications, &number))
        g_hash_table_insert (objects->notifications,
                             g_memdup2 (&number, sizeof number),
                             lpad_notification_object_new (objects->euicc, info));
    }
  lpad_store_keep_only (objects->core->store, inventory->eid, pending);
  show_attempts (objects, inventory);
}

void
lpad_euicc_objects_update (LpadEuiccObjects *objects, const LpadInventory *inventory)
{
  update_profiles (objects, inventory);
  update_notifications (objects, inventory);
}

void
lpad_euicc_objects_note_deliveries (LpadEuiccObjects *objects, GPtrArray *deliveries, gint64 now)
{
  const LpadInventory *inventory = lpad_euicc_inventory (objects->euicc);

  for (guint i = 0; i < deliveries->len; i++)
    {
      const LpadDelivery *delivery = g_ptr_array_index (deliveries, i);
      g_autofree char *host = host_of (delivery->address);

      /* What gave way to something else has not had its try, and what is gone needs none. */
      if (delivery->error != NULL && !g_error_matches (delivery->error, LPAD_ERROR, LPAD_ERROR_CANCELLED)
          && g_hash_table_contains (objects->notifications, &delivery->sequence_number))
        lpad_store_add_failure (
            objects->core->store, inventory->eid, delivery->sequence_number, host, delivery->error, now);
    }
  show_attempts (objects, inventory);
}

const char *
lpad_euicc_objects_profile_path (LpadEuiccObjects *objects, GBytes *iccid)
{
  LpadProfileObject *object = g_hash_table_lookup (objects->profiles, iccid);

  return object != NULL ? lpad_profile_object_path (object) : NULL;
}

void
lpad_euicc_objects_flush (LpadEuiccObjects *objects)
{
  GHashTableIter iter;
  gpointer object;

  g_hash_table_iter_init (&iter, objects->profiles);
  while (g_hash_table_iter_next (&iter, NULL, &object))
    g_dbus_interface_skeleton_flush (G_DBUS_INTERFACE_SKELETON (object));
  g_hash_table_iter_init (&iter, objects->notifications);
  while (g_hash_table_iter_next (&iter, NULL, &object))
    g_dbus_interface_skeleton_flush (G_DBUS_INTERFACE_SKELETON (object));
}
