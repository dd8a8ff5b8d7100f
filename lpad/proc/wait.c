/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wait.h"

#include "error-details.h"

gboolean
lpad_wait (guint milliseconds, GCancellable *cancellable, GError **error)
{
  gint64 end = g_get_monotonic_time () + (gint64) milliseconds * 1000;
  GPollFD fd = { .fd = -1, .events = G_IO_IN };
  gboolean pollable;
  gint64 left;

  if (!lpad_check_cancelled (cancellable, error))
    return FALSE;

  pollable = cancellable != NULL && g_cancellable_make_pollfd (cancellable, &fd);
  while ((left = end - g_get_monotonic_time ()) > 0 && !g_cancellable_is_cancelled (cancellable))
    g_poll (&fd, pollable ? 1 : 0, (gint) (left / 1000) + 1);
  if (pollable)
    g_cancellable_release_fd (cancellable);

  return lpad_check_cancelled (cancellable, error);
}
