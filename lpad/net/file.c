/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Reads @size octets at most from @fd. Returns their number, -1 with errno. */
static gssize
read_regular (int fd, guint8 *data, gsize size)
{
  struct stat status;
  gsize done = 0;
  gssize count;

  if (fstat (fd, &status) != 0)
    return -1;
  if (!S_ISREG (status.st_mode))
    {
      errno = S_ISDIR (status.st_mode) ? EISDIR : EINVAL;
      return -1;
    }
  while ((count = read (fd, data + done, size - done)) > 0)
    done += (gsize) count;
  return count < 0 ? -1 : (gssize) done;
}

GBytes *
lpad_file_read (const char *path, gsize maximum)
{
  int fd = g_open (path, O_RDONLY | O_CLOEXEC | O_NONBLOCK, 0);
  g_autofree guint8 *data = NULL;
  gssize size;
  int saved;

  if (fd < 0)
    return NULL;
  data = g_malloc (maximum + 1);
  size = read_regular (fd, data, maximum + 1);
  saved = errno;
  close (fd);
  if (size >= 0 && (gsize) size <= maximum)
    return g_bytes_new (data, (gsize) size);
  errno = size < 0 ? saved : EFBIG;
  return NULL;
}

static gint
compare_paths (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *) a, *(const char *const *) b);
}

GPtrArray *
lpad_file_list (const char *folder, GError **error)
{
  g_autoptr (GPtrArray) paths = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GError) local = NULL;
  g_autoptr (GDir) dir = g_dir_open (folder, 0, &local);
  const char *name;

  if (dir == NULL && !g_error_matches (local, G_FILE_ERROR, G_FILE_ERROR_NOENT))
    {
      g_propagate_error (error, g_steal_pointer (&local));
      return NULL;
    }
  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      if (name[0] != '.')
        g_ptr_array_add (paths, g_build_filename (folder, name, NULL));
    }
  g_ptr_array_sort (paths, compare_paths);
  return g_steal_pointer (&paths);
}
