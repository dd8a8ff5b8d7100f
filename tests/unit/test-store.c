/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "store.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>

#include "error-details.h"

#define EID    "89049032000000000000000000000163"
#define HOST   "smdp.example.com"
#define READER "ACME Reader 00 00"
#define NOW    G_GINT64_CONSTANT (1700000000)
#define DAY    G_GINT64_CONSTANT (86400)

typedef struct
{
  char *folder;
} Fixture;

static void
set_up (Fixture *fixture, gconstpointer data)
{
  fixture->folder = g_dir_make_tmp ("lpad-store-XXXXXX", NULL);
  g_assert_nonnull (fixture->folder);
}

static char *
file_path (Fixture *fixture, const char *name)
{
  return g_build_filename (fixture->folder, name, NULL);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GDir) dir = g_dir_open (fixture->folder, 0, NULL);
  const char *name;

  while ((name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = file_path (fixture, name);

      g_assert_cmpint (g_remove (path), ==, 0);
    }
  g_assert_cmpint (g_rmdir (fixture->folder), ==, 0);
  g_free (fixture->folder);
}

static GPtrArray *
aids (const char *first, const char *second)
{
  GPtrArray *list = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);

  g_ptr_array_add (list, g_bytes_new (first, strlen (first)));
  if (second != NULL)
    g_ptr_array_add (list, g_bytes_new (second, strlen (second)));
  return list;
}

static void
test_others (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GPtrArray) searched = aids ("application 1", "application 2");
  g_autoptr (GPtrArray) more = aids ("application 1", "application 3");
  g_autoptr (GPtrArray) found = aids ("application 2", NULL);
  g_autoptr (GPtrArray) none = g_ptr_array_new ();
  g_autoptr (GPtrArray) others = NULL;
  LpadStore *store = lpad_store_open (fixture->folder);

  g_assert_null (lpad_store_get_others (store, EID, searched));
  lpad_store_set_others (store, EID, searched, found);
  lpad_store_save (store);
  lpad_store_free (store);

  store = lpad_store_open (fixture->folder);
  g_assert_null (lpad_store_get_others (store, EID, more));
  others = lpad_store_get_others (store, EID, searched);
  g_assert_nonnull (others);
  g_assert_cmpuint (others->len, ==, 1);
  g_assert_true (g_bytes_equal (others->pdata[0], found->pdata[0]));

  lpad_store_set_others (store, EID, more, none);
  g_clear_pointer (&others, g_ptr_array_unref);
  others = lpad_store_get_others (store, EID, more);
  g_assert_nonnull (others);
  g_assert_cmpuint (others->len, ==, 0);
  lpad_store_free (store);
}

static void
add_failure_of (LpadStore *store, guint64 number, LpadError code, const char *message, gint64 now)
{
  g_autoptr (GError) error = g_error_new_literal (LPAD_ERROR, (gint) code, message);

  lpad_store_add_failure (store, EID, number, HOST, error, now);
}

static void
add_failure (LpadStore *store, guint64 number, gint64 now)
{
  add_failure_of (store, number, LPAD_ERROR_SERVER_REFUSED, "The server refused", now);
}

static void
test_round_trip (Fixture *fixture, gconstpointer data)
{
  LpadStore *store = lpad_store_open (fixture->folder);
  LpadAttempts attempts;

  g_assert_cmpuint (lpad_store_get_segment_size (store, READER), ==, 0);
  lpad_store_set_segment_size (store, READER, 120);
  add_failure (store, 0, NOW);
  lpad_store_save (store);
  lpad_store_free (store);

  store = lpad_store_open (fixture->folder);
  g_assert_cmpuint (lpad_store_get_segment_size (store, READER), ==, 120);
  g_assert_cmpuint (lpad_store_get_segment_size (store, "another"), ==, 0);
  attempts = lpad_store_get_attempts (store, EID, 0, NOW);
  g_assert_cmpuint (attempts.failures, ==, 1);
  g_assert_cmpint (attempts.next, ==, NOW + 60);
  lpad_store_free (store);
}

/* Why a delivery failed outlives lpad, once for all that failed so; reasons that nobody has any more go. */
static void
test_failures (Fixture *fixture, gconstpointer data)
{
  g_autofree char *path = file_path (fixture, "notifications.ini");
  g_autofree char *before = NULL;
  g_autofree char *text = NULL;
  g_autofree char *first = NULL;
  g_autofree char *second = NULL;
  g_autoptr (GArray) pending = g_array_new (FALSE, FALSE, sizeof (guint64));
  LpadStore *store = lpad_store_open (fixture->folder);
  const guint64 kept = 2;

  g_assert_null (lpad_store_get_failure (store, EID, 1, HOST));
  add_failure_of (store, 1, LPAD_ERROR_SERVER_UNREACHABLE, "The server " HOST "; cannot be reached", NOW);
  add_failure (store, 2, NOW);
  add_failure (store, 3, NOW);
  lpad_store_save (store);
  lpad_store_free (store);

  store = lpad_store_open (fixture->folder);
  first = lpad_store_get_failure (store, EID, 1, HOST);
  second = lpad_store_get_failure (store, EID, 3, HOST);
  g_assert_cmpstr (first, ==, "The server " HOST "; cannot be reached");
  g_assert_cmpstr (second, ==, "The server refused");
  g_assert_true (lpad_store_get_attempts (store, EID, 1, NOW).unreachable);
  g_assert_false (lpad_store_get_attempts (store, EID, 2, NOW).unreachable);

  g_array_append_val (pending, kept);
  g_assert_true (g_file_get_contents (path, &before, NULL, NULL));
  g_assert_nonnull (strstr (before, "cannot be reached"));
  g_assert_null (strstr (before, HOST));
  lpad_store_keep_only (store, EID, pending);
  lpad_store_save (store);
  lpad_store_free (store);
  g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
  g_assert_nonnull (strstr (text, "The server refused"));
  g_assert_null (strstr (text, "cannot be reached"));
}

static void
test_due (Fixture *fixture, gconstpointer data)
{
  g_autoptr (LpadStore) store = lpad_store_open (NULL);

  g_assert_false (lpad_store_is_due (store, NOW));
  add_failure (store, 7, NOW);
  g_assert_false (lpad_store_is_due (store, NOW + 59));
  g_assert_true (lpad_store_is_due (store, NOW + 60));
  g_assert_true (lpad_store_is_due (store, NOW - 2 * DAY));
}

/* A clock that jumps ahead makes everything due once, and no more. */
static void
test_clock_set_ahead (Fixture *fixture, gconstpointer data)
{
  g_autoptr (LpadStore) store = lpad_store_open (NULL);
  gint64 later = NOW + 365 * DAY;

  add_failure (store, 1, NOW);
  g_assert_cmpint (lpad_store_get_attempts (store, EID, 1, later).next, <, later);
  add_failure (store, 1, later);
  g_assert_cmpint (lpad_store_get_attempts (store, EID, 1, later).next, ==, later + 120);
}

static void
test_no_identifiers (Fixture *fixture, gconstpointer data)
{
  static const char *const names[] = { "readers.ini", "notifications.ini" };
  g_autoptr (LpadStore) store = lpad_store_open (fixture->folder);

  lpad_store_set_segment_size (store, READER, 120);
  add_failure (store, 3, NOW);
  lpad_store_save (store);
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *path = file_path (fixture, names[i]);
      g_autofree char *text = NULL;
      struct stat status;

      g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
      g_assert_null (strstr (text, EID));
      g_assert_null (strstr (text, READER));
      g_assert_cmpint (stat (path, &status), ==, 0);
      g_assert_cmpuint (status.st_mode & 0777, ==, 0600);
    }
}

static void
test_delays (Fixture *fixture, gconstpointer data)
{
  g_autoptr (LpadStore) store = lpad_store_open (NULL);
  gint64 last = 0;

  for (guint i = 1; i <= 40; i++)
    {
      LpadAttempts attempts;

      add_failure (store, 1, NOW);
      attempts = lpad_store_get_attempts (store, EID, 1, NOW);
      g_assert_cmpuint (attempts.failures, ==, i);
      g_assert_cmpint (attempts.next - NOW, >=, last);
      g_assert_cmpint (attempts.next - NOW, <=, DAY);
      last = attempts.next - NOW;
    }
  g_assert_cmpint (last, ==, DAY);
}

static void
test_clock_set_back (Fixture *fixture, gconstpointer data)
{
  g_autoptr (LpadStore) store = lpad_store_open (NULL);
  LpadAttempts attempts;

  add_failure (store, 1, NOW);
  attempts = lpad_store_get_attempts (store, EID, 1, NOW - 2 * DAY);
  g_assert_cmpint (attempts.next, ==, 0);
  g_assert_cmpuint (attempts.failures, ==, 1);
}

static void
test_keep_only (Fixture *fixture, gconstpointer data)
{
  g_autoptr (LpadStore) store = lpad_store_open (NULL);
  g_autoptr (GArray) pending = g_array_new (FALSE, FALSE, sizeof (guint64));
  guint64 kept = 2;

  add_failure (store, 1, NOW);
  add_failure (store, kept, NOW);
  g_array_append_val (pending, kept);
  lpad_store_keep_only (store, EID, pending);
  g_assert_cmpuint (lpad_store_get_attempts (store, EID, 1, NOW).failures, ==, 0);
  g_assert_cmpuint (lpad_store_get_attempts (store, EID, kept, NOW).failures, ==, 1);
}

static void
test_damaged (Fixture *fixture, gconstpointer data)
{
  static const char *const texts[] = { "[torn", "\xff\xfe", "[x]\nSegmentSize=9999999999999\n", "" };
  g_autofree char *path = file_path (fixture, "readers.ini");

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_autoptr (LpadStore) store = NULL;

      g_assert_true (g_file_set_contents (path, texts[i], -1, NULL));
      store = lpad_store_open (fixture->folder);
      g_assert_cmpuint (lpad_store_get_segment_size (store, READER), ==, 0);
      lpad_store_set_segment_size (store, READER, 60);
      lpad_store_save (store);
      g_assert_cmpuint (lpad_store_get_segment_size (store, READER), ==, 60);
    }
}

/* What cannot be written is remembered until the end, and is no reason to fail. */
static void
test_no_folder (Fixture *fixture, gconstpointer data)
{
  g_autofree char *file = file_path (fixture, "file");
  g_autofree char *folder = g_build_filename (file, "folder", NULL);
  g_autoptr (LpadStore) store = NULL;

  g_assert_true (g_file_set_contents (file, "", 0, NULL));
  store = lpad_store_open (folder);
  lpad_store_set_segment_size (store, READER, 60);
  g_test_expect_message ("lpad", G_LOG_LEVEL_WARNING, "*is lost when lpad ends*");
  lpad_store_save (store);
  g_test_assert_expected_messages ();
  lpad_store_set_segment_size (store, READER, 30);
  lpad_store_save (store);
  g_assert_cmpuint (lpad_store_get_segment_size (store, READER), ==, 30);
}

/* Who only looks leaves nothing behind: the folder could belong to the wrong user. */
static void
test_folder_is_made_by_saving (Fixture *fixture, gconstpointer data)
{
  LpadStore *store = NULL;

  g_assert_cmpint (g_rmdir (fixture->folder), ==, 0);
  store = lpad_store_open (fixture->folder);
  g_assert_false (lpad_store_is_due (store, NOW));
  lpad_store_save (store);
  g_assert_false (g_file_test (fixture->folder, G_FILE_TEST_EXISTS));
  lpad_store_set_segment_size (store, READER, 60);
  lpad_store_save (store);
  lpad_store_free (store);
  store = lpad_store_open (fixture->folder);
  g_assert_cmpuint (lpad_store_get_segment_size (store, READER), ==, 60);
  lpad_store_free (store);
}

/* What has been done once is known in the next life; what nobody can have written counts as nothing. */
static void
test_first_boot (Fixture *fixture, gconstpointer data)
{
  LpadFirstBootRecord record = { LPAD_FIRST_BOOT_BEGUN, 3, NOW + 60, NULL };
  LpadStore *store = lpad_store_open (fixture->folder);
  g_autofree char *path = file_path (fixture, "chips.ini");
  char error[] = "org.lpad.Lpad1.Error.NotFound";
  g_autofree char *text = NULL;

  g_assert_true (lpad_store_is_first_boot_due (store, NOW)); /* no chip was seen yet */
  record.error = error;
  lpad_store_set_first_boot (store, EID, &record);
  lpad_store_save (store);
  lpad_store_free (store);
  g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
  g_assert_null (strstr (text, EID));

  store = lpad_store_open (fixture->folder);
  g_assert_false (lpad_store_is_first_boot_due (store, NOW + 59));
  g_assert_true (lpad_store_is_first_boot_due (store, NOW + 60));
  g_assert_true (lpad_store_is_first_boot_due (store, NOW - 2 * DAY)); /* the clock was set back */
  lpad_store_get_first_boot (store, EID, &record);
  g_assert_cmpint (record.stage, ==, LPAD_FIRST_BOOT_BEGUN);
  g_assert_cmpuint (record.failures, ==, 3);
  g_assert_cmpint (record.next, ==, NOW + 60);
  g_assert_cmpstr (record.error, ==, error);
  g_clear_pointer (&record.error, g_free);

  record.stage = LPAD_FIRST_BOOT_DONE;
  lpad_store_set_first_boot (store, EID, &record);
  g_assert_false (lpad_store_is_first_boot_due (store, NOW + DAY));
  lpad_store_get_first_boot (store, HOST, &record);
  g_assert_cmpint (record.stage, ==, LPAD_FIRST_BOOT_UNKNOWN);
  lpad_store_free (store);
}

static void
test_first_boot_damaged (Fixture *fixture, gconstpointer data)
{
  static const char *const values[] = { "", "1", "9;0;0;;", "1;x;0;;", "1;0;99999999999999999999;;" };
  g_autofree char *path = file_path (fixture, "chips.ini");

  for (guint i = 0; i < G_N_ELEMENTS (values); i++)
    {
      g_autofree char *text
          = g_strdup_printf ("[0123456789abcdef0123456789abcdef]\nFirstBoot=%s\n", values[i]);
      g_autoptr (LpadStore) store = NULL;

      g_assert_true (g_file_set_contents (path, text, -1, NULL));
      store = lpad_store_open (fixture->folder);
      g_assert_true (lpad_store_is_first_boot_due (store, NOW));
    }
}

static void
test_bounded (Fixture *fixture, gconstpointer data)
{
  g_autoptr (LpadStore) store = lpad_store_open (NULL);

  for (guint i = 0; i < 100; i++)
    {
      g_autofree char *name = g_strdup_printf ("reader %u", i);

      lpad_store_set_segment_size (store, name, 100);
    }
  g_assert_cmpuint (lpad_store_get_segment_size (store, "reader 0"), ==, 0);
  g_assert_cmpuint (lpad_store_get_segment_size (store, "reader 99"), ==, 100);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(path, test) g_test_add ("/store/" path, Fixture, NULL, set_up, test, tear_down)
  ADD ("round-trip", test_round_trip);
  ADD ("others", test_others);
  ADD ("no-identifiers", test_no_identifiers);
  ADD ("delays", test_delays);
  ADD ("clock-set-back", test_clock_set_back);
  ADD ("clock-set-ahead", test_clock_set_ahead);
  ADD ("failures", test_failures);
  ADD ("due", test_due);
  ADD ("keep-only", test_keep_only);
  ADD ("damaged", test_damaged);
  ADD ("no-folder", test_no_folder);
  ADD ("folder-is-made-by-saving", test_folder_is_made_by_saving);
  ADD ("first-boot", test_first_boot);
  ADD ("first-boot/damaged", test_first_boot_damaged);
  ADD ("bounded", test_bounded);
#undef ADD
  return g_test_run ();
}
