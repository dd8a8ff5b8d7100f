/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "qmi-uim.h"

/* QMUX, the message's header, TLVs: what stands on the wire. */
static void
assert_raw (QmiMessage *message, const char *expected)
{
  gsize size;
  const guint8 *raw = qmi_message_get_raw (message, &size, NULL);
  g_autoptr (GString) hex = g_string_new (NULL);

  for (gsize i = 0; i < size; i++)
    g_string_append_printf (hex, "%02x", raw[i]);
  g_assert_cmpstr (hex->str, ==, expected);
  qmi_message_unref (message);
}

static void
test_requests (void)
{
  const guint8 aid[] = { 0xA0, 0x00, 0x00, 0x05, 0x59 };
  g_autoptr (GBytes) command = g_bytes_new_static ("\x81\xE2\x91\x00\x01\xFF", 6);

  assert_raw (lpad_uim_open_channel (3, 7, aid, sizeof aid),
              "011900000b0300070042000d00"
              "01010001"
              "100600"
              "05a000000559");
  assert_raw (lpad_uim_send_apdu (3, 8, 2, command),
              "011f00000b030008003b001300"
              "01010001"
              "0208000600"
              "81e2910001ff"
              "10010002");
  assert_raw (lpad_uim_close_channel (3, 9, 2),
              "011800000b030009003f000c00"
              "01010001"
              "11010002"
              "13010001");
  assert_raw (lpad_uim_power (3, 10, FALSE),
              "011000000b03000a0030000400"
              "01010001");
  assert_raw (lpad_uim_power (3, 10, TRUE),
              "011000000b03000a0031000400"
              "01010001");
}

/* An answer of the UIM service with these TLVs in hexadecimal. */
static QmiMessage *
answer (guint16 number, const char *tlvs)
{
  g_autoptr (GByteArray) raw = g_byte_array_new ();
  gsize size = strlen (tlvs) / 2;
  const guint8 head[] = { 0x01,
                          (guint8) (size + 12),
                          0x00,
                          0x80,
                          0x0B,
                          0x03,
                          0x02,
                          0x07,
                          0x00,
                          (guint8) number,
                          (guint8) (number >> 8),
                          (guint8) size,
                          0x00 };
  g_autoptr (GError) error = NULL;
  QmiMessage *message;

  g_byte_array_append (raw, head, sizeof head);
  for (gsize i = 0; i < size; i++)
    {
      guint8 octet
          = (guint8) (g_ascii_xdigit_value (tlvs[2 * i]) << 4 | g_ascii_xdigit_value (tlvs[2 * i + 1]));
      g_byte_array_append (raw, &octet, 1);
    }
  message = qmi_message_new_from_raw (raw, &error);
  g_assert_no_error (error);
  g_assert_nonnull (message);
  return message;
}

#define DONE    "02040000000000"
#define FAILURE "0204000100"

static void
test_opened (void)
{
  g_autoptr (QmiMessage) good = answer (LPAD_UIM_OPEN_CHANNEL,
                                        DONE "10010002"
                                             "1102009000"
                                             "120300"
                                             "026F00");
  g_autoptr (QmiMessage) bare = answer (LPAD_UIM_OPEN_CHANNEL, DONE "10010013");
  g_autoptr (GError) error = NULL;
  guint8 channel = 0;
  g_autoptr (GBytes) response = lpad_uim_opened (good, &channel, &error);
  g_autoptr (GBytes) nothing = NULL;

  g_assert_no_error (error);
  g_assert_cmpuint (channel, ==, 2);
  g_assert_cmpmem (g_bytes_get_data (response, NULL), g_bytes_get_size (response), "\x6F\x00", 2);
  nothing = lpad_uim_opened (bare, &channel, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (channel, ==, 19);
  g_assert_cmpuint (g_bytes_get_size (nothing), ==, 0);
}

static void
test_not_opened (void)
{
  const struct
  {
    const char *tlvs;
    LpadModemError code;
  } cases[] = {
    { FAILURE "0300"
              "1102006A82",
      LPAD_MODEM_ERROR_NOT_FOUND },
    { FAILURE "4400"
              "1102006A81",
      LPAD_MODEM_ERROR_NO_FREE_CHANNEL },
    { FAILURE "4400", LPAD_MODEM_ERROR_NO_FREE_CHANNEL },
    { FAILURE "5200", LPAD_MODEM_ERROR_MODEM_REFUSES },
    { FAILURE "3400", LPAD_MODEM_ERROR_NOT_READY },
    { FAILURE "0300", LPAD_MODEM_ERROR_FAILED },
    { FAILURE "FFFF", LPAD_MODEM_ERROR_FAILED },
    { DONE, LPAD_MODEM_ERROR_FAILED },
    { DONE "10010000", LPAD_MODEM_ERROR_FAILED },
    { DONE "10010014", LPAD_MODEM_ERROR_FAILED },
    { DONE "100000", LPAD_MODEM_ERROR_FAILED },
    { "10010002", LPAD_MODEM_ERROR_FAILED },
    { "0202000000"
      "10010002",
      LPAD_MODEM_ERROR_FAILED },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (QmiMessage) message = answer (LPAD_UIM_OPEN_CHANNEL, cases[i].tlvs);
      g_autoptr (GError) error = NULL;
      guint8 channel = 0;

      g_test_message ("%s", cases[i].tlvs);
      g_assert_null (lpad_uim_opened (message, &channel, &error));
      g_assert_error (error, LPAD_MODEM_ERROR, (int) cases[i].code);
    }
}

static void
test_sent (void)
{
  const char *bad[] = { DONE,
                        DONE "1003000100"
                             "90",
                        DONE "10020004"
                             "00",
                        DONE "100400"
                             "05009000",
                        FAILURE "0300" };
  g_autoptr (QmiMessage) good = answer (LPAD_UIM_SEND_APDU,
                                        DONE "100400"
                                             "02009000");
  g_autoptr (GError) no_error = NULL;
  g_autoptr (GBytes) response = lpad_uim_sent (good, &no_error);

  g_assert_no_error (no_error);
  g_assert_cmpmem (g_bytes_get_data (response, NULL), g_bytes_get_size (response), "\x90\x00", 2);
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (QmiMessage) message = answer (LPAD_UIM_SEND_APDU, bad[i]);
      g_autoptr (GError) error = NULL;

      g_test_message ("%s", bad[i]);
      g_assert_null (lpad_uim_sent (message, &error));
      g_assert_error (error, LPAD_MODEM_ERROR, LPAD_MODEM_ERROR_FAILED);
    }
}

static void
test_done (void)
{
  g_autoptr (QmiMessage) good = answer (LPAD_UIM_POWER_OFF, DONE);
  g_autoptr (QmiMessage) no_effect = answer (LPAD_UIM_POWER_OFF, FAILURE "1A00");
  g_autoptr (QmiMessage) bad = answer (LPAD_UIM_POWER_OFF, FAILURE "3400");
  g_autoptr (GError) error = NULL;

  g_assert_true (lpad_uim_done (good, &error));
  g_assert_true (lpad_uim_done (no_effect, &error));
  g_assert_no_error (error);
  g_assert_false (lpad_uim_done (bad, &error));
  g_assert_error (error, LPAD_MODEM_ERROR, LPAD_MODEM_ERROR_NOT_READY);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/uim/requests", test_requests);
  g_test_add_func ("/uim/opened", test_opened);
  g_test_add_func ("/uim/not-opened", test_not_opened);
  g_test_add_func ("/uim/sent", test_sent);
  g_test_add_func ("/uim/done", test_done);
  return g_test_run ();
}
