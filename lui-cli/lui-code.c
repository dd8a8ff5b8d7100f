/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lui-code.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include "lpad-error.h"
#include "lui-file.h"
#include "secret.h"

/* Reads at most @size octets. Returns -1 with errno. */
static gssize
read_all (int fd, char *data, gsize size)
{
  gsize done = 0;

  while (done < size)
    {
      gssize got = read (fd, data + done, size - done);

      if (got < 0 && errno == EINTR)
        continue;
      if (got < 0)
        return -1;
      if (got == 0)
        break;
      done += (gsize) got;
    }
  return (gssize) done;
}

/* Reads the file @path, or standard input for "-", into @data; the last octet is kept for a NUL. */
static gboolean
read_source (const char *path, char *data, gsize size, gsize *length, GError **error)
{
  gboolean is_stdin = g_str_equal (path, "-");
  int fd = is_stdin ? STDIN_FILENO : g_open (path, O_RDONLY | O_CLOEXEC | O_NOCTTY, 0);
  gssize got = fd < 0 ? -1 : read_all (fd, data, size - 1);
  int reason = errno;

  if (!is_stdin && fd >= 0)
    close (fd);
  if (got < 0)
    {
      g_autofree char *fault = lui_file_fault (is_stdin ? "standard input" : path, reason, FALSE);

      g_set_error_literal (error, LPAD_ERROR, LPAD_ERROR_NOT_FOUND, fault);
      return FALSE;
    }
  data[got] = '\0';
  *length = (gsize) got;
  return TRUE;
}

static gboolean
is_picture (const char *data, gsize length)
{
  static const char png[] = "\x89PNG\r\n\x1a\n";
  static const char jpeg[] = "\xff\xd8\xff";

  return (length >= sizeof png - 1 && memcmp (data, png, sizeof png - 1) == 0)
         || (length >= sizeof jpeg - 1 && memcmp (data, jpeg, sizeof jpeg - 1) == 0);
}

/* A code is never taken for the name of a file: it holds a "$", or begins with "LPA:". */
static gboolean
is_code (const char *source)
{
  return strchr (source, '$') != NULL || g_ascii_strncasecmp (source, "LPA:", 4) == 0;
}

/* Whoever writes this means a file, and not a code. */
static gboolean
looks_like_file (const char *source)
{
  static const char *const endings[] = { ".png", ".jpg", ".jpeg", ".txt" };

  for (gsize i = 0; i < G_N_ELEMENTS (endings); i++)
    if (g_str_has_suffix (source, endings[i]))
      return TRUE;
  return strchr (source, '/') != NULL && strstr (source, "://") == NULL;
}

static char *
check_text (char *text, gsize length, GError **error)
{
  if (strlen (text) != length || !g_utf8_validate (text, -1, NULL) || length > LUI_CODE_MAX)
    {
      g_set_error (error,
                   LPAD_ERROR,
                   LPAD_ERROR_INVALID_ACTIVATION_CODE,
                   "This is no activation code: it must be one line of text.");
      return NULL;
    }
  g_strstrip (text);
  if (*text == '\0')
    {
      g_set_error (error, LPAD_ERROR, LPAD_ERROR_INVALID_ACTIVATION_CODE, "The activation code is empty.");
      return NULL;
    }
  return g_strdup (text);
}

char *
lui_code_read (const char *source, GError **error)
{
  char data[LUI_CODE_MAX + 2];
  gsize length = 0;

  if (is_code (source)
      || (!g_str_equal (source, "-") && !g_file_test (source, G_FILE_TEST_EXISTS)
          && !looks_like_file (source)))
    {
      g_autofree char *copy = g_strdup (source);

      return check_text (copy, strlen (copy), error);
    }
  if (!read_source (source, data, sizeof data, &length, error))
    return NULL;
  if (!g_str_equal (source, "-") && is_picture (data, length))
    return lui_qr_read (source, error);
  return check_text (data, length, error);
}

char *
lui_confirmation_code_read (const char *path, GError **error)
{
  char data[LUI_CONFIRMATION_CODE_MAX + 2];
  gsize length = 0;
  char *code;

  if (!read_source (path, data, sizeof data, &length, error))
    return NULL;
  data[strcspn (data, "\r\n")] = '\0';
  code = g_strdup (g_strstrip (data));
  lpad_wipe (data, sizeof data);
  if (*code != '\0' && g_utf8_validate (code, -1, NULL) && length <= LUI_CONFIRMATION_CODE_MAX)
    return code;

  lpad_wipe (code, strlen (code));
  g_free (code);
  g_set_error (error,
               LPAD_ERROR,
               LPAD_ERROR_INVALID_ARGUMENTS,
               "“%s” does not begin with a confirmation code on a line of its own.",
               path);
  return NULL;
}
