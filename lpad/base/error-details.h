/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

#include "lpad-error.h"

G_BEGIN_DECLS

/**
 * LpadRetry: whether doing the same again can help.
 */
typedef enum
{
  LPAD_RETRY_UNKNOWN,
  LPAD_RETRY_USELESS, /* the same will happen again */
  LPAD_RETRY_NOW,     /* a passing fault: at once */
  LPAD_RETRY_LATER,   /* when something outside has changed: network, operator, memory */
} LpadRetry;

/**
 * LpadOrder: what became of the operator's order (the activation code) after a failed download.
 */
typedef enum
{
  LPAD_ORDER_UNKNOWN, /* not a download, or it cannot be said */
  LPAD_ORDER_USABLE,  /* the activation code can be used again */
  LPAD_ORDER_ENDED,   /* the operator must issue a new one */
} LpadOrder;

/**
 * LpadErrorDetails: what is known of an error beside its code and message.
 *
 * Every error of the domain %LPAD_ERROR carries one. Lower layers fill in what they know; a field that does
 * not apply keeps its initial value. Strings belong to the error.
 */
typedef struct
{
  guint status_word;    /* SW1 SW2 of the card, 0: none */
  int result;           /* result or error code of the ES10 function, -1: none */
  int bpp_command;      /* bppCommandId of a ProfileInstallationResult, -1: none */
  const char *function; /* static: the function that failed, such as "ES10b.PrepareDownload", or NULL */
  const char *advice;   /* static: what the user can do, one sentence, or NULL */
  char *subject_code;   /* ES9+ subject code such as "8.2.6", or NULL */
  char *reason_code;    /* ES9+ reason code such as "3.8", or NULL */
  char *server_message; /* the server's own words, cleaned text, or NULL */
  guint http_status;    /* status of the HTTP answer, 0: none */
  int cancel_reason;    /* reason of CancelSession (LpadCancelReason) that this breach of the protocol calls
                           for, -1: none in particular; then a session ends so that the order survives */
  LpadRetry retry;
  LpadOrder order;
} LpadErrorDetails;

/**
 * lpad_error_details: the details of @error, for reading and for filling in.
 * Returns: (transfer none) (nullable): NULL when @error is not of the domain %LPAD_ERROR
 */
LpadErrorDetails *lpad_error_details (GError *error);

/**
 * lpad_error_wrap: puts what was attempted before the message of @error, as "CONTEXT: MESSAGE"; domain, code
 * and details stay. A cancellation of GIO becomes %LPAD_ERROR_CANCELLED, an error of another domain
 * %LPAD_ERROR_FAILED.
 */
void lpad_error_wrap (GError **error, const char *format, ...) G_GNUC_PRINTF (2, 3);

/** lpad_error_set_cancel_reason: notes in the details of @error, if there is one, how a session must end
 * after it.
 */
void lpad_error_set_cancel_reason (GError **error, int cancel_reason);

/**
 * lpad_check_cancelled: g_cancellable_set_error_if_cancelled() in lpad's own domain.
 * Returns: FALSE with %LPAD_ERROR_CANCELLED when @cancellable is cancelled
 */
gboolean lpad_check_cancelled (GCancellable *cancellable, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/** lpad_retry_to_string, lpad_order_to_string: the names that stand on the bus. */
const char *lpad_retry_to_string (LpadRetry retry); /* "unknown", "useless", "now", "later" */
const char *lpad_order_to_string (LpadOrder order); /* "unknown", "usable", "ended" */

G_END_DECLS
