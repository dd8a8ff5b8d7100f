/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "interruptions.h"

#include "interruption.h"
#include "operation.h"

#define SHOWN_MAX 8 /* of a chip; the oldest go */

struct _LpadInterruptions
{
  LpadEuicc *euicc;
  GPtrArray *entries; /* LpadJournalEntry, oldest first */
};

static void
entry_free (gpointer data)
{
  lpad_journal_entry_free (data);
}

static void
drop (LpadInterruptions *interruptions, guint index)
{
  lpad_journal_entry_remove (interruptions->entries->pdata[index]);
  g_ptr_array_remove_index (interruptions->entries, index);
}

/* Only it says what has to be enabled again: it stays until that is done. */
static gboolean
is_way_back (const LpadJournalEntry *entry)
{
  return lpad_journal_entry_is_detour (entry) && lpad_journal_entry_is_open (entry);
}

static void
drop_oldest (LpadInterruptions *interruptions)
{
  guint i = 0;

  while (i + 1 < interruptions->entries->len && is_way_back (interruptions->entries->pdata[i]))
    i++;
  drop (interruptions, i);
}

LpadInterruptions *
lpad_interruptions_new (LpadEuicc *euicc)
{
  LpadInterruptions *interruptions = g_new0 (LpadInterruptions, 1);

  interruptions->euicc = euicc;
  interruptions->entries = g_ptr_array_new_with_free_func (entry_free);
  lpad_interruptions_publish (interruptions);
  return interruptions;
}

void
lpad_interruptions_free (LpadInterruptions *interruptions)
{
  g_ptr_array_unref (interruptions->entries);
  g_free (interruptions);
}

void
lpad_interruptions_publish (LpadInterruptions *interruptions)
{
  const LpadInventory *inventory = lpad_euicc_inventory (interruptions->euicc);
  GVariantBuilder builder;

  while (interruptions->entries->len > SHOWN_MAX)
    drop_oldest (interruptions);
  g_variant_builder_init (&builder, G_VARIANT_TYPE ("aa{sv}"));
  for (guint i = 0; i < interruptions->entries->len; i++)
    {
      const LpadJournalEntry *entry = interruptions->entries->pdata[i];
      const LpadProfile *profile = lpad_interruption_profile (entry, inventory);
      const char *path
          = profile != NULL ? lpad_euicc_profile_path (interruptions->euicc, profile->iccid) : NULL;

      g_variant_builder_add_value (&builder, lpad_interruption_describe (entry, inventory, path));
    }
  lpad_bus_euicc_set_interruptions (LPAD_BUS_EUICC (interruptions->euicc), g_variant_builder_end (&builder));
}

/* An operation that still runs writes to its record: it is not interrupted. */
static gboolean
is_running (LpadCore *core, const LpadJournalEntry *entry)
{
  for (guint i = 0; i < core->operations->len; i++)
    {
      if (entry->path != NULL && lpad_operation_writes (core->operations->pdata[i], entry->path))
        return TRUE;
    }
  return FALSE;
}

void
lpad_interruptions_set (LpadInterruptions *interruptions, GPtrArray *entries)
{
  g_ptr_array_unref (interruptions->entries);
  interruptions->entries = entries;
  for (guint i = entries->len; i > 0; i--)
    {
      if (is_running (lpad_euicc_core (interruptions->euicc), entries->pdata[i - 1]))
        g_ptr_array_remove_index (entries, i - 1);
    }
  lpad_interruptions_publish (interruptions);
}

const LpadJournalEntry *
lpad_interruptions_find_order (LpadInterruptions *interruptions, const char *address, const char *name)
{
  for (guint i = interruptions->entries->len; i > 0; i--)
    {
      const LpadJournalEntry *entry = interruptions->entries->pdata[i - 1];

      if (lpad_journal_entry_is_order (entry, address, name))
        return entry;
    }
  return NULL;
}

void
lpad_interruptions_supersede (LpadInterruptions *interruptions, const LpadJournalEntry *entry)
{
  for (guint i = interruptions->entries->len; i > 0; i--)
    {
      if (lpad_journal_entry_is_done_anew (interruptions->entries->pdata[i - 1], entry))
        drop (interruptions, i - 1);
    }
  lpad_interruptions_publish (interruptions);
}

void
lpad_interruptions_acknowledge (LpadInterruptions *interruptions)
{
  for (guint i = interruptions->entries->len; i > 0; i--)
    {
      if (!is_way_back (interruptions->entries->pdata[i - 1]))
        drop (interruptions, i - 1);
    }
  lpad_interruptions_publish (interruptions);
}

const LpadJournalEntry *
lpad_interruptions_find_detour (LpadInterruptions *interruptions)
{
  for (guint i = 0; i < interruptions->entries->len; i++)
    {
      if (is_way_back (interruptions->entries->pdata[i]))
        return interruptions->entries->pdata[i];
    }
  return NULL;
}

void
lpad_interruptions_settle_detours (LpadInterruptions *interruptions)
{
  const LpadInventory *inventory = lpad_euicc_inventory (interruptions->euicc);

  for (guint i = 0; i < interruptions->entries->len; i++)
    {
      LpadJournalEntry *entry = interruptions->entries->pdata[i];

      if (!is_way_back (entry))
        continue;
      lpad_interruption_settle (entry, inventory);
      lpad_journal_entry_save (entry);
    }
  lpad_interruptions_publish (interruptions);
}

static void
add (LpadInterruptions *interruptions, LpadJournalEntry *entry)
{
  g_ptr_array_add (interruptions->entries, entry);
  lpad_interruptions_publish (interruptions);
}

/* The bus answers in order: by now it has the news, too. */
static void
on_told (GObject *connection, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (LpadJournalEntry) entry = user_data;
  g_autoptr (GVariant) answer = g_dbus_connection_call_finish (G_DBUS_CONNECTION (connection), result, NULL);

  if (answer != NULL)
    lpad_journal_entry_remove (entry);
}

static void
remove_when_told (LpadCore *core, LpadJournalEntry *entry)
{
  g_dbus_connection_call (core->connection,
                          "org.freedesktop.DBus",
                          "/org/freedesktop/DBus",
                          "org.freedesktop.DBus",
                          "GetId",
                          NULL,
                          NULL,
                          G_DBUS_CALL_FLAGS_NONE,
                          -1,
                          NULL,
                          on_told,
                          entry);
}

LpadJournalEntry *
lpad_interruptions_take_trial (LpadInterruptions *interruptions)
{
  LpadJournalEntry *trial = NULL;

  for (guint i = interruptions->entries->len; i > 0 && trial == NULL; i--)
    {
      if (lpad_interruption_is_trial (interruptions->entries->pdata[i - 1]))
        trial = g_ptr_array_steal_index (interruptions->entries, i - 1);
    }
  if (trial != NULL)
    lpad_interruptions_publish (interruptions);
  return trial;
}

/* Of a download, or a trial, that nobody was told of it is worth knowing that it has changed something. */
static gboolean
is_worth_telling (const LpadJournalEntry *entry)
{
  if (entry->phase >= LPAD_PHASE_TRIAL)
    return TRUE;
  return g_str_equal (entry->kind, "download") && entry->outcome > LPAD_OUTCOME_NOTHING;
}

void
lpad_interruptions_end (LpadEuicc *euicc, LpadJournalEntry *entry, gboolean told)
{
  LpadInterruptions *interruptions = lpad_euicc_interruptions (euicc);
  gboolean keep = lpad_journal_entry_is_open (entry) || entry->trial_s != 0;

  if (!keep && !told && is_worth_telling (entry))
    {
      lpad_journal_entry_save (entry);
      keep = TRUE;
    }
  if (keep && interruptions != NULL)
    add (interruptions, entry);
  else if (keep || !entry->written)
    lpad_journal_entry_free (entry); /* the file tells whoever finds the chip again */
  else
    remove_when_told (lpad_euicc_core (euicc), entry);
}
