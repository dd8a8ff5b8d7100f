/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "card-trace.h"

#include <glib/gstdio.h>
#include <sys/stat.h>

/* Each kind of step once */
#define TRACE                                                                                                \
  "L 0\nO " TEST_AID " 1\n> 81e2910003bf2e00\n< 9000\n> 00\n! removed\nO " TEST_AID                          \
  "\n! notfound\nC 1\nR\nR\n! timeout\n"

static void
use_all (LpadCard *card)
{
  g_autoptr (GBytes) aid = test_bytes (TEST_AID);
  g_autoptr (GBytes) command = test_bytes ("81e2910003bf2e00");
  g_autoptr (GBytes) other = test_bytes ("00");
  g_autoptr (GError) error = NULL;
  guint channel = 0;

  g_assert_false (lpad_card_wants_le (card));
  g_assert_true (lpad_card_open_channel (card, aid, &channel, NULL, &error));
  g_assert_cmpuint (channel, ==, 1);
  g_autoptr (GBytes) response = lpad_card_transmit (card, command, &error);
  g_assert_no_error (error);
  test_assert_hex (response, "9000");

  g_assert_null (lpad_card_transmit (card, other, &error));
  g_assert_error (error, LPAD_ERROR, LPAD_ERROR_CARD_REMOVED);
  g_clear_error (&error);
  g_assert_false (lpad_card_open_channel (card, aid, &channel, NULL, &error));
  g_assert_error (error, LPAD_ERROR, LPAD_ERROR_NOT_FOUND);
  g_clear_error (&error);

  lpad_card_close_channel (card, 1);
  g_assert_true (lpad_card_reset (card, &error));
  g_assert_false (lpad_card_reset (card, &error));
  g_assert_error (error, LPAD_ERROR, LPAD_ERROR_TIMEOUT);
}

static void
test_replay (void)
{
  g_autoptr (LpadCard) card = test_card ("# a comment\n\n" TRACE);

  g_assert_false (lpad_card_replay_finished (LPAD_CARD_REPLAY (card)));
  use_all (card);
  test_assert_finished (card);
}

/* What is recorded is what was replayed, and only the owner can read it. */
static void
test_record (void)
{
  g_autofree char *folder = g_dir_make_tmp ("lpad-test-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (folder, "trace", NULL);
  g_autofree char *content = NULL;
  g_autoptr (GError) error = NULL;
  struct stat status;
  {
    g_autoptr (LpadCard) card = test_card (TRACE);
    g_autoptr (LpadCard) recorder = lpad_card_record_new (card, path, &error);
    g_assert_no_error (error);
    use_all (recorder);
  }
  g_assert_true (g_file_get_contents (path, &content, NULL, &error));
  g_assert_cmpstr (content, ==, TRACE);
  g_assert_cmpint (stat (path, &status), ==, 0);
  g_assert_cmpint (status.st_mode & 0777, ==, 0600);
  g_assert_cmpint (g_remove (path), ==, 0);
  g_assert_cmpint (g_rmdir (folder), ==, 0);
}

static void
test_record_nowhere (void)
{
  g_autoptr (LpadCard) card = test_card (TRACE);
  g_autoptr (GError) error = NULL;

  g_assert_null (lpad_card_record_new (card, "/nonexistent/folder/trace", &error));
  g_assert_error (error, LPAD_ERROR, LPAD_ERROR_FAILED);
}

static void
test_replay_differs (void)
{
  g_autoptr (LpadCard) card = test_card ("> 01\n< 9000\n> 01\n< 9000\n");
  g_autoptr (GBytes) other = test_bytes ("02");
  g_autoptr (GBytes) right = test_bytes ("01");
  g_autoptr (GError) error = NULL;

  g_assert_null (lpad_card_transmit (card, other, &error));
  g_assert_error (error, LPAD_ERROR, LPAD_ERROR_CARD_ERROR);
  g_clear_error (&error);
  g_assert_null (lpad_card_transmit (card, right, &error));
  g_assert_error (error, LPAD_ERROR, LPAD_ERROR_CARD_ERROR);
  g_assert_false (lpad_card_replay_finished (LPAD_CARD_REPLAY (card)));
}

static void
test_replay_ends (void)
{
  g_autoptr (LpadCard) card = test_card ("");
  g_autoptr (GBytes) command = test_bytes ("01");
  g_autoptr (GError) error = NULL;

  g_assert_null (lpad_card_transmit (card, command, &error));
  g_assert_error (error, LPAD_ERROR, LPAD_ERROR_CARD_ERROR);
}

static void
test_replay_malformed (void)
{
  const char *texts[] = { "> 0g\n", ">\n",       "> 00 00\n", "X\n",   "!\n", "C x\n",
                          "C 20\n", "O 00 20\n", ">> 00\n",   "R 1\n", "L\n" };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_null (lpad_card_replay_new (texts[i], &error));
      g_assert_nonnull (error);
      g_assert_true (g_str_has_prefix (error->message, "Line 1"));
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/record/replay", test_replay);
  g_test_add_func ("/record/record", test_record);
  g_test_add_func ("/record/nowhere", test_record_nowhere);
  g_test_add_func ("/record/replay-differs", test_replay_differs);
  g_test_add_func ("/record/replay-ends", test_replay_ends);
  g_test_add_func ("/record/replay-malformed", test_replay_malformed);
  return g_test_run ();
}
