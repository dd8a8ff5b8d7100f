/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "channel-journal.h"

#include <glib/gstdio.h>
#include <unistd.h>

#define DEVICE "/dev/cdc-wdm0"

static char *
new_path (void)
{
  char *path = NULL;
  g_autoptr (GError) error = NULL;
  int fd = g_file_open_tmp ("lpad-journal-XXXXXX", &path, &error);

  g_assert_no_error (error);
  close (fd);
  return path;
}

static void
test_what_a_crash_leaves (void)
{
  g_autofree char *path = new_path ();
  LpadModemJournal *before = lpad_modem_journal_new (path), *after;

  lpad_modem_journal_opened (before, DEVICE, 1, 1);
  lpad_modem_journal_opened (before, DEVICE, 1, 2);
  lpad_modem_journal_opened (before, DEVICE, 2, 3);
  lpad_modem_journal_opened (before, "/dev/cdc-wdm1", 1, 4);
  lpad_modem_journal_closed (before, DEVICE, 1, 1);
  g_assert_cmpuint (lpad_modem_journal_take_old (before, DEVICE, 1), ==, 0);
  lpad_modem_journal_free (before);

  after = lpad_modem_journal_new (path);
  lpad_modem_journal_opened (after, DEVICE, 1, 1);
  g_assert_cmpuint (lpad_modem_journal_take_old (after, DEVICE, 1), ==, 2);
  g_assert_cmpuint (lpad_modem_journal_take_old (after, DEVICE, 1), ==, 0);
  lpad_modem_journal_reset (after, DEVICE, 2);
  g_assert_cmpuint (lpad_modem_journal_take_old (after, DEVICE, 2), ==, 0);
  lpad_modem_journal_free (after);

  after = lpad_modem_journal_new (path);
  g_assert_cmpuint (lpad_modem_journal_take_old (after, DEVICE, 1), ==, 1);
  g_assert_cmpuint (lpad_modem_journal_take_old (after, "/dev/cdc-wdm1", 1), ==, 4);
  lpad_modem_journal_free (after);
  g_unlink (path);
}

static void
test_what_was_being_opened (void)
{
  g_autofree char *path = new_path ();
  LpadModemJournal *before = lpad_modem_journal_new (path), *after;
  guint32 open = 0x82, other = 1, found = 0;

  g_assert_false (lpad_modem_journal_is_opening (before, DEVICE, 1, &found));
  lpad_modem_journal_opening (before, DEVICE, 1, &open);
  lpad_modem_journal_opening (before, DEVICE, 1, &other);
  lpad_modem_journal_opening (before, DEVICE, 2, NULL);
  lpad_modem_journal_opening (before, "/dev/cdc-wdm1", 1, &other);
  lpad_modem_journal_opened (before, "/dev/cdc-wdm1", 1, 4);
  lpad_modem_journal_free (before);

  after = lpad_modem_journal_new (path);
  g_assert_true (lpad_modem_journal_is_opening (after, DEVICE, 1, &found));
  g_assert_cmphex (found, ==, 0x82);
  g_assert_true (lpad_modem_journal_is_opening (after, DEVICE, 2, &found));
  g_assert_cmphex (found, ==, G_MAXUINT32);
  g_assert_false (lpad_modem_journal_is_opening (after, "/dev/cdc-wdm1", 1, &found));
  g_assert_cmpuint (lpad_modem_journal_take_old (after, DEVICE, 1), ==, 0);
  lpad_modem_journal_not_opened (after, DEVICE, 1);
  lpad_modem_journal_not_opened (after, DEVICE, 1);
  g_assert_false (lpad_modem_journal_is_opening (after, DEVICE, 1, &found));
  lpad_modem_journal_reset (after, DEVICE, 2);
  g_assert_false (lpad_modem_journal_is_opening (after, DEVICE, 2, &found));
  lpad_modem_journal_free (after);
  g_unlink (path);
}

static void
test_without_an_owner (void)
{
  LpadModemJournal *journal = lpad_modem_journal_new (NULL);

  lpad_modem_journal_opened (journal, DEVICE, 1, 2);
  lpad_modem_journal_opened (journal, "/dev/cdc-wdm1", 1, 3);
  lpad_modem_journal_abandon (journal, DEVICE);
  g_assert_cmpuint (lpad_modem_journal_take_old (journal, "/dev/cdc-wdm1", 1), ==, 0);
  g_assert_cmpuint (lpad_modem_journal_take_old (journal, DEVICE, 1), ==, 2);
  lpad_modem_journal_abandon (journal, "/dev/cdc-wdm1");
  lpad_modem_journal_unplugged (journal, "/dev/cdc-wdm1");
  g_assert_cmpuint (lpad_modem_journal_take_old (journal, "/dev/cdc-wdm1", 1), ==, 0);
  lpad_modem_journal_free (journal);
}

static void
test_lines_that_are_none (void)
{
  g_autofree char *path = new_path ();
  g_autoptr (GError) error = NULL;
  LpadModemJournal *journal;
  guint32 before;

  g_assert_true (g_file_set_contents (path,
                                      "\n" DEVICE "\n" DEVICE " 1\n" DEVICE " 1 0\n" DEVICE " 1 20\n" DEVICE
                                      " 0 1\n" DEVICE " 1 2 3\n" DEVICE " 1 x\n" DEVICE " 1 7\n" DEVICE
                                      " 1 opening\n" DEVICE " 1 opening g\n" DEVICE
                                      " 1 opening 100000000\n" DEVICE " 9 opening -\n",
                                      -1,
                                      &error));
  journal = lpad_modem_journal_new (path);
  g_assert_cmpuint (lpad_modem_journal_take_old (journal, DEVICE, 1), ==, 7);
  g_assert_cmpuint (lpad_modem_journal_take_old (journal, DEVICE, 1), ==, 0);
  g_assert_false (lpad_modem_journal_is_opening (journal, DEVICE, 1, &before));
  lpad_modem_journal_free (journal);
  g_unlink (path);
}

static void
test_without_a_file (void)
{
  LpadModemJournal *journal = lpad_modem_journal_new (NULL);

  lpad_modem_journal_opened (journal, DEVICE, 1, 1);
  lpad_modem_journal_closed (journal, DEVICE, 1, 1);
  g_assert_cmpuint (lpad_modem_journal_take_old (journal, DEVICE, 1), ==, 0);
  lpad_modem_journal_free (journal);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/channel-journal/what-a-crash-leaves", test_what_a_crash_leaves);
  g_test_add_func ("/channel-journal/what-was-being-opened", test_what_was_being_opened);
  g_test_add_func ("/channel-journal/without-an-owner", test_without_an_owner);
  g_test_add_func ("/channel-journal/lines-that-are-none", test_lines_that_are_none);
  g_test_add_func ("/channel-journal/without-a-file", test_without_a_file);
  return g_test_run ();
}
