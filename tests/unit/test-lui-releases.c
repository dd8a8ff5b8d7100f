/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lui-releases.h"

#include <string.h>

#include "lpad-error.h"

static void
test_good (void)
{
  static const char *const entries[] = { "eutran-epc:15", " nr-5gc : 16", NULL };
  static const char *const none[] = { NULL };
  g_autoptr (GError) error = NULL;
  GVariant *releases = lui_releases_build (entries, &error);
  g_autofree char *text = NULL;

  g_assert_no_error (error);
  text = g_variant_print (releases, FALSE);
  g_variant_unref (g_variant_ref_sink (releases));
  g_assert_cmpstr (text, ==, "{'eutran-epc': 0x0f, 'nr-5gc': 0x10}");
  releases = lui_releases_build (none, &error);
  g_assert_cmpuint (g_variant_n_children (releases), ==, 0);
  g_variant_unref (g_variant_ref_sink (releases));
}

static void
test_bad (void)
{
  static const char *const cases[]
      = { "", "eutran-epc", "eutran-epc:", "gsm:0", "gsm:256", "gsm:x", "gsm:1:2" };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      const char *const entries[] = { "gsm:4", cases[i], NULL };
      g_autoptr (GError) error = NULL;

      g_assert_null (lui_releases_build (entries, &error));
      g_assert_error (error, LPAD_ERROR, LPAD_ERROR_INVALID_ARGUMENTS);
      g_assert_nonnull (strstr (error->message, cases[i]));
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/lui-releases/good", test_good);
  g_test_add_func ("/lui-releases/bad", test_bad);
  return g_test_run ();
}
