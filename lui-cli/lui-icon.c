/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lui-icon.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lui-file.h"
#include "lui-output.h"

static const guint8 jpeg_magic[] = { 0xff, 0xd8, 0xff };
static const guint8 png_magic[] = { 0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n' };

static gboolean
begins_with (const guint8 *data, gsize size, const guint8 *magic, gsize magic_size)
{
  return size > magic_size && memcmp (data, magic, magic_size) == 0;
}

const char *
lui_icon_type (const guint8 *data, gsize size)
{
  if (begins_with (data, size, jpeg_magic, sizeof jpeg_magic))
    return "image/jpeg";
  if (begins_with (data, size, png_magic, sizeof png_magic))
    return "image/png";
  return NULL;
}

static gboolean
write_icon (const char *path, const guint8 *data, gsize size, GError **error)
{
  if (!g_str_equal (path, "-"))
    {
      if (g_file_set_contents (path, (const char *) data, (gssize) size, error))
        return TRUE;
      lui_file_write_fault (path, error);
      return FALSE;
    }
  if (fwrite (data, 1, size, stdout) == size && fflush (stdout) == 0)
    return TRUE;
  g_set_error_literal (
      error, LPAD_ERROR, LPAD_ERROR_FAILED, "The icon cannot be written to standard output.");
  return FALSE;
}

char *
lui_icon_save (LuiSession *session, LpadBusProfile *profile, const char *path, GError **error)
{
  g_autofree char *claimed = NULL;
  g_autofree char *words = NULL;
  g_autoptr (GVariant) icon = NULL;
  const char *type;
  gsize size = 0;
  const guint8 *data;

  if (g_str_equal (path, "-") && isatty (STDOUT_FILENO))
    {
      g_set_error_literal (error,
                           LPAD_ERROR,
                           LPAD_ERROR_INVALID_ARGUMENTS,
                           "A terminal cannot show the icon: give the name of a file, or a pipe.");
      return NULL;
    }
  if (!lpad_bus_profile_call_get_icon_sync (
          profile, lui_call_flags (session), LUI_CALL_TIMEOUT_MSEC, &claimed, &icon, NULL, error))
    return NULL;
  data = g_variant_get_fixed_array (icon, &size, 1);
  if (size == 0)
    {
      g_set_error_literal (error, LPAD_ERROR, LPAD_ERROR_NOT_FOUND, "The profile has no icon.");
      return NULL;
    }
  type = lui_icon_type (data, size);
  if (type == NULL)
    {
      g_set_error_literal (error,
                           LPAD_ERROR,
                           LPAD_ERROR_PROTOCOL_ERROR,
                           "What the profile has for an icon is neither a JPEG nor a PNG picture.");
      return NULL;
    }
  if (!write_icon (path, data, size, error))
    return NULL;
  words = lui_size_to_string (size);
  if (g_str_equal (type, lui_or (claimed, "")))
    return g_strdup_printf ("%s, %s", type, words);
  return g_strdup_printf ("%s, %s (the operator calls it %s)", type, words, claimed);
}
