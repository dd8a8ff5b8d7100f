/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * lpad_text_clean: text from a chip or a server, made fit for a bus, a log and a terminal: valid UTF-8
 * without control characters, line or paragraph separators, bidirectional controls, zero-width and other
 * invisible formatting characters; every such character or invalid sequence becomes U+FFFD, runs of them one;
 * cut to
 * @maximum octets at a character's border. Returns: (transfer full): NUL-terminated UTF-8, never NULL. Free
 * with g_free().
 */
char *lpad_text_clean (const guint8 *data, gsize size, gsize maximum);

/** lpad_text_is_clean: whether lpad_text_clean() would leave @text as it is. */
gboolean lpad_text_is_clean (const char *text, gsize maximum);

G_END_DECLS
