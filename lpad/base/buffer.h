/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * LpadBuffer: octets that grow up to a maximum. Every collection of octets from outside goes through one, so
 * that no peer decides how much memory lpad uses.
 */
typedef struct _LpadBuffer LpadBuffer;

/** lpad_buffer_new: an empty buffer that holds at most @maximum octets. Free with lpad_buffer_free(). */
LpadBuffer *lpad_buffer_new (gsize maximum);
void lpad_buffer_free (LpadBuffer *buffer);

/**
 * lpad_buffer_append: adds @size octets.
 * Returns: FALSE with %LPAD_ERROR_PROTOCOL_ERROR, and an unchanged buffer, when that exceeds the maximum
 */
gboolean lpad_buffer_append (LpadBuffer *buffer, const void *data, gsize size, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

/** lpad_buffer_data: the octets, valid until the buffer changes, and in @size how many; lpad_buffer_size: how
 * many.
 */
const guint8 *lpad_buffer_data (LpadBuffer *buffer, gsize *size);
gsize lpad_buffer_size (LpadBuffer *buffer);

/** lpad_buffer_steal: the octets as GBytes; the buffer is empty afterwards. */
GBytes *lpad_buffer_steal (LpadBuffer *buffer);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (LpadBuffer, lpad_buffer_free)

G_END_DECLS
