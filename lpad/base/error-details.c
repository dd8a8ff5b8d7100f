/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "error-details.h"

typedef LpadErrorDetails LpadErrorPrivate;

static void
lpad_error_private_init (LpadErrorPrivate *details)
{
  g_return_if_fail (details != NULL);

  details->result = -1;
  details->bpp_command = -1;
  details->cancel_reason = -1;
}

static void
lpad_error_private_copy (const LpadErrorPrivate *from, LpadErrorPrivate *to)
{
  g_return_if_fail (from != NULL && to != NULL);

  *to = *from;
  to->subject_code = g_strdup (from->subject_code);
  to->reason_code = g_strdup (from->reason_code);
  to->server_message = g_strdup (from->server_message);
}

static void
lpad_error_private_clear (LpadErrorPrivate *details)
{
  g_return_if_fail (details != NULL);

  g_free (details->subject_code);
  g_free (details->reason_code);
  g_free (details->server_message);
}

/* The macro of GLib casts a const away. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wcast-qual"
G_DEFINE_EXTENDED_ERROR (LpadError, lpad_error)
#pragma GCC diagnostic pop

LpadErrorDetails *
lpad_error_details (GError *error)
{
  if (error == NULL || error->domain != LPAD_ERROR)
    return NULL;

  return lpad_error_get_private (error);
}

void
lpad_error_wrap (GError **error, const char *format, ...)
{
  g_autofree char *context = NULL;
  g_autofree char *message = NULL;
  va_list args;

  g_return_if_fail (format != NULL);

  if (error == NULL || *error == NULL)
    return;

  va_start (args, format);
  context = g_strdup_vprintf (format, args);
  va_end (args);
  message = g_strdup_printf ("%s: %s", context, (*error)->message);

  if ((*error)->domain == LPAD_ERROR)
    {
      g_free ((*error)->message);
      (*error)->message = g_steal_pointer (&message);
    }
  else
    {
      gboolean cancelled = g_error_matches (*error, G_IO_ERROR, G_IO_ERROR_CANCELLED);

      g_clear_error (error);
      g_set_error_literal (error, LPAD_ERROR, cancelled ? LPAD_ERROR_CANCELLED : LPAD_ERROR_FAILED, message);
    }
}

void
lpad_error_set_cancel_reason (GError **error, int cancel_reason)
{
  LpadErrorDetails *details = error == NULL ? NULL : lpad_error_details (*error);

  if (details != NULL)
    details->cancel_reason = cancel_reason;
}

gboolean
lpad_check_cancelled (GCancellable *cancellable, GError **error)
{
  if (!g_cancellable_is_cancelled (cancellable))
    return TRUE;

  g_set_error_literal (error, LPAD_ERROR, LPAD_ERROR_CANCELLED, "the operation was cancelled");
  return FALSE;
}

const char *
lpad_retry_to_string (LpadRetry retry)
{
  switch (retry)
    {
    case LPAD_RETRY_USELESS:
      return "useless";
    case LPAD_RETRY_NOW:
      return "now";
    case LPAD_RETRY_LATER:
      return "later";
    case LPAD_RETRY_UNKNOWN:
    default:
      return "unknown";
    }
}

const char *
lpad_order_to_string (LpadOrder order)
{
  switch (order)
    {
    case LPAD_ORDER_USABLE:
      return "usable";
    case LPAD_ORDER_ENDED:
      return "ended";
    case LPAD_ORDER_UNKNOWN:
    default:
      return "unknown";
    }
}
