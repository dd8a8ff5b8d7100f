/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "changes.h"

#include "bus-call.h"

void
lpad_nm_make_free (LpadNmMake *make)
{
  g_free (make->id);
  g_free (make->iccid);
  g_free (make->apn);
  g_free (make->mark);
  g_free (make);
}

GVariant *
lpad_nm_make_settings (const LpadNmMake *make, int priority, char **uuid)
{
  *uuid = g_uuid_string_random ();
  return lpad_nm_connection_make (make->id, *uuid, make->iccid, make->apn, make->mark, priority);
}

static gboolean
make_one (GDBusConnection *bus,
          LpadNmJournal *journal,
          const char *modem,
          const LpadNmChange *change,
          const LpadNmMake *make,
          GError **error)
{
  g_autofree char *uuid = NULL;
  g_autoptr (GVariant) settings = g_variant_ref_sink (lpad_nm_make_settings (make, change->priority, &uuid));
  const LpadNmEntry entry = {
    .uuid = uuid,
    .made = TRUE,
    .autoconnect = TRUE,
    .set_priority = change->priority,
    .set_autoconnect = TRUE,
  };

  lpad_nm_journal_add (journal, modem, &entry);
  return lpad_nm_network_add (bus, settings, error);
}

/* A connection that has just been removed needs no change any more; its entry goes when all is put back. */
static gboolean
change_one (GDBusConnection *bus,
            LpadNmJournal *journal,
            const char *modem,
            const LpadNmChange *change,
            GError **error)
{
  const LpadNmConnection *connection = change->connection;
  const LpadNmEntry entry = {
    .uuid = connection->uuid,
    .priority = connection->priority,
    .autoconnect = connection->autoconnect,
    .set_priority = change->priority,
    .set_autoconnect = change->autoconnect,
    .saved = connection->saved,
  };
  g_autoptr (GError) failed = NULL;

  lpad_nm_journal_add (journal, modem, &entry);
  if (lpad_nm_network_update (bus,
                              connection,
                              lpad_nm_connection_change (connection, change->priority, change->autoconnect),
                              FALSE,
                              &failed)
      || lpad_nm_is_gone (failed))
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&failed));
  return FALSE;
}

gboolean
lpad_nm_changes_apply (GDBusConnection *bus,
                       LpadNmJournal *journal,
                       const char *modem,
                       GPtrArray *plan,
                       const LpadNmMake *make,
                       GError **error)
{
  for (guint i = 0; i < plan->len; i++)
    {
      const LpadNmChange *change = g_ptr_array_index (plan, i);

      if (change->connection != NULL)
        {
          if (!change_one (bus, journal, modem, change, error))
            return FALSE;
        }
      else if (make != NULL && !make_one (bus, journal, modem, change, make, error))
        return FALSE;
    }
  return TRUE;
}

LpadNmRestore
lpad_nm_changes_restore (const LpadNmEntry *entry, const LpadNmConnection *connection, const char *iccid)
{
  /* A user who edits a connection saves it, or sets other values. */
  gboolean saved_by_user = !connection->unsaved;
  LpadNmRestore restore = {
    .priority = connection->priority == entry->set_priority ? entry->priority : connection->priority,
    .autoconnect
    = connection->autoconnect == entry->set_autoconnect ? entry->autoconnect : connection->autoconnect,
    .save = entry->saved || entry->made || saved_by_user,
  };

  if (entry->made && !saved_by_user && g_strcmp0 (connection->sim_id, iccid) != 0)
    restore.remove = TRUE;
  else
    restore.update = restore.priority != connection->priority
                     || restore.autoconnect != connection->autoconnect
                     || (restore.save && connection->unsaved);
  return restore;
}

static gboolean
put_back_one (GDBusConnection *bus,
              const LpadNmEntry *entry,
              const LpadNmConnection *connection,
              const char *iccid,
              GError **error)
{
  LpadNmRestore restore = lpad_nm_changes_restore (entry, connection, iccid);

  if (restore.remove)
    return lpad_nm_network_remove (bus, connection, error);
  if (!restore.update)
    return TRUE;
  return lpad_nm_network_update (
      bus,
      connection,
      lpad_nm_connection_change (connection, restore.priority, restore.autoconnect),
      restore.save,
      error);
}

void
lpad_nm_changes_put_back (GDBusConnection *bus,
                          LpadNmJournal *journal,
                          const LpadNmNetwork *network,
                          const char *modem,
                          const char *iccid)
{
  GPtrArray *entries = lpad_nm_journal_get (journal);

  for (guint i = entries->len; network->managed && i > 0; i--)
    {
      const LpadNmEntry *entry = g_ptr_array_index (entries, i - 1);
      const LpadNmConnection *connection = lpad_nm_network_find (network, entry->uuid);
      g_autoptr (GError) error = NULL;

      if (!g_str_equal (entry->modem, modem))
        continue;
      if (connection == NULL || put_back_one (bus, entry, connection, iccid, &error)
          || lpad_nm_is_gone (error))
        lpad_nm_journal_remove (journal, entry->uuid);
      else
        g_warning ("A connection is not yet as it was before the switch: %s", error->message);
    }
}
