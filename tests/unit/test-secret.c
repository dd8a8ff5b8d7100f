/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <glib.h>
#include <string.h>

#include "secret.h"

static void
test_content (void)
{
  g_autoptr (LpadSecret) secret = lpad_secret_new_text ("1234");
  g_autoptr (LpadSecret) taken = lpad_secret_new_take_text (g_strdup ("5678"));
  g_autoptr (LpadSecret) empty = lpad_secret_new (NULL, 0);
  const guint8 *data;
  gsize size;

  data = lpad_secret_data (secret, &size);
  g_assert_cmpmem (data, size, "1234", 4);
  data = lpad_secret_data (taken, &size);
  g_assert_cmpmem (data, size, "5678", 4);
  lpad_secret_data (empty, &size);
  g_assert_cmpuint (size, ==, 0);
}

static void
test_reference (void)
{
  LpadSecret *secret = lpad_secret_new_text ("1234");
  g_autoptr (LpadSecret) other = lpad_secret_ref (secret);
  const guint8 *data;
  gsize size;

  lpad_secret_unref (secret);
  data = lpad_secret_data (other, &size);
  g_assert_cmpmem (data, size, "1234", 4);
  lpad_secret_unref (NULL);
}

static void
test_wipe (void)
{
  char text[] = "1234";

  lpad_wipe (text, 3);
  g_assert_cmpmem (text, sizeof text, "\0\0\0004", sizeof text);
  lpad_wipe (NULL, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/secret/content", test_content);
  g_test_add_func ("/secret/reference", test_reference);
  g_test_add_func ("/secret/wipe", test_wipe);
  return g_test_run ();
}
