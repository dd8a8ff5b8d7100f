/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * LpadConfigSource: a key in a file: where a value is read from, and where a complaint about it goes. Inside
 * the configuration only.
 * @text: the whole file, for the numbers of lines
 * @warnings: (element-type utf8): see lpad_config_warn()
 */
typedef struct
{
  GKeyFile *file;
  const char *path;
  const char *text;
  const char *group;
  const char *key;
  GPtrArray *warnings;
} LpadConfigSource;

/** LpadConfigKeyFunc: what is done with each key of a file. */
typedef void (*LpadConfigKeyFunc) (LpadConfigSource *source, gpointer user_data);

/** lpad_config_warn: adds a warning with the file, line, section and key of @source. */
void lpad_config_warn (LpadConfigSource *source, const char *format, ...) G_GNUC_PRINTF (2, 3);

/**
 * lpad_config_file_read: calls @func for each key of the file @path, section by section. A file that does not
 * exist has none.
 * Returns: FALSE with %LPAD_ERROR_INVALID_ARGUMENTS when it cannot be read or is no key file
 */
gboolean lpad_config_file_read (const char *path,
                                GPtrArray *warnings,
                                LpadConfigKeyFunc func,
                                gpointer user_data,
                                GError **error) G_GNUC_WARN_UNUSED_RESULT;

/** lpad_config_file_drop_ins: (element-type utf8) (transfer full): "@path.d/" + "*.conf" in the order of
 * their names. */
GPtrArray *lpad_config_file_drop_ins (const char *path);

G_END_DECLS
