/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lui-code.h"

#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "lpad-error.h"

#define CODE "LPA:1$rsp.example.com$ABC-123"

typedef struct
{
  char *folder;
  char *path;
} Fixture;

static void
setup (Fixture *fixture, gconstpointer user_data)
{
  fixture->folder = g_dir_make_tmp ("lui-code-XXXXXX", NULL);
  g_assert_nonnull (fixture->folder);
  fixture->path = g_build_filename (fixture->folder, "code", NULL);
}

static void
teardown (Fixture *fixture, gconstpointer user_data)
{
  g_unlink (fixture->path);
  g_assert_cmpint (g_rmdir (fixture->folder), ==, 0);
  g_free (fixture->path);
  g_free (fixture->folder);
}

static void
write_file (Fixture *fixture, const char *data, gssize size)
{
  g_assert_true (g_file_set_contents (fixture->path, data, size, NULL));
}

static void
assert_code (const char *source, const char *expected)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *code = lui_code_read (source, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (code, ==, expected);
}

static void
assert_refused (const char *source, LpadError expected)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (lui_code_read (source, &error));
  g_assert_error (error, LPAD_ERROR, (int) expected);
}

static void
test_argument (Fixture *fixture, gconstpointer user_data)
{
  assert_code (CODE, CODE);
  assert_code ("  " CODE "\n", CODE);
  /* what no file is called is a code, and lpad says what is wrong with it */
  assert_code ("nonsense", "nonsense");
  assert_code ("LPA:1.example.com", "LPA:1.example.com");
  assert_refused ("", LPAD_ERROR_INVALID_ACTIVATION_CODE);
  assert_refused ("LPA:1$\xff", LPAD_ERROR_INVALID_ACTIVATION_CODE);
}

static void
test_file (Fixture *fixture, gconstpointer user_data)
{
  write_file (fixture, "\n " CODE " \r\n", -1);
  assert_code (fixture->path, CODE);
  write_file (fixture, "", 0);
  assert_refused (fixture->path, LPAD_ERROR_INVALID_ACTIVATION_CODE);
  write_file (fixture, "LPA:1$a\0b", 9);
  assert_refused (fixture->path, LPAD_ERROR_INVALID_ACTIVATION_CODE);
  assert_refused (fixture->folder, LPAD_ERROR_NOT_FOUND);
}

static void
test_file_too_long (Fixture *fixture, gconstpointer user_data)
{
  g_autofree char *text = g_strnfill (LUI_CODE_MAX + 1, 'A');

  write_file (fixture, text, -1);
  assert_refused (fixture->path, LPAD_ERROR_INVALID_ACTIVATION_CODE);
  text[LUI_CODE_MAX] = '\0';
  write_file (fixture, text, -1);
  assert_code (fixture->path, text);
}

static void
test_broken_picture (Fixture *fixture, gconstpointer user_data)
{
  g_autoptr (GError) error = NULL;

  write_file (fixture, "\x89PNG\r\n\x1a\nno picture", -1);
  g_assert_null (lui_code_read (fixture->path, &error));
  /* a build without QR codes says that it has none */
  g_assert_true (g_error_matches (error, LPAD_ERROR, LPAD_ERROR_INVALID_ACTIVATION_CODE)
                 || g_error_matches (error, LPAD_ERROR, LPAD_ERROR_NOT_SUPPORTED));
}

static void
assert_confirmation_code (Fixture *fixture, const char *content, const char *expected)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *code = NULL;

  write_file (fixture, content, -1);
  code = lui_confirmation_code_read (fixture->path, &error);
  g_assert_cmpstr (code, ==, expected);
  if (expected == NULL)
    g_assert_error (error, LPAD_ERROR, LPAD_ERROR_INVALID_ARGUMENTS);
  else
    g_assert_no_error (error);
}

static void
test_confirmation_code (Fixture *fixture, gconstpointer user_data)
{
  g_autofree char *long_code = g_strnfill (LUI_CONFIRMATION_CODE_MAX + 1, '1');

  assert_confirmation_code (fixture, "1234", "1234");
  assert_confirmation_code (fixture, " 1234 \r\nsecond line\n", "1234");
  assert_confirmation_code (fixture, "", NULL);
  assert_confirmation_code (fixture, "\n1234\n", NULL);
  assert_confirmation_code (fixture, "\xff\n", NULL);
  assert_confirmation_code (fixture, long_code, NULL);
}

static void
add (const char *path, void (*test) (Fixture *, gconstpointer))
{
  g_test_add (path, Fixture, NULL, setup, test, teardown);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  add ("/lui/code/argument", test_argument);
  add ("/lui/code/file", test_file);
  add ("/lui/code/file-too-long", test_file_too_long);
  add ("/lui/code/broken-picture", test_broken_picture);
  add ("/lui/code/confirmation", test_confirmation_code);
  return g_test_run ();
}
