/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/** lpad_hex_encode: lower-case hexadecimal digits of @size octets. Free with g_free(). */
char *lpad_hex_encode (const guint8 *data, gsize size);

/**
 * lpad_hex_decode: the octets written as hexadecimal digits in @text, either case, nothing between them.
 * @maximum: most octets accepted
 * Returns: (nullable): NULL with %LPAD_ERROR_PROTOCOL_ERROR when @text is no such thing
 */
GBytes *lpad_hex_decode (const char *text, gsize maximum, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
