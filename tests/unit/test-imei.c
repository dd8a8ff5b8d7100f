/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "imei.h"

static void
test_forms (void)
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

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/imei/forms", test_forms);
  return g_test_run ();
}
