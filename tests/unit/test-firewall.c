/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "firewall.h"

#include <string.h>

static gboolean
allowed (const char *hex)
{
  guint8 octets[300];
  gsize size = strlen (hex) / 2;

  g_assert_cmpuint (size, <=, sizeof octets);
  for (gsize i = 0; i < size; i++)
    octets[i] = (guint8) (g_ascii_xdigit_value (hex[2 * i]) << 4 | g_ascii_xdigit_value (hex[2 * i + 1]));
  return lpad_modem_command_is_allowed (octets, size);
}

static void
test_what_es10_needs (void)
{
  const char *good[] = {
    "80E2910006BF3E035C015A00",
    "80E2910006BF3E035C015A",
    "83E2110103BF2E00",
    "C2E2910003BF2E0000",
    "00C0000000",
    "81C0000010",
    "45C0000000",
    "80AA000005A903830107",
  };

  for (guint i = 0; i < G_N_ELEMENTS (good); i++)
    {
      g_test_message ("%s", good[i]);
      g_assert_true (allowed (good[i]));
    }
}

static void
test_anything_else (void)
{
  const char *bad[] = {
    "",
    "80E291",
    "80E29100",                   /* no data */
    "80E2910000",                 /* STORE DATA without data */
    "00E2910003BF2E00",           /* interindustry class */
    "84E2910003BF2E00",           /* secure messaging */
    "90E2910003BF2E00",           /* chaining */
    "E0E2910003BF2E00",           /* secure messaging on a further channel */
    "80E2810003BF2E00",           /* another P1 */
    "80E2910004BF2E00",           /* Lc is too long */
    "80E2910002BF2E0000",         /* Lc is too short */
    "80E2910000000003BF2E00",     /* extended length */
    "00C0000001FF",               /* GET RESPONSE with data */
    "00C0010000",                 /* P1 */
    "0070000001",                 /* MANAGE CHANNEL */
    "00A4040007A000000087100200", /* SELECT */
    "00B0000000",                 /* READ BINARY */
    "00D6000001FF",               /* UPDATE BINARY */
    "0088008101FF",               /* AUTHENTICATE */
    "00200001083030303030303030", /* VERIFY PIN */
    "8010000001FF",               /* TERMINAL PROFILE */
    "80C20000020102",             /* ENVELOPE */
    "8012000010",                 /* FETCH */
    "80AA010005A903830107",       /* TERMINAL CAPABILITY with another P1 */
    "80AA000000",
    "A0A40000023F00", /* GSM class */
    "FFE2910003BF2E00",
  };

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_test_message ("%s", bad[i]);
      g_assert_false (allowed (bad[i]));
    }
}

/* Of what is let through, only three instructions and none that opens, selects, reads or writes. */
static void
test_random_commands (void)
{
  guint passed = 0;

  for (guint n = 0; n < 300000; n++)
    {
      guint8 octets[300];
      gsize size = (gsize) g_test_rand_int_range (0, n % 3 == 0 ? 300 : 12);

      for (gsize i = 0; i < size; i++)
        octets[i] = (guint8) g_test_rand_int_range (0, 256);
      if (size > 6 && n % 2 == 0)
        octets[4] = (guint8) (size - 5);
      if (n % 4 == 0 && size > 3)
        octets[1] = (const guint8[]){ 0xE2, 0xC0, 0xAA, 0x70 }[n / 4 % 4];
      if (!lpad_modem_command_is_allowed (octets, size))
        continue;
      passed++;
      g_assert_cmpuint (size, <=, LPAD_MODEM_COMMAND_MAX);
      g_assert_true (octets[1] == 0xE2 || octets[1] == 0xC0 || octets[1] == 0xAA);
      g_assert_true ((octets[0] & 0x40) != 0 ? (octets[0] & 0x30) == 0 : (octets[0] & 0x3C) == 0);
    }
  g_assert_cmpuint (passed, >, 0);
}

static void
test_class_octets (void)
{
  const struct
  {
    guint channel;
    guint8 cla, expected;
  } cases[] = {
    { 1, 0x80, 0x81 },  { 3, 0x00, 0x03 }, { 4, 0x80, 0xC0 },
    { 19, 0x80, 0xCF }, { 2, 0xC5, 0x82 }, { 5, 0x03, 0x41 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      const guint8 command[] = { cases[i].cla, 0xC0, 0x00, 0x00, 0x00 };
      g_autoptr (GBytes) made = lpad_modem_command_for_channel (command, sizeof command, cases[i].channel);
      const guint8 *octets = g_bytes_get_data (made, NULL);

      g_assert_cmpuint (octets[0], ==, cases[i].expected);
      g_assert_cmpmem (octets + 1, 4, command + 1, 4);
    }
}

static void
test_applications (void)
{
  g_autoptr (GPtrArray) known = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);

  g_ptr_array_add (known, g_bytes_new_static ("\xA0\x01\x02\x03\x04", 5));
  g_ptr_array_add (known, g_bytes_new_static ("\xA0\x09\x09\x09\x09\x09", 6));
  g_assert_true (lpad_modem_aid_is_allowed (known, (const guint8 *) "\xA0\x09\x09\x09\x09\x09", 6));
  g_assert_false (lpad_modem_aid_is_allowed (known, (const guint8 *) "\xA0\x09\x09\x09\x09\x09", 5));
  g_assert_false (lpad_modem_aid_is_allowed (known, (const guint8 *) "\xA0\x01\x02\x03\x05", 5));
  g_assert_false (lpad_modem_aid_is_allowed (known, NULL, 0));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/firewall/what-es10-needs", test_what_es10_needs);
  g_test_add_func ("/firewall/anything-else", test_anything_else);
  g_test_add_func ("/firewall/random-commands", test_random_commands);
  g_test_add_func ("/firewall/class-octets", test_class_octets);
  g_test_add_func ("/firewall/applications", test_applications);
  return g_test_run ();
}
