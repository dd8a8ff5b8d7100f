/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "identity.h"

static void
test_imei (void)
{
  const char *good[] = { "35907206000001", "359072060000017", "3590720600000178" };
  const char *bad[] = { NULL,
                        "",
                        "0",
                        "3590720600000",
                        "35907206000001780",
                        "35907206000001x",
                        "x59072060000017",
                        "35 9072060000017" };

  for (gsize i = 0; i < G_N_ELEMENTS (good); i++)
    {
      g_autofree char *clean = lpad_modem_clean_imei (good[i]);

      g_assert_cmpstr (clean, ==, good[i]);
    }
  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autofree char *clean = lpad_modem_clean_imei (bad[i]);

      g_assert_cmpstr (clean, ==, "");
    }
}

static void
test_revision (void)
{
  g_autofree char *spaces = lpad_modem_clean_revision (" MPSS.HI.2 [r3] \n");
  g_autofree char *none = lpad_modem_clean_revision (NULL);
  g_autofree char *control = lpad_modem_clean_revision ("1\n2");
  g_autofree char *wide = lpad_modem_clean_revision ("\xC3\xA4");
  g_autofree char *text = g_strnfill (129, '1');
  g_autofree char *too_long = lpad_modem_clean_revision (text);
  g_autofree char *longest = lpad_modem_clean_revision (text + 1);

  g_assert_cmpstr (spaces, ==, "MPSS.HI.2 [r3]");
  g_assert_cmpstr (none, ==, "");
  g_assert_cmpstr (control, ==, "");
  g_assert_cmpstr (wide, ==, "");
  g_assert_cmpstr (too_long, ==, "");
  g_assert_cmpstr (longest, ==, text + 1);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/identity/imei", test_imei);
  g_test_add_func ("/identity/revision", test_revision);
  return g_test_run ();
}
