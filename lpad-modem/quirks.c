/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "quirks.h"

#include <string.h>

#include "conf-folder.h"

#define ENTRIES_MAX   512
#define FILE_MAX      (256 * 1024) /* octets */
#define SEGMENT_MIN   16
#define SEGMENT_MAX   255
#define WAIT_MAX      120 /* seconds */
#define GROUP_MAX     0xFFFF
#define RECOVER_ALL   (LPAD_MODEM_RECOVER_POWER_CYCLE | LPAD_MODEM_RECOVER_INHIBIT | LPAD_MODEM_RECOVER_RESET)
#define MATCH_DRIVER  "Driver"
#define MATCH_USB     "Usb"
#define MATCH_VERSION "Revision"

const LpadModemQuirks LPAD_MODEM_QUIRKS_NONE = {
  .transport = NULL,
  .channel_group = 2,
  .select_p2 = 0x04,
  .refresh = TRUE,
  .refresh_wait = 6,
  .settle_wait = 6,
  .segment = SEGMENT_MAX,
  .recover = RECOVER_ALL,
};

typedef enum
{
  KEY_TRANSPORT,
  KEY_CHANNEL_GROUP,
  KEY_SELECT_P2,
  KEY_REFRESH,
  KEY_REFRESH_WAIT,
  KEY_SETTLE_WAIT,
  KEY_SEGMENT,
  KEY_RECOVER,
  N_KEYS,
} Key;

static const char *const key_names[N_KEYS] = {
  [KEY_TRANSPORT] = "Transport",      [KEY_CHANNEL_GROUP] = "ChannelGroup",
  [KEY_SELECT_P2] = "SelectP2",       [KEY_REFRESH] = "Refresh",
  [KEY_REFRESH_WAIT] = "RefreshWait", [KEY_SETTLE_WAIT] = "SettleWait",
  [KEY_SEGMENT] = "Segment",          [KEY_RECOVER] = "Recover",
};

static const struct
{
  const char *name;
  LpadModemRecover bit;
} steps[] = {
  { "power-cycle", LPAD_MODEM_RECOVER_POWER_CYCLE },
  { "inhibit", LPAD_MODEM_RECOVER_INHIBIT },
  { "reset", LPAD_MODEM_RECOVER_RESET },
};

/* A section of a file: what it is about, and what it says. NULL: it does not say. */
typedef struct
{
  char *driver;
  char *usb;
  char *revision;
  gboolean says[N_KEYS];
  LpadModemQuirks quirks;
} Entry;

struct _LpadModemQuirkTable
{
  GPtrArray *entries;
};

static void
entry_free (gpointer data)
{
  Entry *entry = data;

  g_free (entry->driver);
  g_free (entry->usb);
  g_free (entry->revision);
  g_free (entry);
}

LpadModemQuirkTable *
lpad_modem_quirk_table_new (void)
{
  LpadModemQuirkTable *table = g_new0 (LpadModemQuirkTable, 1);

  table->entries = g_ptr_array_new_with_free_func (entry_free);
  return table;
}

void
lpad_modem_quirk_table_free (LpadModemQuirkTable *table)
{
  g_ptr_array_unref (table->entries);
  g_free (table);
}

/* Values: FALSE for one that is none. What was not understood changes nothing. */

static gboolean
read_number (const char *text, guint base, guint64 minimum, guint64 maximum, guint *number)
{
  guint64 value;

  if (!g_ascii_string_to_unsigned (text, base, minimum, maximum, &value, NULL))
    return FALSE;
  *number = (guint) value;
  return TRUE;
}

static gboolean
read_transport (const char *text, const char **transport)
{
  if (g_str_equal (text, "qmi"))
    *transport = "qmi";
  else if (g_str_equal (text, "mbim"))
    *transport = "mbim";
  else
    return FALSE;
  return TRUE;
}

static gboolean
read_boolean (const char *text, gboolean *value)
{
  *value = g_str_equal (text, "true");
  return *value || g_str_equal (text, "false");
}

static guint
step_of (const char *name)
{
  for (gsize i = 0; i < G_N_ELEMENTS (steps); i++)
    {
      if (g_str_equal (steps[i].name, name))
        return steps[i].bit;
    }
  return 0;
}

static gboolean
read_recover (const char *text, guint *recover)
{
  g_auto (GStrv) words = g_strsplit (text, ";", G_N_ELEMENTS (steps) + 1);
  guint found = 0;

  for (char **word = words; *word != NULL; word++)
    {
      guint step = step_of (g_strstrip (*word));

      if (step == 0 && **word != '\0')
        return FALSE;
      found |= step;
    }
  *recover = found;
  return TRUE;
}

static gboolean
read_value (LpadModemQuirks *quirks, Key key, const char *text)
{
  switch (key)
    {
    case KEY_TRANSPORT:
      return read_transport (text, &quirks->transport);
    case KEY_CHANNEL_GROUP:
      return read_number (text, 10, 1, GROUP_MAX, &quirks->channel_group);
    case KEY_SELECT_P2:
      return (g_str_equal (text, "04") || g_str_equal (text, "0C"))
             && read_number (text, 16, 0, 0xFF, &quirks->select_p2);
    case KEY_REFRESH:
      return read_boolean (text, &quirks->refresh);
    case KEY_REFRESH_WAIT:
      return read_number (text, 10, 1, WAIT_MAX, &quirks->refresh_wait);
    case KEY_SETTLE_WAIT:
      return read_number (text, 10, 1, WAIT_MAX, &quirks->settle_wait);
    case KEY_SEGMENT:
      return read_number (text, 10, SEGMENT_MIN, SEGMENT_MAX, &quirks->segment);
    case KEY_RECOVER:
      return read_recover (text, &quirks->recover);
    case N_KEYS:
    default:
      return FALSE;
    }
}

/* Files */

typedef struct
{
  const char *name;
  const char *text;
  gsize size;
  GKeyFile *keys;
  LpadModemQuirkWarning warning;
  gpointer user_data;
} File;

/* Whether the line is @key=... */
static gboolean
is_key (const char *line, const char *key)
{
  gsize length = strlen (key);

  return strncmp (line, key, length) == 0
         && (line[length] == '=' || line[length] == ' ' || line[length] == '\t');
}

/* The line of @key in @group, or that of @group; 0: GKeyFile has found what we do not. */
static guint
find_line (const File *file, const char *group, const char *key)
{
  g_autofree char *text = g_strndup (file->text, file->size);
  g_autofree char *header = g_strdup_printf ("[%s]", group);
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  gboolean inside = FALSE;
  guint found = 0;

  for (guint i = 0; lines[i] != NULL; i++)
    {
      const char *line = g_strstrip (lines[i]);

      if (*line == '[')
        inside = g_str_equal (line, header);
      if (inside && (key == NULL ? *line == '[' : is_key (line, key)))
        found = i + 1;
    }
  return found;
}

static void
warn (const File *file, const char *group, const char *key, const char *what)
{
  g_autofree char *message
      = key != NULL
            ? g_strdup_printf (
                "%s:%u: “%s” in [%s] %s", file->name, find_line (file, group, key), key, group, what)
            : g_strdup_printf ("%s:%u: [%s] %s", file->name, find_line (file, group, NULL), group, what);

  g_autofree char *clean = g_utf8_make_valid (message, -1);

  file->warning (clean, file->user_data);
}

static gboolean
read_match (Entry *entry, const char *key, const char *value)
{
  char **field = g_str_equal (key, MATCH_DRIVER)    ? &entry->driver
                 : g_str_equal (key, MATCH_USB)     ? &entry->usb
                 : g_str_equal (key, MATCH_VERSION) ? &entry->revision
                                                    : NULL;

  if (field == NULL)
    return FALSE;
  g_free (*field);
  *field = field == &entry->usb ? g_ascii_strdown (value, -1) : g_strdup (value);
  return TRUE;
}

static void
read_key (const File *file, Entry *entry, const char *group, const char *name)
{
  g_autofree char *value = g_key_file_get_string (file->keys, group, name, NULL);

  if (value == NULL)
    {
      warn (file, group, name, "has a value that is not text; it is left out");
      return;
    }
  g_strstrip (value);
  if (read_match (entry, name, value))
    return;
  for (Key key = 0; key < N_KEYS; key++)
    {
      if (!g_str_equal (key_names[key], name))
        continue;
      entry->says[key] = read_value (&entry->quirks, key, value);
      if (!entry->says[key])
        warn (file, group, name, "has a value that it cannot have; it is left out");
      return;
    }
  warn (file, group, name, "is not known; it is left out");
}

static void
read_group (LpadModemQuirkTable *table, const File *file, const char *group)
{
  g_auto (GStrv) keys = g_key_file_get_keys (file->keys, group, NULL, NULL);
  Entry *entry = g_new0 (Entry, 1);

  entry->quirks = LPAD_MODEM_QUIRKS_NONE;
  for (char **key = keys; key != NULL && *key != NULL; key++)
    read_key (file, entry, group, *key);
  if (entry->driver == NULL && entry->usb == NULL && entry->revision == NULL)
    warn (file, group, NULL, "says of no modem that it is the one; it is left out");
  else if (table->entries->len >= ENTRIES_MAX)
    warn (file, group, NULL, "is one section too many; it is left out");
  else
    {
      g_ptr_array_add (table->entries, entry);
      return;
    }
  entry_free (entry);
}

void
lpad_modem_quirk_table_read (LpadModemQuirkTable *table,
                             const char *name,
                             const char *text,
                             gsize size,
                             LpadModemQuirkWarning warning,
                             gpointer user_data)
{
  g_autoptr (GKeyFile) keys = g_key_file_new ();
  g_autoptr (GError) error = NULL;
  const File file = { name, text, size, keys, warning, user_data };
  g_auto (GStrv) groups = NULL;

  if (size > FILE_MAX || !g_key_file_load_from_data (keys, text, size, G_KEY_FILE_NONE, &error))
    {
      g_autofree char *message
          = g_strdup_printf ("%s is left out: %s", name, error != NULL ? error->message : "it is too long");
      g_autofree char *clean = g_utf8_make_valid (message, -1);

      warning (clean, user_data);
      return;
    }
  groups = g_key_file_get_groups (keys, NULL);
  for (char **group = groups; *group != NULL; group++)
    read_group (table, &file, *group);
}

void
lpad_modem_quirk_table_load (LpadModemQuirkTable *table,
                             const char *path,
                             LpadModemQuirkWarning warning,
                             gpointer user_data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *text = NULL;
  gsize size;

  if (g_file_get_contents (path, &text, &size, &error))
    lpad_modem_quirk_table_read (table, path, text, size, warning, user_data);
  else if (!g_error_matches (error, G_FILE_ERROR, G_FILE_ERROR_NOENT))
    warning (error->message, user_data);
}

void
lpad_modem_quirk_table_load_folder (LpadModemQuirkTable *table,
                                    const char *path,
                                    LpadModemQuirkWarning warning,
                                    gpointer user_data)
{
  g_autoptr (GPtrArray) paths = lpad_modem_conf_folder_list (path);

  for (guint i = 0; i < paths->len; i++)
    lpad_modem_quirk_table_load (table, g_ptr_array_index (paths, i), warning, user_data);
}

/* Looking up */

static gboolean
matches (const char *pattern, const char *value)
{
  return pattern == NULL || g_pattern_match_simple (pattern, value);
}

static void
take (LpadModemQuirks *quirks, const Entry *entry)
{
  if (entry->says[KEY_TRANSPORT])
    quirks->transport = entry->quirks.transport;
  if (entry->says[KEY_CHANNEL_GROUP])
    quirks->channel_group = entry->quirks.channel_group;
  if (entry->says[KEY_SELECT_P2])
    quirks->select_p2 = entry->quirks.select_p2;
  if (entry->says[KEY_REFRESH])
    quirks->refresh = entry->quirks.refresh;
  if (entry->says[KEY_REFRESH_WAIT])
    quirks->refresh_wait = entry->quirks.refresh_wait;
  if (entry->says[KEY_SETTLE_WAIT])
    quirks->settle_wait = entry->quirks.settle_wait;
  if (entry->says[KEY_SEGMENT])
    quirks->segment = entry->quirks.segment;
  if (entry->says[KEY_RECOVER])
    quirks->recover = entry->quirks.recover;
}

LpadModemQuirks
lpad_modem_quirk_table_find (const LpadModemQuirkTable *table,
                             const char *driver,
                             const char *usb,
                             const char *revision)
{
  LpadModemQuirks quirks = LPAD_MODEM_QUIRKS_NONE;

  for (guint i = 0; i < table->entries->len; i++)
    {
      const Entry *entry = g_ptr_array_index (table->entries, i);

      if (matches (entry->driver, driver) && matches (entry->usb, usb) && matches (entry->revision, revision))
        take (&quirks, entry);
    }
  return quirks;
}

GVariant *
lpad_modem_quirks_to_variant (const LpadModemQuirks *quirks)
{
  const LpadModemQuirks *none = &LPAD_MODEM_QUIRKS_NONE;
  GVariantDict dict = G_VARIANT_DICT_INIT (NULL);
  const char *recover[G_N_ELEMENTS (steps)];
  gsize number = 0;

  if (quirks->refresh != none->refresh)
    g_variant_dict_insert (&dict, "refresh", "b", quirks->refresh);
  if (quirks->refresh_wait != none->refresh_wait)
    g_variant_dict_insert (&dict, "refresh-wait", "u", quirks->refresh_wait);
  if (quirks->settle_wait != none->settle_wait)
    g_variant_dict_insert (&dict, "settle-wait", "u", quirks->settle_wait);
  if (quirks->segment != none->segment)
    g_variant_dict_insert (&dict, "segment", "u", quirks->segment);
  if (quirks->recover == none->recover)
    return g_variant_dict_end (&dict);
  for (gsize i = 0; i < G_N_ELEMENTS (steps); i++)
    {
      if ((quirks->recover & steps[i].bit) != 0)
        recover[number++] = steps[i].name;
    }
  g_variant_dict_insert_value (&dict, "recover", g_variant_new_strv (recover, (gssize) number));
  return g_variant_dict_end (&dict);
}
