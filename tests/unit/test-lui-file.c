/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lui-file.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "lpad-error.h"

typedef struct
{
  char *folder;
  char *path;
} Fixture;

static void
set_up (Fixture *fixture, gconstpointer data)
{
  fixture->folder = g_dir_make_tmp ("lui-file-XXXXXX", NULL);
  g_assert_nonnull (fixture->folder);
  fixture->path = g_build_filename (fixture->folder, "file", NULL);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  g_unlink (fixture->path);
  g_assert_cmpint (g_rmdir (fixture->folder), ==, 0);
  g_free (fixture->path);
  g_free (fixture->folder);
}

static void
assert_fault (const char *path, LpadError code, const char *words)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (lui_file_read (path, "a plan", 16, NULL, &error));
  g_assert_error (error, LPAD_ERROR, (int) code);
  g_assert_nonnull (strstr (error->message, words));
}

static void
test_read (Fixture *fixture, gconstpointer data)
{
  static const gsize sizes[] = { 0, 1, 15, 16 };

  for (gsize i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autofree char *text = NULL;
      gsize size = 99;

      g_assert_true (g_file_set_contents (fixture->path, "0123456789abcdef", (gssize) sizes[i], NULL));
      text = lui_file_read (fixture->path, "a plan", 16, &size, &error);
      g_assert_no_error (error);
      g_assert_cmpuint (size, ==, sizes[i]);
      g_assert_cmpuint (strlen (text), ==, size);
    }
}

static void
test_not_readable (Fixture *fixture, gconstpointer data)
{
  g_autofree char *below = g_build_filename (fixture->path, "below", NULL);

  assert_fault (fixture->path, LPAD_ERROR_NOT_FOUND, "There is no file “");
  assert_fault (fixture->folder, LPAD_ERROR_NOT_FOUND, "is a folder");
  assert_fault ("/dev/zero", LPAD_ERROR_INVALID_ARGUMENTS, "too large to be a plan");
  g_assert_true (g_file_set_contents (fixture->path, "0123456789abcdef.", -1, NULL));
  assert_fault (fixture->path, LPAD_ERROR_INVALID_ARGUMENTS, "too large to be a plan");
  assert_fault (below, LPAD_ERROR_NOT_FOUND, "is no folder");
}

/* Each reason is a whole sentence that names the file. */
static void
test_sentences (Fixture *fixture, gconstpointer data)
{
  static const int reasons[] = { ENOENT, ENOTDIR, EISDIR, EACCES, EPERM, ENOSPC, EROFS, EIO };

  for (gsize i = 0; i < 2 * G_N_ELEMENTS (reasons); i++)
    {
      g_autofree char *fault = lui_file_fault ("plan.csv", reasons[i / 2], i % 2 == 1);

      g_assert_nonnull (strstr (fault, "“plan.csv”"));
      g_assert_true (g_str_has_suffix (fault, "."));
    }
}

static void
test_not_writable (Fixture *fixture, gconstpointer data)
{
  g_autofree char *nowhere = g_build_filename (fixture->folder, "no", "file", NULL);
  GError *error = NULL;

  g_assert_false (g_file_set_contents (nowhere, "", 0, &error));
  lui_file_write_fault (nowhere, &error);
  g_assert_error (error, LPAD_ERROR, LPAD_ERROR_FAILED);
  g_assert_nonnull (strstr (error->message, "there is no such folder"));
  g_clear_error (&error);
}

#define ADD(path, function) g_test_add (path, Fixture, NULL, set_up, function, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("/lui-file/read", test_read);
  ADD ("/lui-file/not-readable", test_not_readable);
  ADD ("/lui-file/sentences", test_sentences);
  ADD ("/lui-file/not-writable", test_not_writable);
  return g_test_run ();
}
