/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "apdu.h"
#include "card-trace.h"
#include "manage-channel.h"

/* ETSI TS 102 221, tables 10.3 and 10.4a */
static void
test_cla (void)
{
  g_assert_cmphex (lpad_apdu_cla (0x00, 0), ==, 0x00);
  g_assert_cmphex (lpad_apdu_cla (0x00, 3), ==, 0x03);
  g_assert_cmphex (lpad_apdu_cla (0x00, 4), ==, 0x40);
  g_assert_cmphex (lpad_apdu_cla (0x00, 19), ==, 0x4f);
  g_assert_cmphex (lpad_apdu_cla (0x80, 1), ==, 0x81);
  g_assert_cmphex (lpad_apdu_cla (0x80, 3), ==, 0x83);
  g_assert_cmphex (lpad_apdu_cla (0x80, 4), ==, 0xc0);
  g_assert_cmphex (lpad_apdu_cla (0x80, 19), ==, 0xcf);
  for (guint channel = 0; channel <= LPAD_CHANNEL_MAX; channel++)
    {
      g_assert_cmpuint (lpad_apdu_channel (lpad_apdu_cla (0x00, channel)), ==, channel);
      g_assert_cmpuint (lpad_apdu_channel (lpad_apdu_cla (0x80, channel)), ==, channel);
    }
}

static void
test_command (void)
{
  const guint8 data[] = { 0x3f, 0x00 };
  guint8 most[255] = { 0 };
  g_autoptr (GBytes) case1 = lpad_apdu_command (0x00, 0x70, 0x80, 0x01, NULL, 0, -1);
  g_autoptr (GBytes) case2 = lpad_apdu_command (0x00, 0xc0, 0x00, 0x00, NULL, 0, 256);
  g_autoptr (GBytes) case3 = lpad_apdu_command (0x00, 0xa4, 0x00, 0x0c, data, sizeof data, -1);
  g_autoptr (GBytes) case4 = lpad_apdu_command (0x00, 0xa4, 0x00, 0x04, data, sizeof data, 0);
  g_autoptr (GBytes) full = lpad_apdu_command (0x80, 0xe2, 0x91, 0x00, most, sizeof most, 0);

  test_assert_hex (case1, "00708001");
  test_assert_hex (case2, "00c0000000");
  test_assert_hex (case3, "00a4000c023f00");
  test_assert_hex (case4, "00a40004023f0000");
  g_assert_cmpuint (g_bytes_get_size (full), ==, 5 + 255 + 1);
}

static void
test_status (void)
{
  g_autoptr (GBytes) response = test_bytes ("01029110");

  g_assert_cmphex (lpad_apdu_status (response), ==, 0x9110);
  g_assert_true (lpad_apdu_is_ok (0x9000));
  g_assert_true (lpad_apdu_is_ok (0x910b));
  g_assert_true (lpad_apdu_is_ok (0x9201));
  g_assert_false (lpad_apdu_is_ok (0x9001));
  g_assert_false (lpad_apdu_is_ok (0x6110));
  g_assert_false (lpad_apdu_is_ok (0x6300));
}

/* Sends STORE DATA with GetEID on channel 5 to a card that follows @trace. */
static GBytes *
exchange (const char *trace, gsize maximum, guint *status, GError **error)
{
  g_autoptr (LpadCard) card = test_card (trace);
  g_autoptr (GBytes) command = test_bytes ("c1e2910006bf3e035c015a");
  GBytes *answer = lpad_apdu_exchange (card, 5, command, maximum, status, error);

  test_assert_finished (card);
  return answer;
}

static void
test_exchange_inline (void)
{
  g_autoptr (GError) error = NULL;
  guint status = 0;
  g_autoptr (GBytes) answer = exchange ("> c1e2910006bf3e035c015a\n< 0102910b\n", 16, &status, &error);

  g_assert_no_error (error);
  test_assert_hex (answer, "0102");
  g_assert_cmphex (status, ==, 0x910b);
}

static void
test_exchange_get_response (void)
{
  g_autoptr (GError) error = NULL;
  guint status = 0;
  g_autoptr (GBytes) answer = exchange ("> c1e2910006bf3e035c015a\n< 0a6103\n"
                                        "> 41c0000003\n< 0b0c0d6100\n"
                                        "> 41c0000000\n< 0e9000\n",
                                        5,
                                        &status,
                                        &error);

  g_assert_no_error (error);
  test_assert_hex (answer, "0a0b0c0d0e");
  g_assert_cmphex (status, ==, 0x9000);
}

static void
test_exchange_wrong_le (void)
{
  g_autoptr (GError) error = NULL;
  guint status = 0;
  g_autoptr (GBytes) answer = exchange ("> c1e2910006bf3e035c015a\n< 6c15\n"
                                        "> c1e2910006bf3e035c015a15\n< 6104\n"
                                        "> 41c0000004\n< 6c02\n"
                                        "> 41c0000002\n< 01029000\n",
                                        5,
                                        &status,
                                        &error);

  g_assert_no_error (error);
  test_assert_hex (answer, "0102");
}

static void
test_exchange_wrong_le_again (void)
{
  g_autoptr (GError) error = NULL;
  guint status = 0;
  g_autoptr (GBytes) answer = exchange ("> c1e2910006bf3e035c015a\n< 6c15\n"
                                        "> c1e2910006bf3e035c015a15\n< 6c16\n",
                                        5,
                                        &status,
                                        &error);

  g_assert_no_error (error);
  g_assert_cmpuint (g_bytes_get_size (answer), ==, 0);
  g_assert_cmphex (status, ==, 0x6c16);
}

static void
test_exchange_too_much (void)
{
  g_autoptr (GError) error = NULL;
  guint status = 0;
  g_autoptr (GBytes) answer = exchange ("> c1e2910006bf3e035c015a\n< 010203046101\n"
                                        "> 41c0000001\n< 05029000\n",
                                        5,
                                        &status,
                                        &error);

  g_assert_error (error, LPAD_ERROR, LPAD_ERROR_PROTOCOL_ERROR);
  g_assert_null (answer);
}

static void
test_exchange_nothing_to_fetch (void)
{
  g_autoptr (GError) error = NULL;
  guint status = 0;
  g_autoptr (GBytes) answer
      = exchange ("> c1e2910006bf3e035c015a\n< 6105\n> 41c0000005\n< 6105\n", 5, &status, &error);

  g_assert_error (error, LPAD_ERROR, LPAD_ERROR_PROTOCOL_ERROR);
  g_assert_null (answer);
}

/* One octet for each command is honest only up to a point. */
static void
test_exchange_crumbs (void)
{
  g_autoptr (GString) trace = g_string_new ("> c1e2910006bf3e035c015a\n< 6101\n");
  g_autoptr (GError) error = NULL;
  guint status = 0;

  for (guint i = 0; i < 16 + 320 / 32; i++)
    g_string_append (trace, "> 41c0000001\n< 006101\n");
  g_autoptr (GBytes) answer = exchange (trace->str, 320, &status, &error);
  g_assert_error (error, LPAD_ERROR, LPAD_ERROR_PROTOCOL_ERROR);
  g_assert_null (answer);
}

/* The chip has acted; nothing above may take the status word for one of the command. */
static void
test_exchange_refused_fetch (void)
{
  g_autoptr (GError) error = NULL;
  guint status = 0;
  g_autoptr (GBytes) answer
      = exchange ("> c1e2910006bf3e035c015a\n< 6105\n> 41c0000005\n< 6700\n", 5, &status, &error);

  g_assert_null (answer);
  g_assert_true (error->domain == LPAD_ERROR);
  g_assert_cmphex (lpad_error_details (error)->status_word, ==, 0x6700);
}

static void
test_exchange_fault (void)
{
  g_autoptr (GError) error = NULL;
  guint status = 0;
  g_autoptr (GBytes) answer = exchange ("> c1e2910006bf3e035c015a\n! removed\n", 5, &status, &error);

  g_assert_error (error, LPAD_ERROR, LPAD_ERROR_CARD_REMOVED);
  g_assert_null (answer);
}

static void
test_transmit_sizes (void)
{
  g_autoptr (LpadCard) card = test_card ("> 00\n< 90\n");
  g_autoptr (GBytes) command = test_bytes ("00");
  g_autoptr (GError) error = NULL;

  g_assert_null (lpad_card_transmit (card, command, &error));
  g_assert_error (error, LPAD_ERROR, LPAD_ERROR_CARD_ERROR);
}

#define OTHER_AID "a0000005591010ffffffff8900000177"

static GPtrArray *
two_aids (void)
{
  GPtrArray *aids = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);

  g_ptr_array_add (aids, test_bytes (TEST_AID));
  g_ptr_array_add (aids, test_bytes (OTHER_AID));
  return aids;
}

static gboolean
open_channel (const char *trace, guint *channel, GError **error)
{
  g_autoptr (LpadCard) card = test_card (trace);
  g_autoptr (GPtrArray) aids = two_aids ();
  guint index = 0;

  g_ptr_array_set_size (aids, 1);
  gboolean opened = lpad_manage_channel_open (card, aids, &index, channel, error);

  test_assert_finished (card);
  return opened;
}

static void
test_manage_open (void)
{
  g_autoptr (GError) error = NULL;
  guint channel = 0;

  g_assert_true (
      open_channel ("> 0070000001\n< 059000\n> 41a4040010" TEST_AID "00\n< 6f029000\n", &channel, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (channel, ==, 5);
}

/* T=0: no Le; what SELECT announces is not needed and not fetched. */
static void
test_manage_open_t0 (void)
{
  g_autoptr (GError) error = NULL;
  guint channel = 0;

  g_assert_true (
      open_channel ("L 0\n> 0070000001\n< 019000\n> 01a4040010" TEST_AID "\n< 6121\n", &channel, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (channel, ==, 1);
}

static void
test_manage_open_no_application (void)
{
  g_autoptr (GError) error = NULL;
  guint channel = 0;

  g_assert_false (open_channel (
      "> 0070000001\n< 029000\n> 02a4040010" TEST_AID "00\n< 6a82\n> 00708002\n< 9000\n", &channel, &error));
  g_assert_error (error, LPAD_ERROR, LPAD_ERROR_NOT_FOUND);
  g_assert_cmpuint (channel, ==, 0);
}

static void
test_manage_open_none_free (void)
{
  g_autoptr (GError) error = NULL;
  guint channel = 0;

  g_assert_false (open_channel ("> 0070000001\n< 6881\n", &channel, &error));
  g_assert_cmphex (lpad_error_details (error)->status_word, ==, 0x6881);
}

static void
test_manage_open_not_known (void)
{
  g_autoptr (GError) error = NULL;
  guint channel = 0;

  g_assert_false (open_channel ("> 0070000001\n< 6d00\n", &channel, &error));
  g_assert_cmphex (lpad_error_details (error)->status_word, ==, 0x6d00);
  g_assert_cmpstr (lpad_error_details (error)->function, ==, LPAD_MANAGE_CHANNEL);
}

/* What a card says to the first of two applications, and what comes of it: the second is selected on the same
 * channel, or @status is the error (0: there is no application). */
typedef struct
{
  const char *name;
  const char *first;
  const char *second; /* NULL: it is not tried */
  guint status;
} Refusal;

static const Refusal refusals[] = {
  { "absent", "6a82", "9000", 0 },
  { "absent-both", "6a82", "6a82", 0 },
  { "instruction", "6d00", "6e00", 0 },
  { "conditions", "6985", "9000", 0 },
  { "conditions-then-absent", "6985", "6a82", 0x6985 },
  { "not-selectable", "6999", "6a82", 0x6999 },
  { "absent-then-conditions", "6a82", "6985", 0x6985 },
  { "fetch", "6a82", "6121", 0 },
  { "proactive", "9110", NULL, 0 },
  { "channel", "6881", NULL, 0x6881 },
};

static void
test_manage_second_application (gconstpointer data)
{
  const Refusal *row = data;
  const char *last = row->second != NULL ? row->second : row->first;
  gboolean selected = g_str_has_prefix (last, "9") || g_str_has_prefix (last, "61");
  g_autoptr (GString) trace = g_string_new (NULL);
  g_autoptr (GPtrArray) aids = two_aids ();
  g_autoptr (GError) error = NULL;
  guint channel = 0, index = 0;

  g_string_printf (trace, "> 0070000001\n< 139000\n> 4fa4040010" TEST_AID "00\n< %s\n", row->first);
  if (row->second != NULL)
    g_string_append_printf (trace, "> 4fa4040010" OTHER_AID "00\n< %s\n", row->second);
  if (!selected)
    g_string_append (trace, "> 00708013\n< 9000\n");

  g_autoptr (LpadCard) card = test_card (trace->str);
  g_assert_cmpint (lpad_manage_channel_open (card, aids, &index, &channel, &error), ==, selected);
  test_assert_finished (card);
  if (selected)
    {
      g_assert_cmpuint (channel, ==, 19);
      g_assert_cmpuint (index, ==, row->second != NULL ? 1 : 0);
      return;
    }
  if (row->status == 0)
    g_assert_error (error, LPAD_ERROR, LPAD_ERROR_NOT_FOUND);
  g_assert_cmphex (lpad_error_details (error)->status_word, ==, row->status);
}

/* Without channels: SELECT on the basic one, and SELECT MF to leave the application. */
static void
test_manage_basic (void)
{
  g_autoptr (LpadCard) card = test_card ("L 0\n> 00a4040010" TEST_AID "\n< 6a82\n> 00a4040010" OTHER_AID
                                         "\n< 6121\n> 00a4000c023f00\n< 9000\n");
  g_autoptr (GPtrArray) aids = two_aids ();
  g_autoptr (GError) error = NULL;
  guint index = 0;

  g_assert_true (lpad_manage_channel_open_basic (card, aids, &index, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (index, ==, 1);
  lpad_manage_channel_close (card, LPAD_BASIC_CHANNEL);
  test_assert_finished (card);
}

static void
test_manage_open_odd_number (void)
{
  const char *answers[] = { "149000", "009000", "9000", "01029000" };

  for (guint i = 0; i < G_N_ELEMENTS (answers); i++)
    {
      g_autofree char *trace = g_strdup_printf ("> 0070000001\n< %s\n", answers[i]);
      g_autoptr (GError) error = NULL;
      guint channel = 0;

      g_assert_false (open_channel (trace, &channel, &error));
      g_assert_error (error, LPAD_ERROR, LPAD_ERROR_PROTOCOL_ERROR);
    }
}

static void
test_present_terminal (void)
{
  g_autoptr (LpadCard) card
      = test_card ("> 00a4000c023f00\n< 6a82\n> 80aa00000aa9088100820101830107\n< 6d00\n"
                   "> 00a4000c023f00\n! removed\n");
  g_autoptr (GError) error = NULL;

  g_assert_true (lpad_manage_channel_present_terminal (card, &error));
  g_assert_no_error (error);
  g_assert_false (lpad_manage_channel_present_terminal (card, &error));
  g_assert_error (error, LPAD_ERROR, LPAD_ERROR_CARD_REMOVED);
  test_assert_finished (card);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/apdu/cla", test_cla);
  g_test_add_func ("/apdu/command", test_command);
  g_test_add_func ("/apdu/status", test_status);
  g_test_add_func ("/apdu/exchange/inline", test_exchange_inline);
  g_test_add_func ("/apdu/exchange/get-response", test_exchange_get_response);
  g_test_add_func ("/apdu/exchange/wrong-le", test_exchange_wrong_le);
  g_test_add_func ("/apdu/exchange/wrong-le-again", test_exchange_wrong_le_again);
  g_test_add_func ("/apdu/exchange/too-much", test_exchange_too_much);
  g_test_add_func ("/apdu/exchange/nothing-to-fetch", test_exchange_nothing_to_fetch);
  g_test_add_func ("/apdu/exchange/crumbs", test_exchange_crumbs);
  g_test_add_func ("/apdu/exchange/refused-fetch", test_exchange_refused_fetch);
  g_test_add_func ("/apdu/exchange/fault", test_exchange_fault);
  g_test_add_func ("/apdu/transmit/sizes", test_transmit_sizes);
  g_test_add_func ("/apdu/manage/open", test_manage_open);
  g_test_add_func ("/apdu/manage/open-t0", test_manage_open_t0);
  g_test_add_func ("/apdu/manage/no-application", test_manage_open_no_application);
  g_test_add_func ("/apdu/manage/none-free", test_manage_open_none_free);
  g_test_add_func ("/apdu/manage/not-known", test_manage_open_not_known);
  for (gsize i = 0; i < G_N_ELEMENTS (refusals); i++)
    {
      g_autofree char *path = g_strdup_printf ("/apdu/manage/second-application/%s", refusals[i].name);
      g_test_add_data_func (path, &refusals[i], test_manage_second_application);
    }
  g_test_add_func ("/apdu/manage/basic", test_manage_basic);
  g_test_add_func ("/apdu/manage/odd-number", test_manage_open_odd_number);
  g_test_add_func ("/apdu/manage/present-terminal", test_present_terminal);
  return g_test_run ();
}
