/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "buffer.h"
#include "error-details.h"

static void
test_maximum (void)
{
  g_autoptr (LpadBuffer) buffer = lpad_buffer_new (4);
  g_autoptr (GError) error = NULL;
  gsize size;

  g_assert_true (lpad_buffer_append (buffer, "abc", 3, &error));
  g_assert_no_error (error);
  g_assert_false (lpad_buffer_append (buffer, "de", 2, &error));
  g_assert_error (error, LPAD_ERROR, LPAD_ERROR_PROTOCOL_ERROR);
  g_assert_cmpmem (lpad_buffer_data (buffer, &size), lpad_buffer_size (buffer), "abc", 3);
  g_assert_cmpuint (size, ==, 3);

  g_assert_true (lpad_buffer_append (buffer, "d", 1, NULL));
  g_assert_true (lpad_buffer_append (buffer, NULL, 0, NULL));
  g_assert_false (lpad_buffer_append (buffer, "e", 1, NULL));
  g_assert_false (lpad_buffer_append (buffer, "e", G_MAXSIZE, NULL));
}

static void
test_steal (void)
{
  g_autoptr (LpadBuffer) buffer = lpad_buffer_new (4);
  g_autoptr (GBytes) first = NULL;
  g_autoptr (GBytes) second = NULL;

  g_assert_true (lpad_buffer_append (buffer, "abcd", 4, NULL));
  first = lpad_buffer_steal (buffer);
  g_assert_cmpuint (lpad_buffer_size (buffer), ==, 0);
  g_assert_true (lpad_buffer_append (buffer, "wxyz", 4, NULL));
  second = lpad_buffer_steal (buffer);

  g_assert_cmpmem (g_bytes_get_data (first, NULL), g_bytes_get_size (first), "abcd", 4);
  g_assert_cmpmem (g_bytes_get_data (second, NULL), g_bytes_get_size (second), "wxyz", 4);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/buffer/maximum", test_maximum);
  g_test_add_func ("/buffer/steal", test_steal);
  return g_test_run ();
}
