/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "first-boot.h"

#define DAY (24 * 3600)

static void
test_pause (void)
{
  g_assert_cmpuint (lpad_first_boot_pause (60, 0), ==, 60);
  g_assert_cmpuint (lpad_first_boot_pause (60, 1), ==, 60);
  g_assert_cmpuint (lpad_first_boot_pause (60, 2), ==, 120);
  g_assert_cmpuint (lpad_first_boot_pause (60, 5), ==, 960);
  g_assert_cmpuint (lpad_first_boot_pause (60, 12), ==, DAY);
  g_assert_cmpuint (lpad_first_boot_pause (1, G_MAXUINT), ==, DAY);
  g_assert_cmpuint (lpad_first_boot_pause (DAY, 9), ==, DAY);
}

/* Firmware names what to download, and consents; one without the other is nothing. */
static void
test_wanted (void)
{
  g_autoptr (LpadConfig) config = lpad_config_new ();
  g_autoptr (LpadStore) store = lpad_store_open (NULL);

  g_assert_false (lpad_first_boot_is_wanted (config));
  config->first_boot_consent = TRUE;
  g_assert_false (lpad_first_boot_is_wanted (config));
  g_assert_false (lpad_first_boot_is_due (config, store, 0));
  config->first_boot_smds = TRUE;
  g_assert_true (lpad_first_boot_is_wanted (config));
  g_assert_true (lpad_first_boot_is_due (config, store, 0));
  config->first_boot_consent = FALSE;
  g_assert_false (lpad_first_boot_is_wanted (config));
  config->first_boot_smdp = g_strdup ("default");
  config->first_boot_smds = FALSE;
  config->first_boot_consent = TRUE;
  g_assert_true (lpad_first_boot_is_wanted (config));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/first-boot/pause", test_pause);
  g_test_add_func ("/first-boot/wanted", test_wanted);
  return g_test_run ();
}
