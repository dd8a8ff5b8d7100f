/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "store.h"

#include <glib/gstdio.h>
#include <string.h>

#include "hex.h"
#include "notify.h"
#include "state-file.h"
#include "text.h"

#define READERS_FILE       "readers.ini"
#define NOTIFICATIONS_FILE "notifications.ini"
#define CHIPS_FILE         "chips.ini"
#define DISCOVERY_FILE     "discovery.ini"
#define KEY_WAITING        "Waiting"
#define KEY_BOOT           "Boot"
#define KEY_UPTIME         "Uptime"
#define KEY_SEGMENT_SIZE   "SegmentSize"
#define KEY_SEARCHED       "Searched"   /* hash of the list of applications */
#define KEY_FIRST_BOOT     "FirstBoot"  /* "STAGE;FAILURES;NEXT;ERROR;" */
#define KEY_OTHERS         "Others"     /* those of them that are chips on the same card, too */
#define AID_MAX            16           /* octets */
#define FILE_MAX           (256 * 1024) /* octets */
#define GROUPS_MAX         64           /* readers or chips that are remembered */
#define HASH_DIGITS        32
#define REASON_PREFIX      "reason-"
#define HOST_MARK          "{host}" /* stands for the server's name in a reason */
#define REASON_DIGITS      8
#define REASON_MAX         300         /* octets */
#define FIRST_DELAY        60          /* seconds */
#define LONGEST_DELAY      (24 * 3600) /* seconds */

typedef struct
{
  char *path; /* NULL: in memory only */
  GKeyFile *values;
  gboolean changed;
  gboolean warned;
} StateFile;

struct _LpadStore
{
  StateFile readers;
  StateFile notifications;
  StateFile chips;
  StateFile discovery;
};

/* A group of the file for something that must not be there in clear. */
static char *
hash_name (const char *kind, const char *name)
{
  g_autoptr (GChecksum) checksum = g_checksum_new (G_CHECKSUM_SHA256);

  g_checksum_update (checksum, (const guchar *) kind, -1);
  g_checksum_update (checksum, (const guchar *) ":", 1);
  g_checksum_update (checksum, (const guchar *) name, -1);
  return g_strndup (g_checksum_get_string (checksum), HASH_DIGITS);
}

static void
state_file_load (StateFile *file, const char *folder, const char *name)
{
  g_autofree char *text = NULL;
  gsize size = 0;

  file->values = g_key_file_new ();
  if (folder == NULL)
    return;
  file->path = g_build_filename (folder, name, NULL);
  if (!g_file_get_contents (file->path, &text, &size, NULL))
    return;
  if (size > FILE_MAX || !g_key_file_load_from_data (file->values, text, size, G_KEY_FILE_NONE, NULL))
    {
      g_message ("%s is damaged: starting without what it held.", file->path);
      g_key_file_unref (file->values);
      file->values = g_key_file_new ();
    }
}

/* Makes room for @group when it is new. The oldest groups stand first. */
static void
make_room (StateFile *file, const char *group)
{
  gsize n_groups;
  g_auto (GStrv) groups = NULL;

  if (g_key_file_has_group (file->values, group))
    return;
  groups = g_key_file_get_groups (file->values, &n_groups);
  for (gsize i = 0; i < n_groups && n_groups - i >= GROUPS_MAX; i++)
    g_key_file_remove_group (file->values, groups[i], NULL);
}

static void
state_file_save (StateFile *file)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *folder = NULL;
  g_autofree char *text = NULL;
  gsize size;

  if (!file->changed)
    return;
  file->changed = FALSE;
  if (file->path == NULL)
    return;
  folder = g_path_get_dirname (file->path);
  (void) g_mkdir_with_parents (folder, 0700);
  text = g_key_file_to_data (file->values, &size, NULL);
  if (lpad_state_file_write (file->path, text, size, &error))
    {
      file->warned = FALSE;
      return;
    }
  if (!file->warned)
    g_warning ("%s: what was learned is lost when lpad ends.", error->message);
  file->warned = TRUE;
}

static void
state_file_clear (StateFile *file)
{
  g_free (file->path);
  g_key_file_unref (file->values);
}

LpadStore *
lpad_store_open (const char *folder)
{
  LpadStore *store = g_new0 (LpadStore, 1);

  state_file_load (&store->readers, folder, READERS_FILE);
  state_file_load (&store->notifications, folder, NOTIFICATIONS_FILE);
  state_file_load (&store->chips, folder, CHIPS_FILE);
  state_file_load (&store->discovery, folder, DISCOVERY_FILE);
  return store;
}

void
lpad_store_free (LpadStore *store)
{
  if (store == NULL)
    return;
  state_file_clear (&store->readers);
  state_file_clear (&store->notifications);
  state_file_clear (&store->chips);
  state_file_clear (&store->discovery);
  g_free (store);
}

void
lpad_store_save (LpadStore *store)
{
  state_file_save (&store->readers);
  state_file_save (&store->notifications);
  state_file_save (&store->chips);
  state_file_save (&store->discovery);
}

guint
lpad_store_get_segment_size (LpadStore *store, const char *reader)
{
  g_autofree char *group = hash_name ("reader", reader);
  int octets = g_key_file_get_integer (store->readers.values, group, KEY_SEGMENT_SIZE, NULL);

  return octets > 0 && octets <= 255 ? (guint) octets : 0;
}

void
lpad_store_set_segment_size (LpadStore *store, const char *reader, guint octets)
{
  g_autofree char *group = hash_name ("reader", reader);

  if (lpad_store_get_segment_size (store, reader) == octets)
    return;
  make_room (&store->readers, group);
  g_key_file_set_integer (store->readers.values, group, KEY_SEGMENT_SIZE, (int) octets);
  store->readers.changed = TRUE;
}

/* @aids as one word. */
static char *
hash_aids (GPtrArray *aids)
{
  g_autoptr (GString) list = g_string_new (NULL);

  for (guint i = 0; i < aids->len; i++)
    {
      gsize size;
      const guint8 *data = g_bytes_get_data (aids->pdata[i], &size);
      g_autofree char *hex = lpad_hex_encode (data, size);

      g_string_append_printf (list, "%s;", hex);
    }
  return hash_name ("aids", list->str);
}

GPtrArray *
lpad_store_get_others (LpadStore *store, const char *eid, GPtrArray *aids)
{
  g_autofree char *group = hash_name ("eid", eid);
  g_autofree char *hash = hash_aids (aids);
  g_autofree char *searched = g_key_file_get_string (store->chips.values, group, KEY_SEARCHED, NULL);
  g_auto (GStrv) list = g_key_file_get_string_list (store->chips.values, group, KEY_OTHERS, NULL, NULL);
  g_autoptr (GPtrArray) others = NULL;

  if (g_strcmp0 (searched, hash) != 0 || list == NULL)
    return NULL;
  others = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
  for (guint i = 0; list[i] != NULL; i++)
    {
      GBytes *aid = lpad_hex_decode (list[i], AID_MAX, NULL);

      if (aid == NULL)
        return NULL;
      g_ptr_array_add (others, aid);
    }
  return g_steal_pointer (&others);
}

void
lpad_store_set_others (LpadStore *store, const char *eid, GPtrArray *aids, GPtrArray *others)
{
  g_autofree char *group = hash_name ("eid", eid);
  g_autofree char *searched = hash_aids (aids);
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_auto (GStrv) list = NULL;

  for (guint i = 0; i < others->len; i++)
    {
      gsize size;
      const guint8 *data = g_bytes_get_data (others->pdata[i], &size);
      g_autofree char *hex = lpad_hex_encode (data, size);

      g_strv_builder_add (builder, hex);
    }
  list = g_strv_builder_end (builder);
  make_room (&store->chips, group);
  g_key_file_set_string (store->chips.values, group, KEY_SEARCHED, searched);
  g_key_file_set_string_list (
      store->chips.values, group, KEY_OTHERS, (const char *const *) list, g_strv_length (list));
  store->chips.changed = TRUE;
}

/* A notification is a key of its chip's group: "SEQUENCE-NUMBER = FAILURES;NEXT;REASON;UNREACHABLE". The
 * reason is the name of another key, whose value is the sentence: a server that is gone is the reason of
 * many. */
static char **
read_notification (LpadStore *store, const char *eid, guint64 sequence_number)
{
  g_autofree char *group = hash_name ("eid", eid);
  g_autofree char *key = g_strdup_printf ("%" G_GUINT64_FORMAT, sequence_number);
  g_auto (GStrv) values = g_key_file_get_string_list (store->notifications.values, group, key, NULL, NULL);

  return values != NULL && g_strv_length (values) == 4 ? g_steal_pointer (&values) : NULL;
}

LpadAttempts
lpad_store_get_attempts (LpadStore *store, const char *eid, guint64 sequence_number, gint64 now)
{
  g_auto (GStrv) values = read_notification (store, eid, sequence_number);
  LpadAttempts attempts = { 0, 0, FALSE };
  guint64 failures;
  gint64 next;

  if (values == NULL || !g_ascii_string_to_unsigned (values[0], 10, 0, G_MAXUINT, &failures, NULL)
      || !g_ascii_string_to_signed (values[1], 10, 0, G_MAXINT64, &next, NULL))
    return attempts;
  attempts.failures = (guint) failures;
  attempts.next = next - now > LONGEST_DELAY ? 0 : next;
  attempts.unreachable = g_str_equal (values[3], "true");
  return attempts;
}

static char *
replace (const char *text, const char *what, const char *by)
{
  g_auto (GStrv) parts = g_strsplit (text, what, -1);

  return g_strjoinv (by, parts);
}

char *
lpad_store_get_failure (LpadStore *store, const char *eid, guint64 sequence_number, const char *host)
{
  g_autofree char *group = hash_name ("eid", eid);
  g_auto (GStrv) values = read_notification (store, eid, sequence_number);
  g_autofree char *text = NULL;
  g_autofree char *whole = NULL;

  if (values == NULL)
    return NULL;
  text = g_key_file_get_string (store->notifications.values, group, values[2], NULL);
  if (text == NULL)
    return NULL;
  whole = replace (text, HOST_MARK, host);
  return lpad_text_clean ((const guint8 *) whole, strlen (whole), REASON_MAX);
}

/* The name of the key that holds the reason, which is made when it is new. */
static char *
keep_reason (LpadStore *store, const char *group, const char *message, const char *host)
{
  g_autofree char *stripped = *host != '\0' ? replace (message, host, HOST_MARK) : g_strdup (message);
  g_autofree char *hash = hash_name ("reason", stripped);
  g_autofree char *text = lpad_text_clean ((const guint8 *) stripped, strlen (stripped), REASON_MAX);
  char *key = g_strdup_printf (REASON_PREFIX "%.*s", REASON_DIGITS, hash);

  g_key_file_set_string (store->notifications.values, group, key, text);
  return key;
}

void
lpad_store_add_failure (LpadStore *store,
                        const char *eid,
                        guint64 sequence_number,
                        const char *host,
                        GError *error,
                        gint64 now)
{
  LpadAttempts attempts = lpad_store_get_attempts (store, eid, sequence_number, now);
  g_autofree char *group = hash_name ("eid", eid);
  g_autofree char *key = g_strdup_printf ("%" G_GUINT64_FORMAT, sequence_number);
  g_autofree char *reason = NULL;
  g_autofree char *value = NULL;
  gboolean unreachable = lpad_notify_is_silence (error);
  gint64 delay = LONGEST_DELAY;

  if (attempts.failures < 11) /* 60 s * 2^11 is more than a day */
    delay = MIN (LONGEST_DELAY, (gint64) FIRST_DELAY << attempts.failures);
  make_room (&store->notifications, group);
  reason = keep_reason (store, group, error->message, host);
  value = g_strdup_printf ("%u;%" G_GINT64_FORMAT ";%s;%s;",
                           attempts.failures + 1,
                           now + delay,
                           reason,
                           unreachable ? "true" : "false");
  g_key_file_set_value (store->notifications.values, group, key, value);
  store->notifications.changed = TRUE;
}

/* Whether a value as read_notification() has them says a time that has come, or none that can be right */
static gboolean
has_come (char **values, gint64 now)
{
  gint64 next;

  return values != NULL && g_strv_length (values) == 4
         && g_ascii_string_to_signed (values[1], 10, 0, G_MAXINT64, &next, NULL)
         && (next <= now || next - now > LONGEST_DELAY);
}

gboolean
lpad_store_is_due (LpadStore *store, gint64 now)
{
  GKeyFile *file = store->notifications.values;
  g_auto (GStrv) groups = g_key_file_get_groups (file, NULL);

  for (guint i = 0; groups[i] != NULL; i++)
    {
      g_auto (GStrv) keys = g_key_file_get_keys (file, groups[i], NULL, NULL);

      for (guint k = 0; keys != NULL && keys[k] != NULL; k++)
        {
          g_auto (GStrv) values = g_key_file_get_string_list (file, groups[i], keys[k], NULL, NULL);

          if (has_come (values, now))
            return TRUE;
        }
    }
  return FALSE;
}

static gboolean
is_pending (const char *key, GArray *pending)
{
  guint64 number;

  if (!g_ascii_string_to_unsigned (key, 10, 0, G_MAXUINT64, &number, NULL))
    return FALSE;
  for (guint i = 0; i < pending->len; i++)
    {
      if (g_array_index (pending, guint64, i) == number)
        return TRUE;
    }
  return FALSE;
}

static void
forget (LpadStore *store, const char *group, const char *key)
{
  g_key_file_remove_key (store->notifications.values, group, key, NULL);
  store->notifications.changed = TRUE;
}

/* Reasons that no notification of the group names any more go, too. */
static void
forget_reasons (LpadStore *store, const char *group, GHashTable *named)
{
  g_auto (GStrv) names = g_key_file_get_keys (store->notifications.values, group, NULL, NULL);

  for (guint i = 0; names != NULL && names[i] != NULL; i++)
    {
      if (g_str_has_prefix (names[i], REASON_PREFIX) && !g_hash_table_contains (named, names[i]))
        forget (store, group, names[i]);
    }
}

void
lpad_store_keep_only (LpadStore *store, const char *eid, GArray *pending)
{
  g_autofree char *group = hash_name ("eid", eid);
  g_auto (GStrv) names = g_key_file_get_keys (store->notifications.values, group, NULL, NULL);
  g_autoptr (GHashTable) named = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  guint kept = 0;

  for (guint i = 0; names != NULL && names[i] != NULL; i++)
    {
      g_auto (GStrv) values = NULL;

      if (g_str_has_prefix (names[i], REASON_PREFIX))
        continue;
      if (!is_pending (names[i], pending))
        {
          forget (store, group, names[i]);
          continue;
        }
      kept++;
      values = g_key_file_get_string_list (store->notifications.values, group, names[i], NULL, NULL);
      if (values != NULL && g_strv_length (values) == 4)
        g_hash_table_add (named, g_strdup (values[2]));
    }
  if (names == NULL)
    return;
  forget_reasons (store, group, named);
  if (kept == 0)
    g_key_file_remove_group (store->notifications.values, group, NULL);
}

char **
lpad_store_get_waiting (LpadStore *store, const char *eid)
{
  g_autofree char *group = hash_name ("eid", eid);
  char **entries = g_key_file_get_string_list (store->discovery.values, group, KEY_WAITING, NULL, NULL);

  return entries != NULL ? entries : g_new0 (char *, 1);
}

void
lpad_store_set_waiting (LpadStore *store, const char *eid, const char *const *entries)
{
  g_autofree char *group = hash_name ("eid", eid);
  gsize n = 0;

  make_room (&store->discovery, group);
  while (entries[n] != NULL)
    n++;
  g_key_file_set_string_list (store->discovery.values, group, KEY_WAITING, entries, n);
  store->discovery.changed = TRUE;
}

gboolean
lpad_store_get_searched (LpadStore *store, const char *eid, gint64 *boot, gint64 *uptime)
{
  g_autofree char *group = hash_name ("eid", eid);
  g_autoptr (GError) error = NULL;
  gint64 known_boot = g_key_file_get_int64 (store->discovery.values, group, KEY_BOOT, &error);
  gint64 known_uptime
      = error == NULL ? g_key_file_get_int64 (store->discovery.values, group, KEY_UPTIME, &error) : 0;

  if (error != NULL)
    return FALSE;
  *boot = known_boot;
  *uptime = known_uptime;
  return TRUE;
}

void
lpad_store_set_searched (LpadStore *store, const char *eid, gint64 boot, gint64 uptime)
{
  g_autofree char *group = hash_name ("eid", eid);

  make_room (&store->discovery, group);
  g_key_file_set_int64 (store->discovery.values, group, KEY_BOOT, boot);
  g_key_file_set_int64 (store->discovery.values, group, KEY_UPTIME, uptime);
  store->discovery.changed = TRUE;
}

static gboolean
parse_first_boot (StateFile *file, const char *group, LpadFirstBootRecord *record)
{
  g_auto (GStrv) values = g_key_file_get_string_list (file->values, group, KEY_FIRST_BOOT, NULL, NULL);
  guint64 stage, failures;
  gint64 next;

  if (values == NULL || g_strv_length (values) != 4
      || !g_ascii_string_to_unsigned (values[0], 10, 0, LPAD_FIRST_BOOT_DONE, &stage, NULL)
      || !g_ascii_string_to_unsigned (values[1], 10, 0, G_MAXUINT, &failures, NULL)
      || !g_ascii_string_to_signed (values[2], 10, 0, G_MAXINT64, &next, NULL))
    return FALSE;
  record->stage = (LpadFirstBootStage) stage;
  record->failures = (guint) failures;
  record->next = next;
  record->error
      = *values[3] != '\0' && lpad_text_is_clean (values[3], REASON_MAX) ? g_strdup (values[3]) : NULL;
  return TRUE;
}

void
lpad_store_get_first_boot (LpadStore *store, const char *eid, LpadFirstBootRecord *record)
{
  g_autofree char *group = hash_name ("eid", eid);

  *record = (LpadFirstBootRecord){ LPAD_FIRST_BOOT_UNKNOWN, 0, 0, NULL };
  if (!parse_first_boot (&store->chips, group, record))
    g_debug ("No first boot of this chip is known.");
}

void
lpad_store_set_first_boot (LpadStore *store, const char *eid, const LpadFirstBootRecord *record)
{
  g_autofree char *group = hash_name ("eid", eid);
  g_autofree char *value = g_strdup_printf ("%d;%u;%" G_GINT64_FORMAT ";%s;",
                                            (int) record->stage,
                                            record->failures,
                                            record->next,
                                            record->error != NULL ? record->error : "");

  make_room (&store->chips, group);
  g_key_file_set_value (store->chips.values, group, KEY_FIRST_BOOT, value);
  store->chips.changed = TRUE;
}

gboolean
lpad_store_is_first_boot_due (LpadStore *store, gint64 now)
{
  g_auto (GStrv) groups = g_key_file_get_groups (store->chips.values, NULL);
  gboolean seen = FALSE;

  for (guint i = 0; groups[i] != NULL; i++)
    {
      LpadFirstBootRecord record;

      if (!parse_first_boot (&store->chips, groups[i], &record))
        continue;
      g_free (record.error);
      seen = TRUE;
      if (record.stage != LPAD_FIRST_BOOT_DONE && (record.next <= now || record.next - now > LONGEST_DELAY))
        return TRUE;
    }
  return !seen;
}
