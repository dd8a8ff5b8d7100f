/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "journal.h"

#include <glib/gstdio.h>
#include <unistd.h>

#define MODEM "/sys/devices/usb1/1-1"

static char *
new_path (void)
{
  char *path = NULL;
  g_autoptr (GError) error = NULL;
  int fd = g_file_open_tmp ("lpad-nm-journal-XXXXXX", &path, &error);

  g_assert_no_error (error);
  close (fd);
  return path;
}

static void
test_what_a_crash_leaves (void)
{
  g_autofree char *path = new_path ();
  char first[] = "11111111-0000", second[] = "22222222-0000";
  LpadNmEntry entry
      = { .uuid = first, .priority = -3, .autoconnect = TRUE, .set_priority = 5, .saved = TRUE };
  const LpadNmEntry made = { .uuid = second, .made = TRUE, .set_priority = 1, .set_autoconnect = TRUE };
  const LpadNmEntry *read;
  LpadNmJournal *journal = lpad_nm_journal_new (path);

  lpad_nm_journal_add (journal, MODEM, &entry);
  lpad_nm_journal_add (journal, "/sys/other", &made);
  /* A second change does not make the first one's value that of the user. */
  entry.priority = 5;
  entry.set_priority = 9;
  lpad_nm_journal_add (journal, MODEM, &entry);
  lpad_nm_journal_free (journal);

  journal = lpad_nm_journal_new (path);
  g_assert_true (lpad_nm_journal_has (journal, MODEM));
  g_assert_false (lpad_nm_journal_has (journal, "/sys"));
  g_assert_cmpuint (lpad_nm_journal_get (journal)->len, ==, 2);
  read = g_ptr_array_index (lpad_nm_journal_get (journal), 0);
  g_assert_cmpstr (read->uuid, ==, first);
  g_assert_cmpstr (read->modem, ==, MODEM);
  g_assert_cmpint (read->priority, ==, -3);
  g_assert_cmpint (read->set_priority, ==, 9);
  g_assert_true (read->autoconnect && read->saved && !read->made && !read->set_autoconnect);
  read = g_ptr_array_index (lpad_nm_journal_get (journal), 1);
  g_assert_true (read->made && read->set_autoconnect && !read->saved);
  lpad_nm_journal_remove (journal, first);
  lpad_nm_journal_remove (journal, "unknown");
  g_assert_false (lpad_nm_journal_has (journal, MODEM));
  lpad_nm_journal_free (journal);

  journal = lpad_nm_journal_new (path);
  g_assert_cmpuint (lpad_nm_journal_get (journal)->len, ==, 1);
  lpad_nm_journal_free (journal);
  g_unlink (path);
}

static void
test_files_that_are_none (void)
{
  const char *const texts[] = {
    "",
    "nonsense",
    "[u]\n",
    "[u]\nModem=/sys\n",
    "[u]\nModem=/sys\nMade=maybe\nPriority=0\nAutoconnect=true\nSetPriority=1\nSetAutoconnect=true\nSaved=true\n",
    "[u]\nModem=/sys\nMade=false\nPriority=1e9\nAutoconnect=true\nSetPriority=1\nSetAutoconnect=true\nSaved=true\n",
    "[u]\nModem=/sys\nMade=false\nPriority=99999999999\nAutoconnect=true\nSetPriority=1\nSetAutoconnect=true\n",
  };
  g_autofree char *path = new_path ();

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      LpadNmJournal *journal;

      g_assert_true (g_file_set_contents (path, texts[i], -1, NULL));
      journal = lpad_nm_journal_new (path);
      g_assert_cmpuint (lpad_nm_journal_get (journal)->len, ==, 0);
      lpad_nm_journal_free (journal);
    }
  g_unlink (path);
}

static void
test_without_a_file (void)
{
  LpadNmJournal *journal = lpad_nm_journal_new (NULL);
  char uuid[] = "u";
  const LpadNmEntry entry = { .uuid = uuid };

  lpad_nm_journal_add (journal, MODEM, &entry);
  g_assert_true (lpad_nm_journal_has (journal, MODEM));
  lpad_nm_journal_free (journal);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/nm-journal/crash", test_what_a_crash_leaves);
  g_test_add_func ("/nm-journal/files-that-are-none", test_files_that_are_none);
  g_test_add_func ("/nm-journal/without-a-file", test_without_a_file);
  return g_test_run ();
}
