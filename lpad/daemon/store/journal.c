/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "journal.h"

#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "hex.h"
#include "result.h"
#include "state-file.h"

#define KEY_FILE        "key"
#define KEY_SIZE        32 /* octets */
#define SUFFIX          ".record"
#define NAME_SIZE       8 /* random octets */
#define HASH_DIGITS     32
#define GROUP           "Operation"
#define FORMAT          1
#define FILE_MAX        4096 /* octets */
#define ENTRIES_MAX     64   /* files: of chips that never return */
#define TRANSACTION_MAX 16   /* octets, SGP.22 */
#define NEWS_TIME       (7 * 24 * 3600)
#define TRIAL_MAX       (24 * 3600) /* seconds */

struct _LpadJournal
{
  char *folder; /* NULL: nothing is written */
  guint8 key[KEY_SIZE];
  int warned; /* atomic */
};

static const char *const kinds[]
    = { "download", "enable", "disable", "delete", "reset", LPAD_JOURNAL_DETOUR };

static void
warn_once (LpadJournal *journal, const GError *error)
{
  if (g_atomic_int_compare_and_exchange (&journal->warned, FALSE, TRUE))
    g_warning ("%s: work goes on, but if it is interrupted lpad cannot tell what became of it.",
               error->message);
}

static char *
hash (LpadJournal *journal, const char *kind, const void *data, gsize size)
{
  g_autoptr (GHmac) hmac = g_hmac_new (G_CHECKSUM_SHA256, journal->key, KEY_SIZE);

  g_hmac_update (hmac, (const guchar *) kind, (gssize) strlen (kind) + 1);
  g_hmac_update (hmac, data, (gssize) size);
  return g_strndup (g_hmac_get_string (hmac), HASH_DIGITS);
}

static char *
hash_order (LpadJournal *journal, const char *address, const char *name)
{
  g_autofree char *order = NULL;

  if (name == NULL)
    return hash (journal, "place", address, strlen (address));
  order = g_strdup_printf ("%s$%s", address, name);
  return hash (journal, "order", order, strlen (order));
}

static char *
hash_profile (LpadJournal *journal, GBytes *iccid)
{
  gsize size;
  const guint8 *data = g_bytes_get_data (iccid, &size);

  return hash (journal, "iccid", data, size);
}

static void
fill_random (guint8 *octets, gsize size)
{
  if (getentropy (octets, size) != 0)
    g_error ("The kernel gives no random numbers.");
}

/* A key that cannot be kept recognises nothing in the next life, but is as good in this one. */
static void
make_key (LpadJournal *journal, const char *path)
{
  g_autoptr (GError) error = NULL;

  fill_random (journal->key, KEY_SIZE);
  if (path != NULL && !lpad_state_file_write (path, (const char *) journal->key, KEY_SIZE, &error))
    warn_once (journal, error);
}

static void
load_key (LpadJournal *journal)
{
  g_autofree char *path = g_build_filename (journal->folder, KEY_FILE, NULL);
  g_autofree char *data = NULL;
  gsize size = 0;

  if (g_file_get_contents (path, &data, &size, NULL) && size == KEY_SIZE)
    memcpy (journal->key, data, KEY_SIZE);
  else
    make_key (journal, path);
}

static void
drop_file (const char *path, const char *why)
{
  g_message ("%s %s: removed.", path, why);
  (void) g_unlink (path);
}

/* What a kill in the middle of writing has left. */
static void
remove_remains (LpadJournal *journal)
{
  g_autoptr (GDir) folder = g_dir_open (journal->folder, 0, NULL);
  const char *name;

  while (folder != NULL && (name = g_dir_read_name (folder)) != NULL)
    {
      g_autofree char *path = g_build_filename (journal->folder, name, NULL);

      if (strstr (name, SUFFIX ".") != NULL || g_str_has_prefix (name, KEY_FILE "."))
        (void) g_unlink (path);
    }
}

LpadJournal *
lpad_journal_open (const char *folder)
{
  LpadJournal *journal = g_new0 (LpadJournal, 1);

  journal->folder = g_strdup (folder);
  if (folder == NULL)
    {
      make_key (journal, NULL);
      return journal;
    }
  (void) g_mkdir_with_parents (folder, 0700);
  load_key (journal);
  remove_remains (journal);
  return journal;
}

void
lpad_journal_free (LpadJournal *journal)
{
  if (journal == NULL)
    return;
  g_free (journal->folder);
  g_free (journal);
}

static char *
new_path (LpadJournal *journal)
{
  guint8 octets[NAME_SIZE];
  g_autofree char *hex = NULL;
  g_autofree char *name = NULL;

  if (journal->folder == NULL)
    return NULL;
  fill_random (octets, sizeof octets);
  hex = lpad_hex_encode (octets, sizeof octets);
  name = g_strconcat (hex, SUFFIX, NULL);
  return g_build_filename (journal->folder, name, NULL);
}

LpadJournalEntry *
lpad_journal_entry_new (LpadJournal *journal, const char *kind, const char *eid)
{
  LpadJournalEntry *entry = g_new0 (LpadJournalEntry, 1);

  entry->journal = journal;
  entry->path = new_path (journal);
  entry->kind = g_strdup (kind);
  entry->time = g_get_real_time () / G_USEC_PER_SEC;
  entry->chip = hash (journal, "eid", eid, strlen (eid));
  entry->bpp_command = -1;
  entry->error_reason = -1;
  return entry;
}

void
lpad_journal_entry_free (LpadJournalEntry *entry)
{
  if (entry == NULL)
    return;
  g_free (entry->path);
  g_free (entry->kind);
  g_free (entry->chip);
  g_free (entry->order);
  g_free (entry->profile);
  g_free (entry->before);
  g_free (entry->previous);
  g_clear_pointer (&entry->transaction_id, g_bytes_unref);
  g_free (entry);
}

void
lpad_journal_entry_set_order (LpadJournalEntry *entry,
                              const char *address,
                              const char *name,
                              LpadOrderName order_name)
{
  g_free (entry->order);
  entry->order = hash_order (entry->journal, address, name);
  entry->order_name = order_name;
}

gboolean
lpad_journal_entry_is_order (const LpadJournalEntry *entry, const char *address, const char *name)
{
  g_autofree char *order = hash_order (entry->journal, address, name);

  return g_strcmp0 (entry->order, order) == 0;
}

gboolean
lpad_journal_entry_is_done_anew (const LpadJournalEntry *entry, const LpadJournalEntry *anew)
{
  if (entry->profile != NULL && g_strcmp0 (entry->profile, anew->profile) == 0)
    return TRUE;
  if (entry->order == NULL || g_strcmp0 (entry->order, anew->order) != 0)
    return FALSE;
  return entry->order_name != LPAD_ORDER_NAME_NONE || entry->outcome == LPAD_OUTCOME_NOTHING
         || entry->outcome == LPAD_OUTCOME_FAILED;
}

void
lpad_journal_entry_set_profile (LpadJournalEntry *entry, GBytes *iccid)
{
  g_free (entry->profile);
  entry->profile = hash_profile (entry->journal, iccid);
}

gboolean
lpad_journal_entry_is_profile (const LpadJournalEntry *entry, GBytes *iccid)
{
  g_autofree char *profile = hash_profile (entry->journal, iccid);

  return g_strcmp0 (entry->profile, profile) == 0;
}

void
lpad_journal_entry_set_before (LpadJournalEntry *entry, GBytes *iccid)
{
  g_free (entry->before);
  entry->before = iccid != NULL ? hash_profile (entry->journal, iccid) : NULL;
}

gboolean
lpad_journal_entry_is_before (const LpadJournalEntry *entry, GBytes *iccid)
{
  g_autofree char *profile = hash_profile (entry->journal, iccid);

  return g_strcmp0 (entry->before, profile) == 0;
}

void
lpad_journal_entry_set_trial (LpadJournalEntry *entry, GBytes *previous, guint seconds)
{
  g_free (entry->previous);
  entry->previous = previous != NULL ? hash_profile (entry->journal, previous) : NULL;
  entry->trial_s = MIN (seconds, TRIAL_MAX);
  entry->deadline = 0;
  entry->confirm = FALSE;
}

gboolean
lpad_journal_entry_is_previous (const LpadJournalEntry *entry, GBytes *iccid)
{
  g_autofree char *profile = hash_profile (entry->journal, iccid);

  return g_strcmp0 (entry->previous, profile) == 0;
}

static void
set_text (GKeyFile *file, const char *key, const char *text)
{
  if (text != NULL)
    g_key_file_set_string (file, GROUP, key, text);
}

static char *
entry_to_text (const LpadJournalEntry *entry, gsize *size)
{
  g_autoptr (GKeyFile) file = g_key_file_new ();

  g_key_file_set_integer (file, GROUP, "Format", FORMAT);
  g_key_file_set_string (file, GROUP, "Kind", entry->kind);
  g_key_file_set_int64 (file, GROUP, "Time", entry->time);
  g_key_file_set_string (file, GROUP, "Chip", entry->chip);
  set_text (file, "Order", entry->order);
  g_key_file_set_integer (file, GROUP, "OrderName", (int) entry->order_name);
  set_text (file, "Profile", entry->profile);
  set_text (file, "Before", entry->before);
  g_key_file_set_boolean (file, GROUP, "Enable", entry->enable);
  g_key_file_set_integer (file, GROUP, "Trial", (int) entry->trial_s);
  set_text (file, "Previous", entry->previous);
  g_key_file_set_int64 (file, GROUP, "Deadline", entry->deadline);
  g_key_file_set_boolean (file, GROUP, "Confirm", entry->confirm);
  g_key_file_set_integer (file, GROUP, "Phase", (int) entry->phase);
  g_key_file_set_integer (file, GROUP, "Outcome", (int) entry->outcome);
  g_key_file_set_integer (file, GROUP, "BppCommand", entry->bpp_command);
  g_key_file_set_integer (file, GROUP, "ErrorReason", entry->error_reason);
  if (entry->transaction_id != NULL)
    {
      gsize length;
      const guint8 *data = g_bytes_get_data (entry->transaction_id, &length);
      g_autofree char *hex = lpad_hex_encode (data, length);

      g_key_file_set_string (file, GROUP, "Transaction", hex);
    }
  return g_key_file_to_data (file, size, NULL);
}

static char *
get_hash (GKeyFile *file, const char *key)
{
  g_autofree char *text = g_key_file_get_string (file, GROUP, key, NULL);

  if (text == NULL || strlen (text) != HASH_DIGITS || strspn (text, "0123456789abcdef") != HASH_DIGITS)
    return NULL;
  return g_steal_pointer (&text);
}

static GBytes *
get_transaction (GKeyFile *file)
{
  g_autofree char *hex = g_key_file_get_string (file, GROUP, "Transaction", NULL);

  return hex == NULL ? NULL : lpad_hex_decode (hex, TRANSACTION_MAX, NULL);
}

static gboolean
get_number (GKeyFile *file, const char *key, int minimum, int maximum, int *number)
{
  g_autoptr (GError) error = NULL;
  int value = g_key_file_get_integer (file, GROUP, key, &error);

  if (error != NULL || value < minimum || value > maximum)
    return FALSE;
  *number = value;
  return TRUE;
}

/* Records of before there were trials have none. */
static void
read_trial (LpadJournalEntry *entry, GKeyFile *file)
{
  int seconds = 0;

  if (get_number (file, "Trial", 0, TRIAL_MAX, &seconds))
    entry->trial_s = (guint) seconds;
  entry->previous = get_hash (file, "Previous");
  entry->deadline = g_key_file_get_int64 (file, GROUP, "Deadline", NULL);
  entry->confirm = g_key_file_get_boolean (file, GROUP, "Confirm", NULL);
}

/* Records of before this was written are of orders by code. */
static void
read_order (LpadJournalEntry *entry, GKeyFile *file)
{
  int order_name = LPAD_ORDER_NAME_CODE;

  (void) get_number (file, "OrderName", LPAD_ORDER_NAME_CODE, LPAD_ORDER_NAME_NONE, &order_name);
  entry->order_name = (LpadOrderName) order_name;
  entry->order = get_hash (file, "Order");
}

static gboolean
read_entry (LpadJournalEntry *entry, GKeyFile *file)
{
  int format, phase, outcome;
  g_autoptr (GError) error = NULL;

  entry->kind = g_key_file_get_string (file, GROUP, "Kind", NULL);
  entry->chip = get_hash (file, "Chip");
  read_order (entry, file);
  entry->profile = get_hash (file, "Profile");
  entry->before = get_hash (file, "Before");
  entry->enable = g_key_file_get_boolean (file, GROUP, "Enable", NULL);
  entry->transaction_id = get_transaction (file);
  read_trial (entry, file);
  entry->time = g_key_file_get_int64 (file, GROUP, "Time", &error);
  if (error != NULL || entry->chip == NULL || entry->kind == NULL
      || !get_number (file, "Format", FORMAT, FORMAT, &format)
      || !get_number (file, "Phase", LPAD_PHASE_SESSION, LPAD_PHASE_RETURNING, &phase)
      || !get_number (file, "Outcome", LPAD_OUTCOME_UNKNOWN, LPAD_OUTCOME_BACK, &outcome)
      || !get_number (file, "BppCommand", -1, G_MAXINT, &entry->bpp_command)
      || !get_number (file, "ErrorReason", -1, G_MAXINT, &entry->error_reason))
    return FALSE;
  entry->phase = (LpadPhase) phase;
  entry->outcome = (LpadOutcome) outcome;
  for (gsize i = 0; i < G_N_ELEMENTS (kinds); i++)
    {
      if (g_str_equal (kinds[i], entry->kind))
        return TRUE;
    }
  return FALSE;
}

/* Takes over @path. */
static LpadJournalEntry *
load_entry (LpadJournal *journal, char *path)
{
  g_autoptr (LpadJournalEntry) entry = g_new0 (LpadJournalEntry, 1);
  g_autoptr (GKeyFile) file = g_key_file_new ();
  g_autofree char *text = NULL;
  gsize size = 0;

  entry->journal = journal;
  entry->path = path;
  entry->written = TRUE;
  if (!g_file_get_contents (path, &text, &size, NULL))
    return NULL; /* removed meanwhile, or not readable now */
  if (size <= FILE_MAX && g_key_file_load_from_data (file, text, size, G_KEY_FILE_NONE, NULL)
      && read_entry (entry, file))
    return g_steal_pointer (&entry);
  drop_file (path, "is damaged");
  return NULL;
}

static int
compare_times (gconstpointer a, gconstpointer b)
{
  const LpadJournalEntry *left = *(const LpadJournalEntry *const *) a;
  const LpadJournalEntry *right = *(const LpadJournalEntry *const *) b;

  return left->time < right->time ? -1 : left->time > right->time;
}

/* Of all chips */
static GPtrArray *
load_all (LpadJournal *journal)
{
  GPtrArray *entries = g_ptr_array_new_with_free_func ((GDestroyNotify) lpad_journal_entry_free);
  g_autoptr (GDir) folder = journal->folder == NULL ? NULL : g_dir_open (journal->folder, 0, NULL);
  const char *name;

  while (folder != NULL && (name = g_dir_read_name (folder)) != NULL)
    {
      LpadJournalEntry *entry = NULL;

      if (g_str_has_suffix (name, SUFFIX))
        entry = load_entry (journal, g_build_filename (journal->folder, name, NULL));
      if (entry != NULL)
        g_ptr_array_add (entries, entry);
    }
  g_ptr_array_sort (entries, compare_times);
  return entries;
}

GPtrArray *
lpad_journal_load (LpadJournal *journal, const char *eid)
{
  g_autoptr (GPtrArray) all = load_all (journal);
  GPtrArray *found = g_ptr_array_new_with_free_func ((GDestroyNotify) lpad_journal_entry_free);
  g_autofree char *chip = hash (journal, "eid", eid, strlen (eid));

  for (guint i = all->len; i > 0; i--)
    {
      LpadJournalEntry *entry = all->pdata[i - 1];

      if (g_str_equal (entry->chip, chip))
        g_ptr_array_insert (found, 0, g_ptr_array_steal_index (all, i - 1));
    }
  return found;
}

gboolean
lpad_journal_has_open (const char *folder)
{
  g_autofree char *copy = g_strdup (folder);
  LpadJournal journal = { .folder = copy };
  g_autoptr (GPtrArray) all = load_all (&journal);

  for (guint i = 0; i < all->len; i++)
    {
      const LpadJournalEntry *entry = all->pdata[i];

      if (lpad_journal_entry_is_open (entry) || entry->trial_s != 0)
        return TRUE;
    }
  return FALSE;
}

/* The oldest go when there are too many. */
static void
make_room (LpadJournal *journal)
{
  g_autoptr (GPtrArray) all = load_all (journal);

  for (guint i = 0; i + ENTRIES_MAX <= all->len; i++)
    lpad_journal_entry_remove (all->pdata[i]);
}

void
lpad_journal_entry_save (LpadJournalEntry *entry)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *text = NULL;
  gsize size;

  if (entry->path == NULL)
    return;
  if (!entry->written)
    make_room (entry->journal);
  text = entry_to_text (entry, &size);
  entry->written = lpad_state_file_write (entry->path, text, size, &error);
  if (entry->written)
    g_atomic_int_set (&entry->journal->warned, FALSE);
  else
    warn_once (entry->journal, error);
}

void
lpad_journal_entry_begin (LpadJournalEntry *entry, LpadPhase phase)
{
  entry->phase = phase;
  lpad_journal_entry_save (entry);
}

void
lpad_journal_entry_remove (LpadJournalEntry *entry)
{
  if (entry->path != NULL)
    (void) g_unlink (entry->path);
  entry->written = FALSE;
}

gboolean
lpad_journal_entry_is_open (const LpadJournalEntry *entry)
{
  return entry->phase >= LPAD_PHASE_LOADING && entry->outcome == LPAD_OUTCOME_UNKNOWN;
}

gboolean
lpad_journal_entry_is_detour (const LpadJournalEntry *entry)
{
  return g_str_equal (entry->kind, LPAD_JOURNAL_DETOUR);
}

LpadOrder
lpad_journal_entry_order_state (const LpadJournalEntry *entry)
{
  g_autoptr (GError) error = NULL;

  switch (entry->outcome)
    {
    case LPAD_OUTCOME_DONE:
    case LPAD_OUTCOME_BACK:
    case LPAD_OUTCOME_PARTLY:
      return LPAD_ORDER_ENDED;
    case LPAD_OUTCOME_FAILED:
      lpad_result_set_install_error (&error, entry->bpp_command, entry->error_reason);
      return lpad_error_details (error)->order;
    case LPAD_OUTCOME_NOTHING:
      return entry->phase == LPAD_PHASE_CODE || entry->phase == LPAD_PHASE_ENDING ? LPAD_ORDER_UNKNOWN
                                                                                  : LPAD_ORDER_USABLE;
    case LPAD_OUTCOME_UNKNOWN:
    default:
      return LPAD_ORDER_UNKNOWN;
    }
}

gboolean
lpad_journal_entry_is_over (const LpadJournalEntry *entry, gint64 now)
{
  return entry->trial_s == 0 && entry->outcome != LPAD_OUTCOME_UNKNOWN && now - entry->time > NEWS_TIME;
}
