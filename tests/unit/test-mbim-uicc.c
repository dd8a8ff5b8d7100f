/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "mbim-uicc.h"

#include <string.h>

#define UICC MBIM_SERVICE_MS_UICC_LOW_LEVEL_ACCESS

/* An answer of @service to @command with @status; @information is its numbers and what is behind them. */
static MbimMessage *
answer_of (MbimService service, guint32 command, guint32 status, const guint32 *information, gsize words)
{
  const MbimUuid *uuid = mbim_uuid_from_service (service);
  g_autoptr (GByteArray) octets = g_byte_array_new ();
  const guint32 header[] = { 0x80000003u, (guint32) (48 + 4 * words), 1, 1, 0 };
  const guint32 rest[] = { command, status, (guint32) (4 * words) };

  g_byte_array_append (octets, (const guint8 *) header, sizeof header);
  g_byte_array_append (octets, (const guint8 *) uuid, sizeof *uuid);
  g_byte_array_append (octets, (const guint8 *) rest, sizeof rest);
  g_byte_array_append (octets, (const guint8 *) information, (guint) (4 * words));
  return mbim_message_new (octets->data, octets->len);
}

static void
test_le_of_the_last_block (void)
{
  static const guint8 last[] = { 0x81, 0xE2, 0x91, 0x00, 0x02, 0xBF, 0x20 };
  static const guint8 more[] = { 0x81, 0xE2, 0x11, 0x00, 0x02, 0xBF, 0x20 };
  static const guint8 whole[] = { 0x81, 0xE2, 0x91, 0x00, 0x02, 0xBF, 0x20, 0x00 };
  static const struct
  {
    const guint8 *command;
    gsize size, sent;
  } cases[] = { { last, sizeof last, 8 }, { more, sizeof more, 7 }, { whole, sizeof whole, 8 } };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GBytes) command = g_bytes_new_static (cases[i].command, cases[i].size);
      g_autoptr (MbimMessage) message = lpad_mbim_apdu (5, command);
      guint32 size;
      const guint8 *information = mbim_message_command_get_raw_information_buffer (message, &size);
      guint32 numbers[5];

      g_assert_cmpuint (size, >=, sizeof numbers + 8);
      memcpy (numbers, information, sizeof numbers);
      /* channel, secure messaging, extended class, size, offset */
      g_assert_cmpuint (numbers[0], ==, 5);
      g_assert_cmpuint (numbers[1], ==, 0);
      g_assert_cmpuint (numbers[2], ==, 1);
      g_assert_cmpuint (numbers[3], ==, cases[i].sent);
      g_assert_cmpmem (information + numbers[4], cases[i].size, cases[i].command, cases[i].size);
      g_assert_cmphex (information[numbers[4] + cases[i].sent - 1], ==, i == 1 ? 0x20 : 0x00);
    }
}

static void
test_opened (void)
{
  /* SW1 is the low octet; channel, size, offset, data */
  const guint32 good[] = { 0x0090, 2, 4, 16, 0xDDCCBBAA };
  const guint32 no_channel[] = { 0x0090, 0, 0, 0 };
  const guint32 high_channel[] = { 0x0090, 20, 0, 0 };
  const guint32 outside[] = { 0x0090, 2, 400, 16 };
  const guint32 *const bad[] = { no_channel, high_channel, outside };
  g_autoptr (MbimMessage) message = answer_of (UICC, 2, 0, good, G_N_ELEMENTS (good));
  g_autoptr (GError) error = NULL;
  guint8 channel = 0;
  g_autoptr (GBytes) response = lpad_mbim_opened (message, &channel, &error);
  static const guint8 expected[] = { 0xAA, 0xBB, 0xCC, 0xDD };

  g_assert_no_error (error);
  g_assert_cmpuint (channel, ==, 2);
  g_assert_cmpmem (g_bytes_get_data (response, NULL), g_bytes_get_size (response), expected, sizeof expected);
  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (MbimMessage) wrong = answer_of (UICC, 2, 0, bad[i], 4);

      g_clear_error (&error);
      g_assert_null (lpad_mbim_opened (wrong, &channel, &error));
      g_assert_error (error, LPAD_MODEM_ERROR, LPAD_MODEM_ERROR_FAILED);
    }
}

static void
test_refused (void)
{
  static const struct
  {
    guint32 status, word;
    LpadModemError error;
    gboolean other_p2;
  } cases[] = {
    { 0x87430002, 0x826A, LPAD_MODEM_ERROR_NOT_FOUND, FALSE },
    { 0x87430002, 0x866A, LPAD_MODEM_ERROR_FAILED, TRUE },
    { 0x87430001, 0x0000, LPAD_MODEM_ERROR_NO_FREE_CHANNEL, FALSE },
    { 0x87430003, 0x0000, LPAD_MODEM_ERROR_NO_SUCH_CHANNEL, FALSE },
    { MBIM_STATUS_ERROR_OPERATION_NOT_ALLOWED, 0, LPAD_MODEM_ERROR_MODEM_REFUSES, FALSE },
    { MBIM_STATUS_ERROR_NOT_INITIALIZED, 0, LPAD_MODEM_ERROR_NOT_READY, FALSE },
    { MBIM_STATUS_ERROR_INVALID_PARAMETERS, 0, LPAD_MODEM_ERROR_FAILED, TRUE },
    { MBIM_STATUS_ERROR_NO_DEVICE_SUPPORT, 0, LPAD_MODEM_ERROR_NOT_SUPPORTED, FALSE },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      const guint32 information[] = { cases[i].word, 0, 0, 0 };
      g_autoptr (MbimMessage) message = answer_of (UICC, 2, cases[i].status, information, 4);
      g_autoptr (GError) error = NULL;
      guint8 channel;

      g_assert_null (lpad_mbim_opened (message, &channel, &error));
      g_assert_error (error, LPAD_MODEM_ERROR, (int) cases[i].error);
      g_assert_cmpint (lpad_mbim_other_p2_may_help (message), ==, cases[i].other_p2);
    }
}

static void
test_sent (void)
{
  const guint32 good[] = { 0x1E61, 4, 12, 0x03020100 };
  const guint32 too_long[] = { 0x0090, 257, 12 };
  g_autoptr (MbimMessage) message = answer_of (UICC, 4, 0, good, G_N_ELEMENTS (good));
  g_autoptr (MbimMessage) wrong = answer_of (UICC, 4, 0, too_long, G_N_ELEMENTS (too_long));
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) response = lpad_mbim_sent (message, &error);
  static const guint8 expected[] = { 0, 1, 2, 3, 0x61, 0x1E };

  g_assert_no_error (error);
  g_assert_cmpmem (g_bytes_get_data (response, NULL), g_bytes_get_size (response), expected, sizeof expected);
  g_assert_null (lpad_mbim_sent (wrong, &error));
  g_assert_error (error, LPAD_MODEM_ERROR, LPAD_MODEM_ERROR_FAILED);
}

static void
test_slots (void)
{
  const MbimService extensions = MBIM_SERVICE_MS_BASIC_CONNECT_EXTENSIONS;
  const guint32 system[] = { 1, 2, 1, 0, 0 };
  const guint32 many[] = { 1, 0xFFFFFFFF, 1, 0, 0 };
  const guint32 second[] = { 1, 12, 4, 1 };
  const guint32 flood[] = { 0xFFFFFFF0, 12, 4, 1 };
  const guint32 empty[] = { 0, 1 };
  LpadCardSlot slot = { .eid = NULL };
  g_autoptr (MbimMessage) two = answer_of (extensions, 5, 0, system, 5);
  g_autoptr (MbimMessage) too_many = answer_of (extensions, 5, 0, many, 5);
  g_autoptr (MbimMessage) refused = answer_of (extensions, 5, MBIM_STATUS_ERROR_NO_DEVICE_SUPPORT, NULL, 0);
  g_autoptr (MbimMessage) mapping = answer_of (extensions, 7, 0, second, 4);
  g_autoptr (MbimMessage) hostile = answer_of (extensions, 7, 0, flood, 4);
  g_autoptr (MbimMessage) no_card = answer_of (extensions, 8, 0, empty, 2);

  g_assert_cmpuint (lpad_mbim_number_of_slots (two), ==, 2);
  g_assert_cmpuint (lpad_mbim_number_of_slots (too_many), ==, 8);
  g_assert_cmpuint (lpad_mbim_number_of_slots (refused), ==, 1);
  g_assert_cmpuint (lpad_mbim_active_slot (mapping, 2), ==, 1);
  g_assert_cmpuint (lpad_mbim_active_slot (mapping, 1), ==, 0);
  g_assert_cmpuint (lpad_mbim_active_slot (hostile, 2), ==, 0);
  lpad_mbim_read_slot (no_card, &slot);
  g_assert_true (slot.known);
  g_assert_false (slot.present);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/mbim-uicc/le-of-the-last-block", test_le_of_the_last_block);
  g_test_add_func ("/mbim-uicc/opened", test_opened);
  g_test_add_func ("/mbim-uicc/refused", test_refused);
  g_test_add_func ("/mbim-uicc/sent", test_sent);
  g_test_add_func ("/mbim-uicc/slots", test_slots);
  return g_test_run ();
}
