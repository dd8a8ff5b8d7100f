/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lui-file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include "lpad-error.h"

#define BLOCK 65536 /* octets that are read at once */

char *
lui_file_fault (const char *path, int reason, gboolean writing)
{
  const char *done = writing ? "written" : "read";

  switch (reason)
    {
    case ENOENT:
      return writing ? g_strdup_printf ("“%s” cannot be written: there is no such folder.", path)
                     : g_strdup_printf ("There is no file “%s”.", path);
    case ENOTDIR:
      return g_strdup_printf ("“%s” cannot be %s: a part of the path is no folder.", path, done);
    case EISDIR:
      return g_strdup_printf ("“%s” is a folder, and not a file.", path);
    case EACCES:
    case EPERM:
      return g_strdup_printf ("“%s” cannot be %s: you have no permission for that.", path, done);
    case ENOSPC:
    case EDQUOT:
      return g_strdup_printf ("“%s” cannot be written: there is no space left.", path);
    case EROFS:
      return g_strdup_printf ("“%s” cannot be written: the file system is read-only.", path);
    default:
      return g_strdup_printf ("“%s” cannot be %s: %s.", path, done, g_strerror (reason));
    }
}

void
lui_file_write_fault (const char *path, GError **error)
{
  static const struct
  {
    GFileError code;
    int reason;
  } table[] = {
    { G_FILE_ERROR_NOENT, ENOENT }, { G_FILE_ERROR_NOTDIR, ENOTDIR }, { G_FILE_ERROR_ISDIR, EISDIR },
    { G_FILE_ERROR_ACCES, EACCES }, { G_FILE_ERROR_PERM, EPERM },     { G_FILE_ERROR_NOSPC, ENOSPC },
    { G_FILE_ERROR_ROFS, EROFS },
  };
  g_autofree char *fault = NULL;
  int reason = EIO;

  for (gsize i = 0; i < G_N_ELEMENTS (table); i++)
    if (g_error_matches (*error, G_FILE_ERROR, (gint) table[i].code))
      reason = table[i].reason;
  fault = lui_file_fault (path, reason, TRUE);
  g_clear_error (error);
  g_set_error_literal (error, LPAD_ERROR, LPAD_ERROR_FAILED, fault);
}

/* Reads until the end, or one octet more than @max. Returns: FALSE with errno */
static gboolean
read_all (int fd, gsize max, GByteArray *octets)
{
  while (octets->len <= max)
    {
      guint done = octets->len;
      gssize got;

      g_byte_array_set_size (octets, done + BLOCK);
      got = read (fd, octets->data + done, BLOCK);
      g_byte_array_set_size (octets, done + (guint) MAX (got, 0));
      if (got < 0 && errno == EINTR)
        continue;
      if (got <= 0)
        return got == 0;
    }
  return TRUE;
}

char *
lui_file_read (const char *path, const char *what, gsize max, gsize *size, GError **error)
{
  gboolean is_stdin = g_str_equal (path, "-");
  const char *shown = is_stdin ? "standard input" : path;
  g_autoptr (GByteArray) octets = g_byte_array_new ();
  int fd = is_stdin ? STDIN_FILENO : g_open (path, O_RDONLY | O_CLOEXEC | O_NOCTTY, 0);
  gboolean ok = fd >= 0 && read_all (fd, max, octets);
  int reason = errno;

  if (!is_stdin && fd >= 0)
    close (fd);
  if (!ok)
    {
      g_autofree char *fault = lui_file_fault (shown, reason, FALSE);

      g_set_error_literal (error, LPAD_ERROR, LPAD_ERROR_NOT_FOUND, fault);
      return NULL;
    }
  if (octets->len > max)
    {
      g_set_error (
          error, LPAD_ERROR, LPAD_ERROR_INVALID_ARGUMENTS, "“%s” is too large to be %s.", shown, what);
      return NULL;
    }
  if (size != NULL)
    *size = octets->len;
  g_byte_array_append (octets, (const guint8 *) "", 1);
  return (char *) g_byte_array_free (g_steal_pointer (&octets), FALSE);
}
