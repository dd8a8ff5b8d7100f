/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "euicc-objects.h"

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

static void
update_notifications (LpadEuiccObjects *objects, const LpadInventory *inventory)
{
  g_autoptr (GArray) pending = g_array_new (FALSE, FALSE, sizeof (guint64));
  gint64 now = g_get_real_time () / G_USEC_PER_SEC;
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
      LpadNotificationObject *object = g_hash_table_lookup (objects->notifications, &number);
      LpadAttempts attempts = lpad_store_get_attempts (objects->core->store, inventory->eid, number, now);

      g_array_append_val (pending, number);
      if (object == NULL)
        {
          object = lpad_notification_object_new (objects->euicc, info);
          g_hash_table_insert (objects->notifications, g_memdup2 (&number, sizeof number), object);
        }
      lpad_notification_object_set_attempts (object, &attempts, NULL);
    }
  lpad_store_keep_only (objects->core->store, inventory->eid, pending);
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
  const char *eid = lpad_euicc_inventory (objects->euicc)->eid;

  for (guint i = 0; i < deliveries->len; i++)
    {
      const LpadDelivery *delivery = g_ptr_array_index (deliveries, i);
      LpadNotificationObject *object
          = g_hash_table_lookup (objects->notifications, &delivery->sequence_number);
      LpadAttempts attempts;

      if (delivery->error == NULL)
        continue;
      lpad_store_add_failure (objects->core->store, eid, delivery->sequence_number, now);
      attempts = lpad_store_get_attempts (objects->core->store, eid, delivery->sequence_number, now);
      if (object != NULL)
        lpad_notification_object_set_attempts (object, &attempts, delivery->error->message);
    }
}

gboolean
lpad_euicc_objects_next_attempt (LpadEuiccObjects *objects, gint64 now, gint64 *next)
{
  const LpadInventory *inventory = lpad_euicc_inventory (objects->euicc);
  gint64 first = G_MAXINT64;

  for (guint i = 0; i < inventory->notifications->len; i++)
    {
      const LpadNotificationInfo *info = g_ptr_array_index (inventory->notifications, i);
      LpadAttempts attempts
          = lpad_store_get_attempts (objects->core->store, inventory->eid, info->sequence_number, now);

      first = MIN (first, attempts.next);
    }
  if (inventory->notifications->len == 0)
    return FALSE;
  *next = MAX (first, now);
  return TRUE;
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
