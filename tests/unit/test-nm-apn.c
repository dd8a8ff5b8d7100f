/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "apn.h"

#include <glib/gstdio.h>
#include <unistd.h>

static void
test_file (void)
{
  g_autofree char *path = NULL;
  g_autofree char *known = NULL;
  g_autoptr (GError) error = NULL;
  int fd = g_file_open_tmp ("lpad-nm-apn-XXXXXX", &path, &error);

  g_assert_no_error (error);
  close (fd);
  g_assert_true (
      g_file_set_contents (path, "[Apn]\n262-01=internet.example\n262-02=a b\n262-03=\n", -1, NULL));
  known = lpad_nm_apn_find (path, "262-01");
  g_assert_cmpstr (known, ==, "internet.example");
  g_assert_null (lpad_nm_apn_find (path, "262-99"));
  g_assert_null (lpad_nm_apn_find (path, ""));
  g_test_expect_message ("lpad-nm", G_LOG_LEVEL_WARNING, "*is no APN");
  g_assert_null (lpad_nm_apn_find (path, "262-02"));
  g_test_expect_message ("lpad-nm", G_LOG_LEVEL_WARNING, "*is no APN");
  g_assert_null (lpad_nm_apn_find (path, "262-03"));
  g_unlink (path);
  g_assert_null (lpad_nm_apn_find (path, "262-01"));
  g_assert_null (lpad_nm_apn_find (NULL, "262-01"));
  g_test_assert_expected_messages ();
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/nm-apn/file", test_file);
  return g_test_run ();
}
