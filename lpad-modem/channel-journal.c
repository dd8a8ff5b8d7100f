/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "channel-journal.h"

#define FIELDS      3 /* of a line: device, slot, channel; or: device, slot, OPENING, channels before or NONE */
#define OPENING     "opening"
#define NONE        "-"
#define SLOT_MAX    8
#define CHANNEL_MAX 19
#define ENTRIES_MAX 256

typedef struct
{
  char *device;
  guint slot;
  guint8 card_channel; /* 0: it is being opened */
  guint32 before;      /* then: the channels that were open before; all bits: not known */
  gboolean old;        /* nobody owns it any more */
} Entry;

struct _LpadModemJournal
{
  char *path;
  GPtrArray *entries; /* of Entry */
};

static void
entry_free (gpointer data)
{
  Entry *entry = data;

  g_free (entry->device);
  g_free (entry);
}

static Entry *
add (LpadModemJournal *journal, const char *device, guint slot, guint8 card_channel, gboolean old)
{
  Entry *entry = g_new0 (Entry, 1);

  entry->device = g_strdup (device);
  entry->slot = slot;
  entry->card_channel = card_channel;
  entry->old = old;
  g_ptr_array_add (journal->entries, entry);
  return entry;
}

/* Lines that are none are left out: then a channel is left open, which is better than to close a wrong one.
 */
static void
read_line (LpadModemJournal *journal, const char *line)
{
  g_auto (GStrv) fields = g_strsplit (line, " ", FIELDS + 2);
  guint number = g_strv_length (fields);
  guint64 slot, channel, before = G_MAXUINT32;

  if (number < FIELDS || journal->entries->len >= ENTRIES_MAX
      || !g_ascii_string_to_unsigned (fields[1], 10, 1, SLOT_MAX, &slot, NULL))
    return;
  if (number == FIELDS && g_ascii_string_to_unsigned (fields[2], 10, 1, CHANNEL_MAX, &channel, NULL))
    add (journal, fields[0], (guint) slot, (guint8) channel, TRUE);
  else if (number == FIELDS + 1 && g_str_equal (fields[2], OPENING)
           && (g_str_equal (fields[3], NONE)
               || g_ascii_string_to_unsigned (fields[3], 16, 0, G_MAXUINT32, &before, NULL)))
    add (journal, fields[0], (guint) slot, 0, TRUE)->before = (guint32) before;
}

static void
save (LpadModemJournal *journal)
{
  g_autoptr (GString) text = g_string_new (NULL);
  g_autoptr (GError) error = NULL;

  if (journal->path == NULL)
    return;
  for (guint i = 0; i < journal->entries->len; i++)
    {
      const Entry *entry = g_ptr_array_index (journal->entries, i);

      if (entry->card_channel != 0)
        g_string_append_printf (text, "%s %u %u\n", entry->device, entry->slot, entry->card_channel);
      else if (entry->before == G_MAXUINT32)
        g_string_append_printf (text, "%s %u " OPENING " " NONE "\n", entry->device, entry->slot);
      else
        g_string_append_printf (text, "%s %u " OPENING " %x\n", entry->device, entry->slot, entry->before);
    }
  if (!g_file_set_contents (journal->path, text->str, (gssize) text->len, &error))
    g_warning ("After a crash channels will stay open: %s", error->message);
}

void
lpad_modem_journal_read (LpadModemJournal *journal, const char *text)
{
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);

  for (char **line = lines; *line != NULL; line++)
    read_line (journal, *line);
}

LpadModemJournal *
lpad_modem_journal_new (const char *path)
{
  LpadModemJournal *journal = g_new0 (LpadModemJournal, 1);
  g_autofree char *text = NULL;

  journal->path = g_strdup (path);
  journal->entries = g_ptr_array_new_with_free_func (entry_free);
  if (path != NULL && g_file_get_contents (path, &text, NULL, NULL))
    lpad_modem_journal_read (journal, text);
  return journal;
}

void
lpad_modem_journal_free (LpadModemJournal *journal)
{
  g_ptr_array_unref (journal->entries);
  g_free (journal->path);
  g_free (journal);
}

static gboolean
is_of (const Entry *entry, const char *device, guint slot)
{
  return entry->slot == slot && g_str_equal (entry->device, device);
}

static Entry *
find_opening (LpadModemJournal *journal, const char *device, guint slot)
{
  for (guint i = 0; i < journal->entries->len; i++)
    {
      Entry *entry = g_ptr_array_index (journal->entries, i);

      if (is_of (entry, device, slot) && entry->card_channel == 0)
        return entry;
    }
  return NULL;
}

void
lpad_modem_journal_opening (LpadModemJournal *journal, const char *device, guint slot, const guint32 *before)
{
  if (find_opening (journal, device, slot) != NULL)
    return;
  add (journal, device, slot, 0, FALSE)->before = before != NULL ? *before : G_MAXUINT32;
  save (journal);
}

void
lpad_modem_journal_not_opened (LpadModemJournal *journal, const char *device, guint slot)
{
  if (g_ptr_array_remove (journal->entries, find_opening (journal, device, slot)))
    save (journal);
}

gboolean
lpad_modem_journal_is_opening (LpadModemJournal *journal, const char *device, guint slot, guint32 *before)
{
  const Entry *entry = find_opening (journal, device, slot);

  if (entry != NULL)
    *before = entry->before;
  return entry != NULL;
}

void
lpad_modem_journal_opened (LpadModemJournal *journal, const char *device, guint slot, guint8 card_channel)
{
  g_ptr_array_remove (journal->entries, find_opening (journal, device, slot));
  add (journal, device, slot, card_channel, FALSE);
  save (journal);
}

void
lpad_modem_journal_closed (LpadModemJournal *journal, const char *device, guint slot, guint8 card_channel)
{
  for (guint i = 0; i < journal->entries->len; i++)
    {
      const Entry *entry = g_ptr_array_index (journal->entries, i);

      if (is_of (entry, device, slot) && entry->card_channel == card_channel)
        {
          g_ptr_array_remove_index (journal->entries, i);
          break;
        }
    }
  save (journal);
}

void
lpad_modem_journal_reset (LpadModemJournal *journal, const char *device, guint slot)
{
  for (guint i = journal->entries->len; i > 0; i--)
    {
      if (is_of (g_ptr_array_index (journal->entries, i - 1), device, slot))
        g_ptr_array_remove_index (journal->entries, i - 1);
    }
  save (journal);
}

void
lpad_modem_journal_abandon (LpadModemJournal *journal, const char *device)
{
  for (guint i = 0; i < journal->entries->len; i++)
    {
      Entry *entry = g_ptr_array_index (journal->entries, i);

      entry->old = entry->old || g_str_equal (entry->device, device);
    }
}

void
lpad_modem_journal_unplugged (LpadModemJournal *journal, const char *device)
{
  for (guint i = journal->entries->len; i > 0; i--)
    {
      if (g_str_equal (((Entry *) g_ptr_array_index (journal->entries, i - 1))->device, device))
        g_ptr_array_remove_index (journal->entries, i - 1);
    }
  save (journal);
}

guint8
lpad_modem_journal_take_old (LpadModemJournal *journal, const char *device, guint slot)
{
  for (guint i = 0; i < journal->entries->len; i++)
    {
      const Entry *entry = g_ptr_array_index (journal->entries, i);
      guint8 card_channel = entry->card_channel;

      if (!entry->old || card_channel == 0 || !is_of (entry, device, slot))
        continue;
      g_ptr_array_remove_index (journal->entries, i);
      save (journal);
      return card_channel;
    }
  return 0;
}
