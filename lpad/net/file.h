/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Files that an administrator has put there. Inside net/ only. */

/**
 * lpad_file_read: the octets of the regular file @path. It does not wait for a pipe.
 * @maximum: octets; a larger file is EFBIG
 * Returns: (nullable): NULL with errno
 */
GBytes *lpad_file_read (const char *path, gsize maximum);

/**
 * lpad_file_list: (element-type utf8): the paths in @folder, sorted, without hidden ones: the order of a
 * folder is chance, and what depends on it should not be. A folder that does not exist is empty.
 */
GPtrArray *lpad_file_list (const char *folder, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
