/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "state-file.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>

typedef struct
{
  char *folder;
  char *path;
} Fixture;

static void
set_up (Fixture *fixture, gconstpointer data)
{
  fixture->folder = g_dir_make_tmp ("lpad-state-XXXXXX", NULL);
  g_assert_nonnull (fixture->folder);
  fixture->path = g_build_filename (fixture->folder, "file", NULL);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  (void) g_remove (fixture->path);
  /* Nothing else is left: no temporary file, whatever went wrong */
  g_assert_cmpint (g_rmdir (fixture->folder), ==, 0);
  g_free (fixture->path);
  g_free (fixture->folder);
}

static void
assert_contents (Fixture *fixture, const char *wanted, gsize size)
{
  g_autofree char *text = NULL;
  gsize length;
  struct stat status;

  g_assert_true (g_file_get_contents (fixture->path, &text, &length, NULL));
  g_assert_cmpmem (text, length, wanted, size);
  g_assert_cmpint (stat (fixture->path, &status), ==, 0);
  g_assert_cmpuint (status.st_mode & 0777, ==, 0600);
}

static void
test_replaced (Fixture *fixture, gconstpointer data)
{
  g_autofree char *large = g_strnfill (300000, 'x');

  g_assert_true (lpad_state_file_write (fixture->path, "old\0one", 7, NULL));
  assert_contents (fixture, "old\0one", 7);
  g_assert_true (lpad_state_file_write (fixture->path, large, 300000, NULL));
  assert_contents (fixture, large, 300000);
  g_assert_true (lpad_state_file_write (fixture->path, "", 0, NULL));
  assert_contents (fixture, "", 0);
}

static void
test_no_folder (Fixture *fixture, gconstpointer data)
{
  g_autofree char *path = g_build_filename (fixture->folder, "none", "file", NULL);
  g_autoptr (GError) error = NULL;

  g_assert_false (lpad_state_file_write (path, "x", 1, &error));
  g_assert_error (error, G_FILE_ERROR, G_FILE_ERROR_NOENT);
  g_assert_nonnull (strstr (error->message, path));
}

/* A folder stands where the file should be: the rename fails. */
static void
test_no_rename (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (g_mkdir (fixture->path, 0700), ==, 0);
  g_assert_false (lpad_state_file_write (fixture->path, "x", 1, &error));
  g_assert_nonnull (error);
  g_assert_cmpint (g_rmdir (fixture->path), ==, 0);
}

#define ADD(path, function) g_test_add (path, Fixture, NULL, set_up, function, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("/state-file/replaced", test_replaced);
  ADD ("/state-file/no-folder", test_no_folder);
  ADD ("/state-file/no-rename", test_no_rename);
  return g_test_run ();
}
