/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "journal.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>

#define EID    "89049032000000000000000000000163"
#define OTHER  "89049032000000000000000000000260"
#define SERVER "rsp.example.com"
#define ID     "MATCHING-ID-1"
#define MANY   70
#define KEPT   64
#define A_WEEK (7 * 24 * 3600)

static const guint8 iccid_octets[] = { 0x98, 0x10, 0x32, 0x54, 0x76, 0x98, 0x10, 0x32, 0x54, 0xf6 };

typedef struct
{
  char *parent;
  char *folder;
} Fixture;

static void
set_up (Fixture *fixture, gconstpointer data)
{
  fixture->parent = g_dir_make_tmp ("lpad-journal-XXXXXX", NULL);
  g_assert_nonnull (fixture->parent);
  fixture->folder = g_build_filename (fixture->parent, "interrupted", NULL);
}

/* The names in the folder that end with @suffix. */
static GPtrArray *
list (Fixture *fixture, const char *suffix)
{
  GPtrArray *paths = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GDir) dir = g_dir_open (fixture->folder, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      if (g_str_has_suffix (name, suffix))
        g_ptr_array_add (paths, g_build_filename (fixture->folder, name, NULL));
    }
  return paths;
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GPtrArray) all = list (fixture, "");

  for (guint i = 0; i < all->len; i++)
    g_assert_cmpint (g_remove (all->pdata[i]), ==, 0);
  (void) g_rmdir (fixture->folder);
  g_assert_cmpint (g_rmdir (fixture->parent), ==, 0);
  g_free (fixture->folder);
  g_free (fixture->parent);
}

static GBytes *
some_iccid (void)
{
  return g_bytes_new_static (iccid_octets, sizeof iccid_octets);
}

static LpadJournalEntry *
record_download (LpadJournal *journal, LpadPhase phase)
{
  LpadJournalEntry *entry = lpad_journal_entry_new (journal, "download", EID);
  g_autoptr (GBytes) iccid = some_iccid ();

  lpad_journal_entry_set_order (entry, SERVER, ID, LPAD_ORDER_NAME_EVENT);
  lpad_journal_entry_set_profile (entry, iccid);
  entry->transaction_id = g_bytes_new_static ("0123456789abcdef", 16);
  entry->enable = TRUE;
  lpad_journal_entry_begin (entry, phase);
  return entry;
}

static void
write_file (Fixture *fixture, const char *name, const char *text, gssize size)
{
  g_autofree char *path = g_build_filename (fixture->folder, name, NULL);

  g_assert_true (g_file_set_contents (path, text, size, NULL));
}

static void
test_next_life (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GBytes) iccid = some_iccid ();
  g_autoptr (GPtrArray) others = NULL;
  g_autoptr (GPtrArray) entries = NULL;
  LpadJournal *journal = lpad_journal_open (fixture->folder);
  LpadJournalEntry *entry = record_download (journal, LPAD_PHASE_LOADING);
  gint64 time = entry->time;

  lpad_journal_entry_free (entry);
  lpad_journal_free (journal);

  journal = lpad_journal_open (fixture->folder);
  others = lpad_journal_load (journal, OTHER);
  g_assert_cmpuint (others->len, ==, 0);
  entries = lpad_journal_load (journal, EID);
  g_assert_cmpuint (entries->len, ==, 1);
  entry = entries->pdata[0];
  g_assert_cmpstr (entry->kind, ==, "download");
  g_assert_cmpint (entry->phase, ==, LPAD_PHASE_LOADING);
  g_assert_cmpint (entry->outcome, ==, LPAD_OUTCOME_UNKNOWN);
  g_assert_cmpint (entry->time, ==, time);
  g_assert_true (entry->enable);
  g_assert_true (lpad_journal_entry_is_open (entry));
  g_assert_cmpmem (g_bytes_get_data (entry->transaction_id, NULL),
                   g_bytes_get_size (entry->transaction_id),
                   "0123456789abcdef",
                   16);
  g_assert_true (lpad_journal_entry_is_order (entry, SERVER, ID));
  g_assert_cmpint (entry->order_name, ==, LPAD_ORDER_NAME_EVENT);
  g_assert_false (lpad_journal_entry_is_order (entry, SERVER, "MATCHING-ID-2"));
  g_assert_true (lpad_journal_entry_is_profile (entry, iccid));
  lpad_journal_free (journal);
}

/* What was enabled before, or that nothing was, is known in the next life, too; and that it waits. */
static void
test_detour (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GBytes) iccid = some_iccid ();
  g_autoptr (GBytes) other = g_bytes_new_static ("\x98\x10\x32\x54\x76\x98\x10\x32\x54\xf7", 10);

  for (int nothing = 0; nothing <= 1; nothing++)
    {
      LpadJournal *journal = lpad_journal_open (fixture->folder);
      LpadJournalEntry *entry = lpad_journal_entry_new (journal, LPAD_JOURNAL_DETOUR, EID);
      g_autoptr (GPtrArray) entries = NULL;

      g_assert_false (lpad_journal_has_open (fixture->folder));
      lpad_journal_entry_set_profile (entry, other);
      lpad_journal_entry_set_before (entry, nothing ? NULL : iccid);
      lpad_journal_entry_begin (entry, LPAD_PHASE_CHANGING);
      lpad_journal_entry_free (entry);
      lpad_journal_free (journal);

      journal = lpad_journal_open (fixture->folder);
      g_assert_true (lpad_journal_has_open (fixture->folder));
      entries = lpad_journal_load (journal, EID);
      g_assert_cmpuint (entries->len, ==, 1);
      entry = entries->pdata[0];
      g_assert_true (lpad_journal_entry_is_detour (entry));
      g_assert_true (lpad_journal_entry_is_profile (entry, other));
      g_assert_cmpint (lpad_journal_entry_is_before (entry, iccid), ==, !nothing);
      g_assert_false (lpad_journal_entry_is_before (entry, other));
      entry->outcome = LPAD_OUTCOME_NOTHING;
      lpad_journal_entry_save (entry);
      g_assert_false (lpad_journal_has_open (fixture->folder));
      lpad_journal_entry_remove (entry);
      lpad_journal_free (journal);
    }
}

static void
test_removed (Fixture *fixture, gconstpointer data)
{
  g_autoptr (LpadJournal) journal = lpad_journal_open (fixture->folder);
  g_autoptr (LpadJournalEntry) entry = record_download (journal, LPAD_PHASE_SESSION);
  g_autoptr (GPtrArray) files = list (fixture, ".record");
  g_autoptr (GPtrArray) after = NULL;

  g_assert_cmpuint (files->len, ==, 1);
  lpad_journal_entry_remove (entry);
  after = list (fixture, ".record");
  g_assert_cmpuint (after->len, ==, 0);
}

/* However often an operation says how far it is: one file, and nothing beside it. */
static void
test_one_file (Fixture *fixture, gconstpointer data)
{
  g_autoptr (LpadJournal) journal = lpad_journal_open (fixture->folder);
  g_autoptr (LpadJournalEntry) entry = record_download (journal, LPAD_PHASE_SESSION);
  g_autoptr (GPtrArray) files = NULL;

  lpad_journal_entry_begin (entry, LPAD_PHASE_LOADING);
  lpad_journal_entry_begin (entry, LPAD_PHASE_ENABLING);
  files = list (fixture, "");
  g_assert_cmpuint (files->len, ==, 2); /* and the key */
}

static void
test_no_identifiers (Fixture *fixture, gconstpointer data)
{
  static const char *const secrets[] = { EID, SERVER, ID, "89012345678901234" };
  g_autoptr (LpadJournal) journal = lpad_journal_open (fixture->folder);
  g_autoptr (LpadJournalEntry) entry G_GNUC_UNUSED = record_download (journal, LPAD_PHASE_LOADING);
  g_autoptr (GPtrArray) files = list (fixture, ".record");
  g_autofree char *text = NULL;
  struct stat status;

  g_assert_true (g_file_get_contents (files->pdata[0], &text, NULL, NULL));
  for (guint i = 0; i < G_N_ELEMENTS (secrets); i++)
    g_assert_null (strstr (text, secrets[i]));
  g_assert_cmpint (stat (files->pdata[0], &status), ==, 0);
  g_assert_cmpuint (status.st_mode & 0777, ==, 0600);
}

/* The same chip and order look different in each installation: nobody can prepare a list of hashes. */
static void
test_own_key (Fixture *fixture, gconstpointer data)
{
  g_autoptr (LpadJournal) journal = lpad_journal_open (fixture->folder);
  g_autoptr (LpadJournal) other = lpad_journal_open (NULL);
  g_autoptr (LpadJournalEntry) here = record_download (journal, LPAD_PHASE_SESSION);
  g_autoptr (LpadJournalEntry) there = record_download (other, LPAD_PHASE_SESSION);

  g_assert_cmpstr (here->chip, !=, there->chip);
  g_assert_cmpstr (here->order, !=, there->order);
  g_assert_cmpstr (here->profile, !=, there->profile);
  g_assert_cmpstr (here->order, !=, here->profile);
}

/* A key that got lost: what is there belongs to nobody, and is no obstacle. */
static void
test_lost_key (Fixture *fixture, gconstpointer data)
{
  LpadJournal *journal = lpad_journal_open (fixture->folder);
  g_autoptr (GPtrArray) entries = NULL;

  lpad_journal_entry_free (record_download (journal, LPAD_PHASE_SESSION));
  lpad_journal_free (journal);
  write_file (fixture, "key", "short", -1);
  journal = lpad_journal_open (fixture->folder);
  entries = lpad_journal_load (journal, EID);
  g_assert_cmpuint (entries->len, ==, 0);
  lpad_journal_free (journal);
}

static const char valid[] = "[Operation]\nFormat=1\nKind=download\nTime=1700000000\n"
                            "Chip=00000000000000000000000000000000\nEnable=false\nPhase=4\nOutcome=0\n"
                            "BppCommand=-1\nErrorReason=-1\n";

/* Torn, of another version, or no record at all: removed with one message each, and lpad goes on. */
static void
test_damaged (Fixture *fixture, gconstpointer data)
{
  g_autoptr (LpadJournal) journal = lpad_journal_open (fixture->folder);
  static const char *const changes[][2] = {
    { "Format=1", "Format=2" },   { "Kind=download", "Kind=party" }, { "Time=1700000000", "Time=noon" },
    { "Phase=4", "Phase=99" },    { "Outcome=0", "Outcome=-1" },     { "Chip=0000", "Chip=00zz" },
    { "[Operation]", "[Opera" },  { "BppCommand=-1", "" },           { "Kind=download", "" },
    { "Phase=4\n", "Phase=0\n" },
  };

  write_file (fixture, "good.record", valid, -1);
  write_file (fixture, "foreign.txt", "not ours", -1);
  for (guint i = 0; i < G_N_ELEMENTS (changes); i++)
    {
      g_auto (GStrv) parts = g_strsplit (valid, changes[i][0], 2);
      g_autofree char *text = g_strjoinv (changes[i][1], parts);
      g_autoptr (GPtrArray) entries = NULL;
      g_autoptr (GPtrArray) files = NULL;

      write_file (fixture, "bad.record", text, -1);
      g_test_expect_message ("lpad", G_LOG_LEVEL_MESSAGE, "*bad.record is damaged: removed*");
      entries = lpad_journal_load (journal, EID);
      g_test_assert_expected_messages ();
      g_assert_cmpuint (entries->len, ==, 0);
      files = list (fixture, ".record");
      g_assert_cmpuint (files->len, ==, 1);
    }
  {
    g_autoptr (GPtrArray) foreign = list (fixture, ".txt");

    g_assert_cmpuint (foreign->len, ==, 1);
  }
}

static void
test_too_large (Fixture *fixture, gconstpointer data)
{
  g_autoptr (LpadJournal) journal = lpad_journal_open (fixture->folder);
  g_autofree char *large = g_strnfill (5000, '#');
  g_autofree char *text = g_strconcat (valid, large, NULL);
  g_autoptr (GPtrArray) entries = NULL;

  write_file (fixture, "bad.record", text, -1);
  g_test_expect_message ("lpad", G_LOG_LEVEL_MESSAGE, "*is damaged*");
  entries = lpad_journal_load (journal, EID);
  g_test_assert_expected_messages ();
  g_assert_cmpuint (entries->len, ==, 0);
}

/* A kill between the temporary file and the rename leaves the temporary file. */
static void
test_remains (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GPtrArray) files = NULL;

  lpad_journal_free (lpad_journal_open (fixture->folder));
  write_file (fixture, "0123456789abcdef.record.a1b2c3", "[Oper", -1);
  write_file (fixture, "key.a1b2c3", "", 0);
  lpad_journal_free (lpad_journal_open (fixture->folder));
  files = list (fixture, "");
  g_assert_cmpuint (files->len, ==, 1); /* the key */
}

/* Chips that never return do not fill the disk. */
static void
test_bounded (Fixture *fixture, gconstpointer data)
{
  g_autoptr (LpadJournal) journal = lpad_journal_open (fixture->folder);
  g_autoptr (GPtrArray) entries = NULL;

  for (guint i = 0; i < MANY; i++)
    {
      g_autoptr (LpadJournalEntry) entry = lpad_journal_entry_new (journal, "enable", EID);

      entry->time = 1000 + i;
      lpad_journal_entry_begin (entry, LPAD_PHASE_CHANGING);
    }
  entries = lpad_journal_load (journal, EID);
  g_assert_cmpuint (entries->len, ==, KEPT);
  g_assert_cmpint (((const LpadJournalEntry *) entries->pdata[0])->time, ==, 1000 + MANY - KEPT);
}

/* Nothing can be written: one warning, and everything else works. A file stands where the folder should be,
 * which stops root, too. */
static void
test_cannot_write (Fixture *fixture, gconstpointer data)
{
  g_autoptr (LpadJournal) journal = NULL;
  g_autoptr (LpadJournalEntry) entry = NULL;

  g_assert_true (g_file_set_contents (fixture->folder, "", 0, NULL));
  g_test_expect_message ("lpad", G_LOG_LEVEL_WARNING, "*cannot be written*work goes on*");
  journal = lpad_journal_open (fixture->folder);
  entry = record_download (journal, LPAD_PHASE_SESSION);
  lpad_journal_entry_begin (entry, LPAD_PHASE_LOADING);
  g_test_assert_expected_messages ();
  lpad_journal_entry_remove (entry);
  g_assert_cmpint (g_remove (fixture->folder), ==, 0);
}

static void
test_orders_without_name (Fixture *fixture, gconstpointer data)
{
  g_autoptr (LpadJournal) journal = lpad_journal_open (NULL);
  g_autoptr (LpadJournalEntry) entry = lpad_journal_entry_new (journal, "download", EID);

  lpad_journal_entry_set_order (entry, SERVER, NULL, LPAD_ORDER_NAME_NONE);
  g_assert_true (lpad_journal_entry_is_order (entry, SERVER, NULL));
  g_assert_false (lpad_journal_entry_is_order (entry, "other." SERVER, NULL));
  g_assert_false (lpad_journal_entry_is_order (entry, SERVER, ""));
  g_assert_false (lpad_journal_entry_is_order (entry, SERVER, ID));
}

/* What the same start leaves to be told of an interrupted download. */
static void
test_done_anew (Fixture *fixture, gconstpointer data)
{
  static const struct
  {
    LpadOrderName how;
    LpadOutcome outcome;
    gboolean anew;
  } cases[] = {
    { LPAD_ORDER_NAME_CODE, LPAD_OUTCOME_NOTHING, TRUE },
    { LPAD_ORDER_NAME_CODE, LPAD_OUTCOME_UNKNOWN, TRUE },
    { LPAD_ORDER_NAME_EVENT, LPAD_OUTCOME_DONE, TRUE },
    { LPAD_ORDER_NAME_NONE, LPAD_OUTCOME_NOTHING, TRUE },
    { LPAD_ORDER_NAME_NONE, LPAD_OUTCOME_FAILED, TRUE },
    { LPAD_ORDER_NAME_NONE, LPAD_OUTCOME_UNKNOWN, FALSE },
    { LPAD_ORDER_NAME_NONE, LPAD_OUTCOME_PARTLY, FALSE },
    { LPAD_ORDER_NAME_NONE, LPAD_OUTCOME_DONE, FALSE },
  };
  g_autoptr (LpadJournal) journal = lpad_journal_open (NULL);

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      const char *name = cases[i].how == LPAD_ORDER_NAME_NONE ? NULL : ID;
      g_autoptr (LpadJournalEntry) old = lpad_journal_entry_new (journal, "download", EID);
      g_autoptr (LpadJournalEntry) same = lpad_journal_entry_new (journal, "download", EID);
      g_autoptr (LpadJournalEntry) other = lpad_journal_entry_new (journal, "download", EID);

      lpad_journal_entry_set_order (old, SERVER, name, cases[i].how);
      old->outcome = cases[i].outcome;
      lpad_journal_entry_set_order (same, SERVER, name, cases[i].how);
      lpad_journal_entry_set_order (other, SERVER, "MATCHING-ID-2", LPAD_ORDER_NAME_CODE);
      g_assert_cmpint (lpad_journal_entry_is_done_anew (old, same), ==, cases[i].anew);
      g_assert_false (lpad_journal_entry_is_done_anew (old, other));
    }
}

static void
test_order_state (Fixture *fixture, gconstpointer data)
{
  static const struct
  {
    LpadPhase phase;
    LpadOutcome outcome;
    int reason;
    LpadOrder order;
  } cases[] = {
    { LPAD_PHASE_SESSION, LPAD_OUTCOME_NOTHING, -1, LPAD_ORDER_USABLE },
    { LPAD_PHASE_CODE, LPAD_OUTCOME_NOTHING, -1, LPAD_ORDER_UNKNOWN },
    { LPAD_PHASE_ENDING, LPAD_OUTCOME_NOTHING, -1, LPAD_ORDER_UNKNOWN },
    { LPAD_PHASE_LOADING, LPAD_OUTCOME_NOTHING, -1, LPAD_ORDER_USABLE },
    { LPAD_PHASE_LOADING, LPAD_OUTCOME_UNKNOWN, -1, LPAD_ORDER_UNKNOWN },
    { LPAD_PHASE_LOADING, LPAD_OUTCOME_FAILED, 8, LPAD_ORDER_ENDED },
    { LPAD_PHASE_LOADING, LPAD_OUTCOME_FAILED, 10, LPAD_ORDER_USABLE },
    { LPAD_PHASE_LOADING, LPAD_OUTCOME_DONE, -1, LPAD_ORDER_ENDED },
    { LPAD_PHASE_ENABLING, LPAD_OUTCOME_PARTLY, -1, LPAD_ORDER_ENDED },
  };
  g_autoptr (LpadJournal) journal = lpad_journal_open (NULL);

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (LpadJournalEntry) entry = record_download (journal, cases[i].phase);

      entry->outcome = cases[i].outcome;
      entry->error_reason = cases[i].reason;
      g_assert_cmpint (lpad_journal_entry_order_state (entry), ==, cases[i].order);
    }
}

static void
test_no_news (Fixture *fixture, gconstpointer data)
{
  g_autoptr (LpadJournal) journal = lpad_journal_open (NULL);
  g_autoptr (LpadJournalEntry) entry = record_download (journal, LPAD_PHASE_LOADING);

  g_assert_false (lpad_journal_entry_is_over (entry, entry->time + 2 * A_WEEK)); /* nobody knows yet */
  entry->outcome = LPAD_OUTCOME_DONE;
  g_assert_false (lpad_journal_entry_is_over (entry, entry->time + A_WEEK));
  g_assert_true (lpad_journal_entry_is_over (entry, entry->time + A_WEEK + 1));
  g_assert_false (lpad_journal_entry_is_over (entry, entry->time - 2 * A_WEEK)); /* the clock was set back */
}

static void
test_trial (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GBytes) new = g_bytes_new_static (iccid_octets, sizeof iccid_octets);
  g_autoptr (GBytes) old = g_bytes_new_static (iccid_octets, sizeof iccid_octets - 1);
  g_autoptr (LpadJournal) journal = lpad_journal_open (fixture->folder);
  g_autoptr (LpadJournalEntry) entry = lpad_journal_entry_new (journal, "enable", EID);
  g_autoptr (GPtrArray) loaded = NULL;
  LpadJournalEntry *found;

  g_assert_false (lpad_journal_has_open (fixture->folder));
  lpad_journal_entry_set_profile (entry, new);
  lpad_journal_entry_set_trial (entry, old, 120);
  entry->deadline = 1700000000;
  entry->confirm = TRUE;
  lpad_journal_entry_begin (entry, LPAD_PHASE_TRIAL);
  g_assert_true (lpad_journal_has_open (fixture->folder));

  loaded = lpad_journal_load (journal, EID);
  g_assert_cmpuint (loaded->len, ==, 1);
  found = loaded->pdata[0];
  g_assert_cmpuint (found->trial_s, ==, 120);
  g_assert_cmpint (found->deadline, ==, 1700000000);
  g_assert_true (found->confirm);
  g_assert_cmpint (found->phase, ==, LPAD_PHASE_TRIAL);
  g_assert_true (lpad_journal_entry_is_previous (found, old));
  g_assert_false (lpad_journal_entry_is_previous (found, new));
  g_assert_false (lpad_journal_entry_is_over (found, G_MAXINT64));

  entry->trial_s = 0;
  entry->outcome = LPAD_OUTCOME_DONE;
  lpad_journal_entry_save (entry);
  g_assert_false (lpad_journal_has_open (fixture->folder));
}

static void
test_trial_without_previous (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GBytes) new = g_bytes_new_static (iccid_octets, sizeof iccid_octets);
  g_autoptr (LpadJournal) journal = lpad_journal_open (fixture->folder);
  g_autoptr (LpadJournalEntry) entry = lpad_journal_entry_new (journal, "enable", EID);

  lpad_journal_entry_set_trial (entry, NULL, G_MAXUINT);
  g_assert_null (entry->previous);
  g_assert_false (lpad_journal_entry_is_previous (entry, new));
  g_assert_cmpuint (entry->trial_s, ==, 24 * 3600);
}

#define ADD(path, function) g_test_add (path, Fixture, NULL, set_up, function, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("/journal/next-life", test_next_life);
  ADD ("/journal/detour", test_detour);
  ADD ("/journal/removed", test_removed);
  ADD ("/journal/one-file", test_one_file);
  ADD ("/journal/no-identifiers", test_no_identifiers);
  ADD ("/journal/own-key", test_own_key);
  ADD ("/journal/lost-key", test_lost_key);
  ADD ("/journal/damaged", test_damaged);
  ADD ("/journal/too-large", test_too_large);
  ADD ("/journal/remains", test_remains);
  ADD ("/journal/bounded", test_bounded);
  ADD ("/journal/cannot-write", test_cannot_write);
  ADD ("/journal/orders-without-name", test_orders_without_name);
  ADD ("/journal/done-anew", test_done_anew);
  ADD ("/journal/order-state", test_order_state);
  ADD ("/journal/no-news", test_no_news);
  ADD ("/journal/trial", test_trial);
  ADD ("/journal/trial/none-before", test_trial_without_previous);
  return g_test_run ();
}
