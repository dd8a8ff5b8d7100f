/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * lpad_state_file_write: replaces the file @path, readable for its owner alone, so that after a kill or a
 * power cut at any moment either the old or the new contents are there: temporary file, fsync, rename, fsync
 * of the folder. Any thread.
 * Returns: FALSE with an error of %G_FILE_ERROR that names the file
 */
gboolean lpad_state_file_write (const char *path, const char *data, gsize size, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
