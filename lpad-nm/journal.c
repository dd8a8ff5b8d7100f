/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "journal.h"

struct _LpadNmJournal
{
  char *path;
  GPtrArray *entries;
};

static void
entry_free (gpointer data)
{
  LpadNmEntry *entry = data;

  g_free (entry->uuid);
  g_free (entry->modem);
  g_free (entry);
}

static LpadNmEntry *
find (LpadNmJournal *journal, const char *uuid)
{
  for (guint i = 0; i < journal->entries->len; i++)
    {
      LpadNmEntry *entry = g_ptr_array_index (journal->entries, i);

      if (g_str_equal (entry->uuid, uuid))
        return entry;
    }
  return NULL;
}

/* A group that says not enough is left out: then a connection stays as it is, which is better than to give it
 * what it never had. */
static void
read_group (LpadNmJournal *journal, GKeyFile *file, const char *uuid)
{
  g_autoptr (GError) error = NULL;
  LpadNmEntry *entry = g_new0 (LpadNmEntry, 1);

  entry->uuid = g_strdup (uuid);
  entry->modem = g_key_file_get_string (file, uuid, "Modem", &error);
  if (error == NULL)
    entry->made = g_key_file_get_boolean (file, uuid, "Made", &error);
  if (error == NULL)
    entry->priority = g_key_file_get_integer (file, uuid, "Priority", &error);
  if (error == NULL)
    entry->autoconnect = g_key_file_get_boolean (file, uuid, "Autoconnect", &error);
  if (error == NULL)
    entry->set_priority = g_key_file_get_integer (file, uuid, "SetPriority", &error);
  if (error == NULL)
    entry->set_autoconnect = g_key_file_get_boolean (file, uuid, "SetAutoconnect", &error);
  if (error == NULL)
    entry->saved = g_key_file_get_boolean (file, uuid, "Saved", &error);
  if (error == NULL)
    g_ptr_array_add (journal->entries, entry);
  else
    entry_free (entry);
}

static void
save (LpadNmJournal *journal)
{
  g_autoptr (GKeyFile) file = g_key_file_new ();
  g_autoptr (GError) error = NULL;

  if (journal->path == NULL)
    return;
  for (guint i = 0; i < journal->entries->len; i++)
    {
      const LpadNmEntry *entry = g_ptr_array_index (journal->entries, i);

      g_key_file_set_string (file, entry->uuid, "Modem", entry->modem);
      g_key_file_set_boolean (file, entry->uuid, "Made", entry->made);
      g_key_file_set_integer (file, entry->uuid, "Priority", entry->priority);
      g_key_file_set_boolean (file, entry->uuid, "Autoconnect", entry->autoconnect);
      g_key_file_set_integer (file, entry->uuid, "SetPriority", entry->set_priority);
      g_key_file_set_boolean (file, entry->uuid, "SetAutoconnect", entry->set_autoconnect);
      g_key_file_set_boolean (file, entry->uuid, "Saved", entry->saved);
    }
  if (!g_key_file_save_to_file (file, journal->path, &error))
    g_warning ("After a crash connections will stay as they are during a switch: %s", error->message);
}

LpadNmJournal *
lpad_nm_journal_new (const char *path)
{
  LpadNmJournal *journal = g_new0 (LpadNmJournal, 1);
  g_autoptr (GKeyFile) file = g_key_file_new ();
  g_auto (GStrv) groups = NULL;

  journal->path = g_strdup (path);
  journal->entries = g_ptr_array_new_with_free_func (entry_free);
  if (path != NULL && g_key_file_load_from_file (file, path, G_KEY_FILE_NONE, NULL))
    groups = g_key_file_get_groups (file, NULL);
  for (char **group = groups; group != NULL && *group != NULL; group++)
    read_group (journal, file, *group);
  return journal;
}

void
lpad_nm_journal_free (LpadNmJournal *journal)
{
  g_ptr_array_unref (journal->entries);
  g_free (journal->path);
  g_free (journal);
}

void
lpad_nm_journal_add (LpadNmJournal *journal, const char *modem, const LpadNmEntry *entry)
{
  LpadNmEntry *known = find (journal, entry->uuid);

  if (known == NULL)
    {
      known = g_new0 (LpadNmEntry, 1);
      *known = *entry;
      known->uuid = g_strdup (entry->uuid);
      known->modem = g_strdup (modem);
      g_ptr_array_add (journal->entries, known);
    }
  known->set_priority = entry->set_priority;
  known->set_autoconnect = entry->set_autoconnect;
  save (journal);
}

void
lpad_nm_journal_remove (LpadNmJournal *journal, const char *uuid)
{
  if (g_ptr_array_remove (journal->entries, find (journal, uuid)))
    save (journal);
}

GPtrArray *
lpad_nm_journal_get (LpadNmJournal *journal)
{
  return journal->entries;
}

gboolean
lpad_nm_journal_has (LpadNmJournal *journal, const char *modem)
{
  for (guint i = 0; i < journal->entries->len; i++)
    {
      const LpadNmEntry *entry = g_ptr_array_index (journal->entries, i);

      if (g_str_equal (entry->modem, modem))
        return TRUE;
    }
  return FALSE;
}
