/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * lui_file_fault: (transfer full): what a person is told when the file @path cannot be read, or not be
 * written, because of @reason (errno).
 */
char *lui_file_fault (const char *path, int reason, gboolean writing);

/**
 * lui_file_read: the file @path, or standard input for "-", of at most @max octets.
 * @what: what is expected in it, such as "a plan"
 * @size: (out) (nullable): octets; a NUL follows them
 * Returns: (transfer full) (nullable): NULL with %LPAD_ERROR_NOT_FOUND, or %LPAD_ERROR_INVALID_ARGUMENTS when
 * it is too large
 */
char *lui_file_read (const char *path, const char *what, gsize max, gsize *size, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

/** lui_file_write_fault: turns the error with which GLib has not written @path into one that a person reads:
 * %LPAD_ERROR_FAILED. */
void lui_file_write_fault (const char *path, GError **error);

G_END_DECLS
