/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a server answers in a functionExecutionStatus that is "Failed" (SGP.22 v2.5, 5.2.6 and the tables of
 * each function in 5.6 and 5.8). */
#include "result.h"

#include <string.h>

#include "text.h"

#define CODE_MAX    32  /* octets of a subject or reason code that are kept */
#define MESSAGE_MAX 256 /* octets of the server's words that are kept */

typedef struct
{
  const char *function; /* NULL: any function that has no row of its own for the pair */
  const char *subject;
  const char *reason;
  LpadError error;
  LpadRetry retry;
  LpadOrder order;
  const char *message;
  const char *advice;
} Row;

#define INITIATE    "ES9+.InitiateAuthentication"
#define CLIENT      "ES9+.AuthenticateClient"
#define PACKAGE     "ES9+.GetBoundProfilePackage"
#define CANCEL      "ES9+.CancelSession"
#define DS_INITIATE "ES11.InitiateAuthentication"
#define DS_CLIENT   "ES11.AuthenticateClient"

#define ADVICE_AGAIN    "Try again; if it happens again, ask the operator."
#define ADVICE_LATER    "Try again later."
#define ADVICE_OPERATOR "Ask the operator for help."
#define ADVICE_BURNT    "Ask the operator for a new activation code."
#define ADVICE_OVER     "There is nothing to do: the session ends by itself."
#define ADVICE_CODE     "Ask the operator for an activation code instead."
#define ADVICE_DEVICE   "Ask the operator for a profile that fits this device."

#define NO_COMMON_ISSUER "the chip and the operator's server have no certificate issuer in common"
#define CHIP_REFUSED     "the operator does not accept this chip: "
#define LOST_SESSION     "the operator's server does not know the session any more"
#define BAD_SIGNATURE    "the operator's server could not verify the signature of the chip"
#define ORDER_EXPIRED    "the time in which the profile could be downloaded is over"
#define DISCOVERY        "the discovery server cannot serve this chip: "

/* Error code, retry and order of pairs that appear under several functions */
#define REFUSED_USELESS LPAD_ERROR_SERVER_REFUSED, LPAD_RETRY_USELESS, LPAD_ORDER_USABLE
#define REFUSED_DS      LPAD_ERROR_SERVER_REFUSED, LPAD_RETRY_USELESS, LPAD_ORDER_UNKNOWN
#define RESTART         LPAD_ERROR_SERVER_REFUSED, LPAD_RETRY_NOW, LPAD_ORDER_USABLE
#define SIGNATURE_ONCE  LPAD_ERROR_PROTOCOL_ERROR, LPAD_RETRY_NOW, LPAD_ORDER_USABLE
#define EXPIRED         LPAD_ERROR_ORDER_EXPIRED, LPAD_RETRY_USELESS, LPAD_ORDER_ENDED

/* clang-format off */
static const Row rows[] = {
  { INITIATE, "8.8.1", "3.8", REFUSED_USELESS,
    "the server says that it is not the one that the activation code names",
    "Check the server address in the activation code." },
  { INITIATE, "8.8.2", "3.1", REFUSED_USELESS, NO_COMMON_ISSUER, ADVICE_DEVICE },
  { INITIATE, "8.8.3", "3.1", LPAD_ERROR_NOT_SUPPORTED, LPAD_RETRY_USELESS, LPAD_ORDER_USABLE,
    "the operator's server does not support the version of the specification that the chip speaks",
    ADVICE_DEVICE },
  { INITIATE, "8.8.4", "3.7", REFUSED_USELESS, NO_COMMON_ISSUER, ADVICE_DEVICE },

  { CLIENT, "8.1.2", "6.1", REFUSED_USELESS,
    CHIP_REFUSED "the certificate of its maker is invalid", ADVICE_OPERATOR },
  { CLIENT, "8.1.2", "6.3", REFUSED_USELESS,
    CHIP_REFUSED "the certificate of its maker has expired", ADVICE_OPERATOR },
  { CLIENT, "8.1.3", "6.1", REFUSED_USELESS, CHIP_REFUSED "its certificate is invalid", ADVICE_OPERATOR },
  { CLIENT, "8.1.3", "6.3", REFUSED_USELESS, CHIP_REFUSED "its certificate has expired", ADVICE_OPERATOR },
  { CLIENT, "8.1", "6.1", SIGNATURE_ONCE, BAD_SIGNATURE, ADVICE_AGAIN },
  { CLIENT, "8.1", "4.8", LPAD_ERROR_INSUFFICIENT_MEMORY, LPAD_RETRY_LATER, LPAD_ORDER_USABLE,
    "the chip has no room for the profile",
    "Delete a profile that is no longer needed and try again with the same activation code." },
  { CLIENT, "8.11.1", "3.9", REFUSED_USELESS, NO_COMMON_ISSUER, ADVICE_DEVICE },
  { CLIENT, "8.2", "1.2", LPAD_ERROR_NOT_RELEASED, LPAD_RETRY_LATER, LPAD_ORDER_USABLE,
    "the operator has not released the profile yet", "Try again later, or ask the operator." },
  { CLIENT, "8.10.1", "3.9", RESTART, LOST_SESSION, ADVICE_AGAIN },
  { CLIENT, "8.2.6", "3.8", LPAD_ERROR_CODE_REFUSED, LPAD_RETRY_USELESS, LPAD_ORDER_ENDED,
    "the operator's server does not know the activation code, or it has been used already",
    "Check the activation code, or ask the operator for a new one." },
  { CLIENT, "8.1.1", "3.8", LPAD_ERROR_EID_MISMATCH, LPAD_RETRY_USELESS, LPAD_ORDER_USABLE,
    "the activation code is meant for another chip than this one",
    "Use it with the device that it was ordered for, or tell the operator the EID of this one." },
  { CLIENT, "8.2.5", "4.3", LPAD_ERROR_NO_ELIGIBLE_PROFILE, LPAD_RETRY_USELESS, LPAD_ORDER_USABLE,
    "the operator has no profile that fits this device and chip", ADVICE_DEVICE },
  { CLIENT, "8.8.5", "4.10", EXPIRED, ORDER_EXPIRED, ADVICE_BURNT },
  { CLIENT, "8.8.5", "6.4", LPAD_ERROR_ORDER_EXHAUSTED, LPAD_RETRY_USELESS, LPAD_ORDER_ENDED,
    "the profile has been downloaded too often without success", ADVICE_BURNT },

  { PACKAGE, "8.1", "6.1", SIGNATURE_ONCE, BAD_SIGNATURE, ADVICE_AGAIN },
  { PACKAGE, "8.2", "3.7", LPAD_ERROR_SERVER_REFUSED, LPAD_RETRY_USELESS, LPAD_ORDER_ENDED,
    "the operator's server cannot prepare the profile for this chip again", ADVICE_BURNT },
  { PACKAGE, "8.10.1", "3.9", RESTART, LOST_SESSION, ADVICE_AGAIN },
  { PACKAGE, "8.2.7", "2.2", LPAD_ERROR_CONFIRMATION_CODE_REQUIRED, LPAD_RETRY_NOW, LPAD_ORDER_USABLE,
    "the operator's server demands a confirmation code",
    "Enter the confirmation code that the operator gave you." },
  { PACKAGE, "8.2.7", "3.8", LPAD_ERROR_CONFIRMATION_CODE_REFUSED, LPAD_RETRY_NOW, LPAD_ORDER_USABLE,
    "the confirmation code is wrong",
    "Enter it again; after some wrong codes the operator's server blocks the order." },
  { PACKAGE, "8.2.7", "6.4", LPAD_ERROR_CONFIRMATION_CODE_EXHAUSTED, LPAD_RETRY_USELESS, LPAD_ORDER_ENDED,
    "too many wrong confirmation codes: the operator's server has blocked the order", ADVICE_BURNT },
  { PACKAGE, "8.8.5", "4.10", EXPIRED, ORDER_EXPIRED, ADVICE_BURNT },

  { CANCEL, "8.10.1", "3.9", REFUSED_DS, LOST_SESSION, ADVICE_OVER },
  { CANCEL, "8.1", "6.1", REFUSED_DS, BAD_SIGNATURE, ADVICE_OVER },
  { CANCEL, "8.8", "3.10", REFUSED_DS, "the cancelled session belongs to another server", ADVICE_OVER },

  { DS_INITIATE, "8.9.1", "3.8", REFUSED_DS,
    "the discovery server says that it is not the one that was asked for",
    "Check the address of the discovery server." },
  { DS_INITIATE, "8.9.2", "3.1", REFUSED_DS, DISCOVERY "they have no certificate issuer in common",
    ADVICE_CODE },
  { DS_INITIATE, "8.9.3", "3.1", LPAD_ERROR_NOT_SUPPORTED, LPAD_RETRY_USELESS, LPAD_ORDER_UNKNOWN,
    DISCOVERY "it does not support the version of the specification that the chip speaks", ADVICE_CODE },
  { DS_INITIATE, "8.9.4", "3.7", REFUSED_DS, DISCOVERY "they have no certificate issuer in common",
    ADVICE_CODE },
  { DS_CLIENT, "8.1.2", "6.1", REFUSED_DS, DISCOVERY "the certificate of its maker is invalid", ADVICE_CODE },
  { DS_CLIENT, "8.1.2", "6.3", REFUSED_DS, DISCOVERY "the certificate of its maker has expired", ADVICE_CODE },
  { DS_CLIENT, "8.1.3", "6.1", REFUSED_DS, DISCOVERY "its certificate is invalid", ADVICE_CODE },
  { DS_CLIENT, "8.1.3", "6.3", REFUSED_DS, DISCOVERY "its certificate has expired", ADVICE_CODE },
  { DS_CLIENT, "8.1", "6.1", LPAD_ERROR_PROTOCOL_ERROR, LPAD_RETRY_NOW, LPAD_ORDER_UNKNOWN,
    "the discovery server could not verify the signature of the chip", ADVICE_LATER },
  { DS_CLIENT, "8.11.1", "3.9", REFUSED_DS, DISCOVERY "they have no certificate issuer in common", ADVICE_CODE },
  { DS_CLIENT, "8.10.1", "3.9", LPAD_ERROR_SERVER_REFUSED, LPAD_RETRY_NOW, LPAD_ORDER_UNKNOWN,
    "the discovery server does not know the session any more", ADVICE_LATER },
  { DS_CLIENT, "8.9.5", "3.9", LPAD_ERROR_NOT_FOUND, LPAD_RETRY_LATER, LPAD_ORDER_UNKNOWN,
    "no profile waits for this chip at the discovery server",
    "Ask the operator whether the profile has been ordered for the EID of this chip." },

  /* Pairs that no table of the specification has, but servers send. */
  { NULL, "8.8.5", "1.6", LPAD_ERROR_SERVER_REFUSED, LPAD_RETRY_USELESS, LPAD_ORDER_UNKNOWN,
    "the operator's server finds fault with the order (8.8.5, 1.6)", ADVICE_OPERATOR },
  { NULL, "8.8.5", "2.1", LPAD_ERROR_SERVER_REFUSED, LPAD_RETRY_USELESS, LPAD_ORDER_UNKNOWN,
    "the operator's server finds the order invalid (8.8.5, 2.1)", ADVICE_OPERATOR },
  { NULL, "8.1.1", "2.1", LPAD_ERROR_SERVER_REFUSED, LPAD_RETRY_USELESS, LPAD_ORDER_UNKNOWN,
    "the operator's server finds the EID of this chip invalid (8.1.1, 2.1)", ADVICE_OPERATOR },
  { NULL, "8.8", "4.2", LPAD_ERROR_SERVER_REFUSED, LPAD_RETRY_LATER, LPAD_ORDER_UNKNOWN,
    "the operator's server failed internally (8.8, 4.2)", ADVICE_LATER },
  { NULL, "8.9", "4.2", LPAD_ERROR_SERVER_REFUSED, LPAD_RETRY_LATER, LPAD_ORDER_UNKNOWN,
    "the discovery server failed internally (8.9, 4.2)", ADVICE_LATER },
  { NULL, "8.9", "5.1", LPAD_ERROR_SERVER_REFUSED, LPAD_RETRY_LATER, LPAD_ORDER_UNKNOWN,
    "the discovery server is out of service (8.9, 5.1)", ADVICE_LATER },
};
/* clang-format on */

/* The codes are dotted numbers and compared whole: 3.1 is another reason than 3.10. */
static const Row *
find_row (const char *function, const char *subject, const char *reason)
{
  const Row *general = NULL;

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      if (g_strcmp0 (rows[i].subject, subject) != 0 || g_strcmp0 (rows[i].reason, reason) != 0)
        continue;
      if (rows[i].function == NULL)
        general = &rows[i];
      else if (g_strcmp0 (rows[i].function, function) == 0)
        return &rows[i];
    }
  return general;
}

static char *
clean (const char *text, gsize maximum)
{
  return text != NULL ? lpad_text_clean ((const guint8 *) text, strlen (text), maximum) : NULL;
}

void
lpad_result_set_server_error (GError **error,
                              const char *function,
                              const char *subject,
                              const char *reason,
                              const char *message)
{
  const Row *row;
  LpadErrorDetails *details;
  g_autofree char *subject_code = clean (subject, CODE_MAX);
  g_autofree char *reason_code = clean (reason, CODE_MAX);

  if (error == NULL)
    return;

  row = find_row (function, subject, reason);
  if (row != NULL)
    g_set_error_literal (error, LPAD_ERROR, (gint) row->error, row->message);
  else
    g_set_error (error,
                 LPAD_ERROR,
                 LPAD_ERROR_SERVER_REFUSED,
                 "the server refused for a reason that lpad does not know (subject %s, reason %s)",
                 subject_code != NULL ? subject_code : "none",
                 reason_code != NULL ? reason_code : "none");

  details = lpad_error_details (*error);
  details->function = function;
  details->subject_code = g_steal_pointer (&subject_code);
  details->reason_code = g_steal_pointer (&reason_code);
  details->server_message = clean (message, MESSAGE_MAX);
  if (row != NULL)
    {
      details->advice = row->advice;
      details->retry = row->retry;
      details->order = row->order;
    }
  else
    details->advice = ADVICE_OPERATOR;
}
