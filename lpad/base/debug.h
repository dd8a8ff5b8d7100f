/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * lpad_debug_secrets: whether the environment variable LPAD_DEBUG_SECRETS=1 permits identifiers and bodies of
 * messages (EID, ICCID, matching ID, APDU and JSON bodies) in debug output. Off unless someone asks: a log is
 * read by many.
 */
gboolean lpad_debug_secrets (void);

/** lpad_debug_octets: logs at debug level @what and the size of @data, and its octets if
 * lpad_debug_secrets(). */
void lpad_debug_octets (const char *what, const guint8 *data, gsize size);

G_END_DECLS
