/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "card-trace.h"

#define OTHER_AID "a0000005591010ffffffff8900000177"

static GPtrArray *
two_aids (void)
{
  GPtrArray *aids = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);

  g_ptr_array_add (aids, test_bytes (TEST_AID));
  g_ptr_array_add (aids, test_bytes (OTHER_AID));
  return aids;
}

static void
test_open_second_aid (void)
{
  g_autoptr (LpadCard) card = test_card ("O " TEST_AID "\n! notfound\nO " OTHER_AID " 3\nC 3\n");
  g_autoptr (GPtrArray) aids = two_aids ();
  g_autoptr (GError) error = NULL;
  LpadSegmentSize size = { .octets = LPAD_SEGMENT_SIZE_MAX };

  LpadChannel *channel = lpad_channel_open (card, aids, &size, NULL, &error);
  g_assert_no_error (error);
  test_assert_hex (lpad_channel_aid (channel), OTHER_AID);
  g_assert_true (lpad_channel_card (channel) == card);
  lpad_channel_close (channel);
  test_assert_finished (card);
}

static void
test_open_none (void)
{
  g_autoptr (LpadCard) card = test_card ("O " TEST_AID "\n! notfound\nO " OTHER_AID "\n! notfound\n");
  g_autoptr (GPtrArray) aids = two_aids ();
  g_autoptr (GError) error = NULL;
  LpadSegmentSize size = { .octets = LPAD_SEGMENT_SIZE_MAX };

  g_assert_null (lpad_channel_open (card, aids, &size, NULL, &error));
  g_assert_error (error, LPAD_ERROR, LPAD_ERROR_NOT_FOUND);
  test_assert_finished (card);
}

/* A fault says nothing about the next application: it is not tried. */
static void
test_open_fault (void)
{
  g_autoptr (LpadCard) card = test_card ("O " TEST_AID "\n! removed\n");
  g_autoptr (GPtrArray) aids = two_aids ();
  g_autoptr (GError) error = NULL;
  LpadSegmentSize size = { .octets = LPAD_SEGMENT_SIZE_MAX };

  g_assert_null (lpad_channel_open (card, aids, &size, NULL, &error));
  g_assert_error (error, LPAD_ERROR, LPAD_ERROR_CARD_REMOVED);
  test_assert_finished (card);
}

static void
test_open_cancelled (void)
{
  g_autoptr (LpadCard) card = test_card ("");
  g_autoptr (GPtrArray) aids = two_aids ();
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;
  LpadSegmentSize size = { .octets = LPAD_SEGMENT_SIZE_MAX };

  g_cancellable_cancel (cancellable);
  g_assert_null (lpad_channel_open (card, aids, &size, cancellable, &error));
  g_assert_error (error, LPAD_ERROR, LPAD_ERROR_CANCELLED);
}

static void
test_lost (void)
{
  g_autoptr (LpadCard) card = test_card ("O " TEST_AID " 1\n");
  g_autoptr (GPtrArray) aids = two_aids ();
  g_autoptr (GError) error = NULL;
  LpadSegmentSize size = { .octets = LPAD_SEGMENT_SIZE_MAX };

  LpadChannel *channel = lpad_channel_open (card, aids, &size, NULL, &error);
  g_assert_no_error (error);
  lpad_channel_lost (channel);
  lpad_channel_close (channel);
  test_assert_finished (card);
}

/* The example of SGP.22 5.7.20, inline and with GET RESPONSE */
static void
test_one_block (void)
{
  g_autoptr (TestChannel) test
      = test_channel_new ("> 81e2910006bf3e035c015a00\n< bf3e009000\n"
                          "> 81e2910006bf3e035c015a00\n< 6103\n> 01c0000003\n< bf3e009000\n");
  g_autoptr (GBytes) request = test_bytes ("bf3e035c015a");
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < 2; i++)
    {
      g_autoptr (GBytes) answer = lpad_channel_store_data (test->channel, request, "test", &error);
      g_assert_no_error (error);
      test_assert_hex (answer, "bf3e00");
    }
}

static void
test_no_le (void)
{
  g_autoptr (TestChannel) test = test_channel_new ("L 0\n> 81e2910006bf3e035c015a\n< 9000\n");
  g_autoptr (GBytes) request = test_bytes ("bf3e035c015a");
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) answer = lpad_channel_store_data (test->channel, request, "test", &error);

  g_assert_no_error (error);
  g_assert_cmpuint (g_bytes_get_size (answer), ==, 0);
}

/* Appends what a card sees of a request of @total octets, value i % 251 each, in blocks of @size; the answer
 * of the last block is @last. */
static void
append_blocks (GString *trace, guint total, guint size, const char *last)
{
  guint offset = 0;

  for (guint block = 0; offset < total; block++)
    {
      guint part = MIN (size, total - offset);
      gboolean is_last = offset + part == total;

      g_string_append_printf (trace, "> 81e2%s%02x%02x", is_last ? "91" : "11", block, part);
      for (guint i = 0; i < part; i++, offset++)
        g_string_append_printf (trace, "%02x", offset % 251);
      g_string_append_printf (trace, "%s\n< %s\n", is_last ? "00" : "", is_last ? last : "9000");
    }
}

static GBytes *
long_request (guint total)
{
  guint8 *data = g_malloc (total);

  for (guint i = 0; i < total; i++)
    data[i] = (guint8) (i % 251);
  return g_bytes_new_take (data, total);
}

/* Sends a request of @total octets and expects the answer @answer. */
static void
check_long (TestChannel *test, guint total, const char *expected)
{
  g_autoptr (GBytes) request = long_request (total);
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) answer = lpad_channel_store_data (test->channel, request, "test", &error);

  g_assert_no_error (error);
  test_assert_hex (answer, expected);
}

/* A segment of 1020 octets is four commands, one of 255 a single one. */
static void
test_blocks (void)
{
  g_autoptr (GString) trace = g_string_new (NULL);

  append_blocks (trace, 1020, 255, "9000");
  append_blocks (trace, 255, 255, "bf37009000");
  append_blocks (trace, 256, 255, "910b");
  g_autoptr (TestChannel) test = test_channel_new (trace->str);
  check_long (test, 1020, "");
  check_long (test, 255, "bf3700");
  check_long (test, 256, "");
  g_assert_cmpuint (test->size.octets, ==, 255);
}

static void
check_halving (const char *refusal)
{
  g_autoptr (GString) trace = g_string_new (NULL);
  g_autofree char *first = NULL;

  /* block 0 of 255 octets is refused, then the second of 127; 63 are taken and remembered */
  append_blocks (trace, 400, 255, "9000");
  first = g_strndup (trace->str, (gsize) (strchr (trace->str, '\n') - trace->str));
  g_string_printf (trace, "%s\n%s\n", first, refusal);
  g_autoptr (GString) half = g_string_new (NULL);
  append_blocks (half, 400, 127, "9000");
  char *second = strstr (half->str, "> 81e21101");
  g_string_append_len (trace, half->str, second - half->str);
  g_string_append_len (trace, second, strchr (second, '\n') - second);
  g_string_append_printf (trace, "\n%s\n", refusal);
  append_blocks (trace, 400, 63, "aa9000");
  append_blocks (trace, 100, 63, "bb9000");

  g_autoptr (TestChannel) test = test_channel_new (trace->str);
  check_long (test, 400, "aa");
  g_assert_cmpuint (test->size.octets, ==, 63);
  check_long (test, 100, "bb");
}

static void
test_halving (void)
{
  check_halving ("< 6700");
  check_halving ("< 6601");
  check_halving ("! error");
}

/* What failed down to the smallest size was not about the size: it is not remembered. */
static void
test_halving_in_vain (void)
{
  g_autoptr (GString) trace = g_string_new (NULL);
  const guint sizes[] = { 255, 127, 63, 31, 16 };

  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      g_autoptr (GString) blocks = g_string_new (NULL);
      append_blocks (blocks, 400, sizes[i], "9000");
      g_string_append_len (trace, blocks->str, strchr (blocks->str, '\n') - blocks->str);
      g_string_append (trace, "\n< 6700\n");
    }
  g_autoptr (TestChannel) test = test_channel_new (trace->str);
  g_autoptr (GBytes) request = long_request (400);
  g_autoptr (GError) error = NULL;

  g_assert_null (lpad_channel_store_data (test->channel, request, "test", &error));
  g_assert_cmphex (lpad_error_details (error)->status_word, ==, 0x6700);
  g_assert_cmpuint (test->size.octets, ==, 255);
}

/* 6700 at the last block: first the Le octet, which only this block has, is suspected. */
static void
test_le_toggled (void)
{
  g_autoptr (TestChannel) test = test_channel_new ("> 81e2910003bf2e0000\n< 6700\n"
                                                   "> 81e2910003bf2e00\n< 6103\n> 01c0000003\n< bf2e009000\n"
                                                   "> 81e2910003bf2e00\n< 9000\n");
  g_autoptr (GBytes) request = test_bytes ("bf2e00");
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < 2; i++)
    {
      g_autoptr (GBytes) answer = lpad_channel_store_data (test->channel, request, "test", &error);
      g_assert_no_error (error);
      g_assert_nonnull (answer);
      g_assert_true (test->size.le_toggled);
    }
  g_assert_cmpuint (test->size.octets, ==, 255);
}

/* ... and acquitted when its absence does not help: 20 octets are too many for this card. */
static void
test_le_innocent (void)
{
  const char *all = "000102030405060708090a0b0c0d0e0f10111213";
  g_autofree char *trace = g_strdup_printf ("> 81e2910014%s00\n< 6700\n"
                                            "> 81e2910014%s\n< 6700\n"
                                            "> 81e2110010%.32s\n< 9000\n"
                                            "> 81e2910104%s00\n< bb9000\n",
                                            all,
                                            all,
                                            all,
                                            all + 32);
  g_autoptr (TestChannel) test = test_channel_new (trace);

  check_long (test, 20, "bb");
  g_assert_cmpuint (test->size.octets, ==, 16);
  g_assert_false (test->size.le_toggled);
}

/* The chip may have acted on the last block: nothing is sent again. */
static void
test_fault_at_last (void)
{
  g_autoptr (TestChannel) test = test_channel_new ("> 81e2910003bf2e0000\n! error\n");
  g_autoptr (GBytes) request = test_bytes ("bf2e00");
  g_autoptr (GError) error = NULL;

  g_assert_null (lpad_channel_store_data (test->channel, request, "ES10b.Test", &error));
  g_assert_error (error, LPAD_ERROR, LPAD_ERROR_CARD_ERROR);
  g_assert_cmpstr (lpad_error_details (error)->function, ==, "ES10b.Test");
}

static void
test_refused_fetch (void)
{
  g_autoptr (TestChannel) test = test_channel_new ("> 81e2910003bf2e0000\n< 6105\n> 01c0000005\n< 6700\n");
  g_autoptr (GBytes) request = test_bytes ("bf2e00");
  g_autoptr (GError) error = NULL;

  g_assert_null (lpad_channel_store_data (test->channel, request, "test", &error));
  g_assert_cmphex (lpad_error_details (error)->status_word, ==, 0x6700);
}

/* A pulled card or a silent one does not get better with smaller blocks now; after silence they are
 * remembered for the next connection. */
static void
test_other_faults (void)
{
  const struct
  {
    const char *word;
    LpadError code;
    guint octets;
  } rows[] = { { "removed", LPAD_ERROR_CARD_REMOVED, 255 },
               { "timeout", LPAD_ERROR_TIMEOUT, 127 },
               { "busy", LPAD_ERROR_CARD_BUSY, 255 } };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GString) trace = g_string_new (NULL);
      append_blocks (trace, 400, 255, "9000");
      g_string_truncate (trace, (gsize) (strchr (trace->str, '\n') - trace->str));
      g_string_append_printf (trace, "\n! %s\n", rows[i].word);
      g_autoptr (TestChannel) test = test_channel_new (trace->str);
      g_autoptr (GBytes) request = long_request (400);
      g_autoptr (GError) error = NULL;

      g_assert_null (lpad_channel_store_data (test->channel, request, "test", &error));
      g_assert_error (error, LPAD_ERROR, (int) rows[i].code);
      g_assert_cmpuint (test->size.octets, ==, rows[i].octets);
    }
}

static void
test_status_words (void)
{
  const char *words[] = { "6985", "6a82", "6881", "6f00", "6a88", "6300" };

  for (guint i = 0; i < G_N_ELEMENTS (words); i++)
    {
      g_autofree char *trace = g_strdup_printf ("> 81e2910003bf2e0000\n< %s\n", words[i]);
      g_autoptr (TestChannel) test = test_channel_new (trace);
      g_autoptr (GBytes) request = test_bytes ("bf2e00");
      g_autoptr (GError) error = NULL;

      g_assert_null (lpad_channel_store_data (test->channel, request, "ES10b.Test", &error));
      g_assert_true (error->domain == LPAD_ERROR);
      g_assert_cmphex (lpad_error_details (error)->status_word, ==, g_ascii_strtoull (words[i], NULL, 16));
      g_assert_cmpstr (lpad_error_details (error)->function, ==, "ES10b.Test");
    }
}

/* P2 counts the blocks in one octet and must not begin again. */
static void
test_too_many_blocks (void)
{
  g_autoptr (GString) trace = g_string_new (NULL);

  append_blocks (trace, 256 * 16, 16, "aa9000");
  g_autoptr (TestChannel) test = test_channel_new (trace->str);
  test->size.octets = 16;
  check_long (test, 256 * 16, "aa");

  g_autoptr (GBytes) request = long_request (256 * 16 + 1);
  g_autoptr (GError) error = NULL;
  g_assert_null (lpad_channel_store_data (test->channel, request, "test", &error));
  g_assert_error (error, LPAD_ERROR, LPAD_ERROR_CARD_ERROR);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/channel/open/second-aid", test_open_second_aid);
  g_test_add_func ("/channel/open/none", test_open_none);
  g_test_add_func ("/channel/open/fault", test_open_fault);
  g_test_add_func ("/channel/open/cancelled", test_open_cancelled);
  g_test_add_func ("/channel/lost", test_lost);
  g_test_add_func ("/channel/store-data/one-block", test_one_block);
  g_test_add_func ("/channel/store-data/no-le", test_no_le);
  g_test_add_func ("/channel/store-data/blocks", test_blocks);
  g_test_add_func ("/channel/store-data/halving", test_halving);
  g_test_add_func ("/channel/store-data/halving-in-vain", test_halving_in_vain);
  g_test_add_func ("/channel/store-data/le-toggled", test_le_toggled);
  g_test_add_func ("/channel/store-data/le-innocent", test_le_innocent);
  g_test_add_func ("/channel/store-data/fault-at-last", test_fault_at_last);
  g_test_add_func ("/channel/store-data/refused-fetch", test_refused_fetch);
  g_test_add_func ("/channel/store-data/other-faults", test_other_faults);
  g_test_add_func ("/channel/store-data/status-words", test_status_words);
  g_test_add_func ("/channel/store-data/too-many-blocks", test_too_many_blocks);
  return g_test_run ();
}
