/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pcsc-error.h"

#include "error-details.h"

/* Rows for the codes that mean something to a person; the rest are reader faults. */
static const struct
{
  LONG status;
  LpadError code;
  LpadRetry retry;
  const char *message;
} table[] = {
  { SCARD_W_REMOVED_CARD, LPAD_ERROR_CARD_REMOVED, LPAD_RETRY_LATER, "The card was removed" },
  { SCARD_E_NO_SMARTCARD, LPAD_ERROR_CARD_REMOVED, LPAD_RETRY_LATER, "There is no card in the reader" },
  { SCARD_E_READER_UNAVAILABLE, LPAD_ERROR_CARD_REMOVED, LPAD_RETRY_LATER, "The reader was removed" },
  { SCARD_E_UNKNOWN_READER, LPAD_ERROR_NOT_FOUND, LPAD_RETRY_LATER, "There is no such reader" },
  { SCARD_E_NO_READERS_AVAILABLE, LPAD_ERROR_NOT_FOUND, LPAD_RETRY_LATER, "There is no reader" },
  { SCARD_E_NO_SERVICE, LPAD_ERROR_CARD_REMOVED, LPAD_RETRY_LATER, "The PC/SC service (pcscd) does not run" },
  { SCARD_E_SERVICE_STOPPED, LPAD_ERROR_CARD_REMOVED, LPAD_RETRY_LATER, "The PC/SC service (pcscd) stopped" },
  { SCARD_E_INVALID_HANDLE,
    LPAD_ERROR_CARD_REMOVED,
    LPAD_RETRY_LATER,
    "The PC/SC service (pcscd) was restarted" },
  { SCARD_W_SECURITY_VIOLATION,
    LPAD_ERROR_NOT_AUTHORIZED,
    LPAD_RETRY_USELESS,
    "The PC/SC service (pcscd) denies lpad access to the card" },
  { SCARD_E_SHARING_VIOLATION,
    LPAD_ERROR_CARD_BUSY,
    LPAD_RETRY_LATER,
    "Another program uses the card alone" },
  { SCARD_W_RESET_CARD,
    LPAD_ERROR_CARD_ERROR,
    LPAD_RETRY_LATER,
    "Another program has reset the card; what was under way on it is lost" },
  { SCARD_W_UNRESPONSIVE_CARD,
    LPAD_ERROR_CARD_ERROR,
    LPAD_RETRY_USELESS,
    "The card does not answer the reset; is it inserted the right way round?" },
  { SCARD_W_UNPOWERED_CARD, LPAD_ERROR_CARD_ERROR, LPAD_RETRY_LATER, "The card has no power" },
  { SCARD_W_UNSUPPORTED_CARD,
    LPAD_ERROR_CARD_ERROR,
    LPAD_RETRY_USELESS,
    "The reader cannot handle the card" },
  { SCARD_E_PROTO_MISMATCH,
    LPAD_ERROR_CARD_ERROR,
    LPAD_RETRY_USELESS,
    "Card and reader do not agree on a protocol" },
};

gboolean
lpad_pcsc_status_is_transport_fault (LONG status)
{
  return status == SCARD_E_NOT_TRANSACTED || status == SCARD_F_COMM_ERROR || status == SCARD_E_COMM_DATA_LOST
         || status == SCARD_F_INTERNAL_ERROR || status == SCARD_E_INSUFFICIENT_BUFFER;
}

void
lpad_pcsc_set_error (GError **error, LONG status)
{
  LpadError code = LPAD_ERROR_CARD_ERROR;
  LpadRetry retry = lpad_pcsc_status_is_transport_fault (status) ? LPAD_RETRY_NOW : LPAD_RETRY_UNKNOWN;
  const char *message = NULL;

  if (error == NULL)
    return;
  for (gsize i = 0; i < G_N_ELEMENTS (table) && message == NULL; i++)
    if (table[i].status == status)
      {
        code = table[i].code;
        retry = table[i].retry;
        message = table[i].message;
      }

  if (message != NULL)
    g_set_error_literal (error, LPAD_ERROR, code, message);
  else
    g_set_error (error,
                 LPAD_ERROR,
                 code,
                 "The reader failed to pass a command on (PC/SC status %08lX)",
                 (gulong) status & 0xffffffff);
  lpad_error_details (*error)->retry = retry;
}
