/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config-file.h"

#include <string.h>

#include "error-details.h"

#define FILE_MAX (256 * 1024) /* octets */

/* The line of @key of @group, the last one that counts; 0 when there is none. */
static guint
find_line (const char *text, const char *group, const char *key)
{
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  g_autofree char *header = g_strdup_printf ("[%s]", group);
  gboolean inside = FALSE;
  guint found = 0;

  for (guint i = 0; lines[i] != NULL; i++)
    {
      const char *line = g_strstrip (lines[i]);
      const char *equals = strchr (line, '=');

      if (line[0] == '[')
        {
          inside = g_str_equal (line, header);
        }
      else if (inside && line[0] != '#' && equals != NULL)
        {
          g_autofree char *name = g_strchomp (g_strndup (line, (gsize) (equals - line)));

          if (g_str_equal (name, key))
            found = i + 1;
        }
    }
  return found;
}

void
lpad_config_warn (LpadConfigSource *source, const char *format, ...)
{
  g_autofree char *message = NULL;
  va_list args;

  va_start (args, format);
  message = g_strdup_vprintf (format, args);
  va_end (args);
  g_ptr_array_add (source->warnings,
                   g_strdup_printf ("%s:%u: [%s] %s: %s",
                                    source->path,
                                    find_line (source->text, source->group, source->key),
                                    source->group,
                                    source->key,
                                    message));
}

gboolean
lpad_config_file_read (const char *path,
                       GPtrArray *warnings,
                       LpadConfigKeyFunc func,
                       gpointer user_data,
                       GError **error)
{
  g_autoptr (GKeyFile) file = g_key_file_new ();
  g_autoptr (GError) local = NULL;
  g_autofree char *text = NULL;
  g_auto (GStrv) groups = NULL;
  gsize size;

  if (!g_file_get_contents (path, &text, &size, &local))
    {
      if (g_error_matches (local, G_FILE_ERROR, G_FILE_ERROR_NOENT))
        return TRUE;
      g_set_error_literal (error, LPAD_ERROR, LPAD_ERROR_INVALID_ARGUMENTS, local->message);
      return FALSE;
    }
  if (size > FILE_MAX || !g_key_file_load_from_data (file, text, size, G_KEY_FILE_NONE, &local))
    {
      g_set_error (error,
                   LPAD_ERROR,
                   LPAD_ERROR_INVALID_ARGUMENTS,
                   "%s: %s",
                   path,
                   local != NULL ? local->message : "the file is too large");
      return FALSE;
    }

  groups = g_key_file_get_groups (file, NULL);
  for (guint i = 0; groups[i] != NULL; i++)
    {
      g_auto (GStrv) names = g_key_file_get_keys (file, groups[i], NULL, NULL);

      for (guint k = 0; names != NULL && names[k] != NULL; k++)
        {
          LpadConfigSource source = { file, path, text, groups[i], names[k], warnings };

          func (&source, user_data);
        }
    }
  return TRUE;
}

static int
compare_paths (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *) a, *(const char *const *) b);
}

GPtrArray *
lpad_config_file_drop_ins (const char *path)
{
  g_autofree char *folder = g_strconcat (path, ".d", NULL);
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  GPtrArray *paths = g_ptr_array_new_with_free_func (g_free);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      if (name[0] != '.' && g_str_has_suffix (name, ".conf"))
        g_ptr_array_add (paths, g_build_filename (folder, name, NULL));
    }
  g_ptr_array_sort (paths, compare_paths);
  return paths;
}
