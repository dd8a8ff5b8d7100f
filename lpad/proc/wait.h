/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/** lpad_wait: lets @milliseconds pass. Returns: FALSE with %LPAD_ERROR_CANCELLED as soon as @cancellable is
 * cancelled. */
gboolean lpad_wait (guint milliseconds, GCancellable *cancellable, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
