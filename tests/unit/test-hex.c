/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "debug.h"
#include "error-details.h"
#include "hex.h"

static void
test_encode (void)
{
  static const guint8 octets[] = { 0x00, 0x9f, 0xff };
  g_autofree char *text = lpad_hex_encode (octets, sizeof octets);
  g_autofree char *nothing = lpad_hex_encode (NULL, 0);

  g_assert_cmpstr (text, ==, "009fff");
  g_assert_cmpstr (nothing, ==, "");
}

static void
test_decode (void)
{
  static const guint8 octets[] = { 0x00, 0x9f, 0xab };
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes = lpad_hex_decode ("009fAB", 3, &error);
  g_autoptr (GBytes) nothing = lpad_hex_decode ("", 0, &error);

  g_assert_no_error (error);
  g_assert_cmpmem (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), octets, sizeof octets);
  g_assert_cmpuint (g_bytes_get_size (nothing), ==, 0);
}

static void
test_decode_bad (void)
{
  static const char *const bad[]
      = { "0", "000", "0g", "g0", "0x01", " 00", "00 ", "-1", "01020304", "\xc3\xa4" };

  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_null (lpad_hex_decode (bad[i], 3, &error));
      g_assert_error (error, LPAD_ERROR, LPAD_ERROR_PROTOCOL_ERROR);
    }
}

/* What a log shows depends on the switch alone. */
static void
test_debug (void)
{
  static const guint8 octets[] = { 0x89, 0x04 };

  g_unsetenv ("LPAD_DEBUG_SECRETS");
  g_assert_false (lpad_debug_secrets ());
  g_test_expect_message ("lpad", G_LOG_LEVEL_DEBUG, "answer: 2 octets");
  lpad_debug_octets ("answer", octets, sizeof octets);

  g_setenv ("LPAD_DEBUG_SECRETS", "0", TRUE);
  g_assert_false (lpad_debug_secrets ());

  g_setenv ("LPAD_DEBUG_SECRETS", "1", TRUE);
  g_assert_true (lpad_debug_secrets ());
  g_test_expect_message ("lpad", G_LOG_LEVEL_DEBUG, "answer: 2 octets: 8904");
  lpad_debug_octets ("answer", octets, sizeof octets);
  g_test_assert_expected_messages ();
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/hex/encode", test_encode);
  g_test_add_func ("/hex/decode", test_decode);
  g_test_add_func ("/hex/decode-bad", test_decode_bad);
  g_test_add_func ("/debug/octets", test_debug);
  return g_test_run ();
}
