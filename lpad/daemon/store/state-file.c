/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "state-file.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

static gboolean
set_error (GError **error, const char *path)
{
  int code = errno;

  g_set_error (error,
               G_FILE_ERROR,
               (gint) g_file_error_from_errno (code),
               "%s cannot be written: %s",
               path,
               g_strerror (code));
  return FALSE;
}

static gboolean
write_all (int fd, const char *data, gsize size)
{
  while (size > 0)
    {
      gssize written = write (fd, data, size);

      if (written < 0 && errno == EINTR)
        continue;
      if (written < 0)
        return FALSE;
      data += written;
      size -= (gsize) written;
    }
  return TRUE;
}

static gboolean
write_and_sync (int fd, const char *data, gsize size)
{
  gboolean written = write_all (fd, data, size) && fsync (fd) == 0;
  int code = errno;

  if (close (fd) != 0 && written)
    return FALSE;
  errno = code;
  return written;
}

/* The new name is only there after a power cut when the folder has been written, too. */
static gboolean
sync_folder (const char *path)
{
  g_autofree char *folder = g_path_get_dirname (path);
  int fd = open (folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

  return fd >= 0 && write_and_sync (fd, NULL, 0);
}

gboolean
lpad_state_file_write (const char *path, const char *data, gsize size, GError **error)
{
  g_autofree char *temporary = g_strconcat (path, ".XXXXXX", NULL);
  int fd = g_mkstemp_full (temporary, O_WRONLY | O_CLOEXEC, 0600);

  if (fd < 0)
    return set_error (error, path);
  if (write_and_sync (fd, data, size) && g_rename (temporary, path) == 0)
    return sync_folder (path) || set_error (error, path);
  (void) set_error (error, path);
  (void) g_unlink (temporary);
  return FALSE;
}
