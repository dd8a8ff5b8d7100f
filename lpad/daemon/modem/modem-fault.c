/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "modem-fault.h"

#include "error-details.h"

#define MODEM_ERROR "org.lpad.Modem1.Error."
#define BUS_ERROR   "org.freedesktop.DBus.Error."

#define GONE "The modem has gone, or lpad-modem has ended"
#define WAIT "Look at lui-cli list when the modem is there again."

/* @message: NULL: the one that came is for people, too */
static const struct
{
  const char *name;
  LpadError code;
  LpadRetry retry;
  const char *message;
  const char *advice;
} table[] = {
  { MODEM_ERROR "NotFound",
    LPAD_ERROR_NOT_FOUND,
    LPAD_RETRY_USELESS,
    "The card does not have the application",
    NULL },
  { MODEM_ERROR "NotAllowed",
    LPAD_ERROR_NOT_FOUND,
    LPAD_RETRY_USELESS,
    "lpad-modem does not let this application or command through",
    NULL },
  { MODEM_ERROR "NoSuchChannel",
    LPAD_ERROR_CARD_ERROR,
    LPAD_RETRY_LATER,
    "The card in the modem was reset; what was under way on it is lost",
    NULL },
  { MODEM_ERROR "NoFreeChannel",
    LPAD_ERROR_CARD_BUSY,
    LPAD_RETRY_LATER,
    "The modem has no channel to the card left",
    "Try again later; if it stays so, restart the modem." },
  { MODEM_ERROR "ModemRefuses",
    LPAD_ERROR_MODEM_ERROR,
    LPAD_RETRY_USELESS,
    "The modem's firmware keeps the eUICC for itself and lets nobody manage profiles on it",
    "Look for a newer firmware of the modem, or for a setting of it that allows access to the eUICC." },
  { MODEM_ERROR "NotReady",
    LPAD_ERROR_CARD_REMOVED,
    LPAD_RETRY_LATER,
    "The card in the modem cannot be reached now: it was taken out, or is being reset",
    WAIT },
  { MODEM_ERROR "Failed", LPAD_ERROR_CARD_ERROR, LPAD_RETRY_NOW, NULL, NULL },
  { BUS_ERROR "ServiceUnknown", LPAD_ERROR_CARD_REMOVED, LPAD_RETRY_LATER, GONE, WAIT },
  { BUS_ERROR "NameHasNoOwner", LPAD_ERROR_CARD_REMOVED, LPAD_RETRY_LATER, GONE, WAIT },
  { BUS_ERROR "NoReply", LPAD_ERROR_CARD_REMOVED, LPAD_RETRY_LATER, GONE, WAIT },
  { BUS_ERROR "Disconnected", LPAD_ERROR_CARD_REMOVED, LPAD_RETRY_LATER, GONE, WAIT },
  { BUS_ERROR "UnknownObject", LPAD_ERROR_CARD_REMOVED, LPAD_RETRY_LATER, GONE, WAIT },
  { BUS_ERROR "UnknownInterface", LPAD_ERROR_CARD_REMOVED, LPAD_RETRY_LATER, GONE, WAIT },
  { BUS_ERROR "UnknownMethod", LPAD_ERROR_CARD_REMOVED, LPAD_RETRY_LATER, GONE, WAIT },
  { BUS_ERROR "AccessDenied",
    LPAD_ERROR_MODEM_ERROR,
    LPAD_RETRY_USELESS,
    "The bus does not let lpad call lpad-modem; is its policy (org.lpad.Modem1.conf) installed?",
    NULL },
};

static void
fill_in (GError **out, LpadRetry retry, const char *advice)
{
  LpadErrorDetails *details = out != NULL ? lpad_error_details (*out) : NULL;

  if (details == NULL)
    return;
  details->retry = retry;
  details->advice = advice;
}

static gboolean
take_remote (GError **out, const char *name, const char *message)
{
  for (gsize i = 0; i < G_N_ELEMENTS (table); i++)
    {
      if (!g_str_equal (table[i].name, name))
        continue;
      g_set_error_literal (
          out, LPAD_ERROR, (int) table[i].code, table[i].message != NULL ? table[i].message : message);
      fill_in (out, table[i].retry, table[i].advice);
      return TRUE;
    }
  return FALSE;
}

void
lpad_modem_fault_take (GError **out, GError *error)
{
  g_autoptr (GError) taken = error;
  g_autofree char *name = g_dbus_error_get_remote_error (taken);

  if (name != NULL)
    g_dbus_error_strip_remote_error (taken);
  if (name != NULL && take_remote (out, name, taken->message))
    return;
  if (g_error_matches (taken, G_IO_ERROR, G_IO_ERROR_TIMED_OUT))
    g_set_error_literal (out, LPAD_ERROR, LPAD_ERROR_TIMEOUT, "The card in the modem does not answer");
  else if (g_error_matches (taken, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    g_set_error_literal (out, LPAD_ERROR, LPAD_ERROR_CANCELLED, "Cancelled");
  else if (g_error_matches (taken, G_IO_ERROR, G_IO_ERROR_CLOSED))
    g_set_error_literal (out, LPAD_ERROR, LPAD_ERROR_CARD_REMOVED, "The connection to the bus broke");
  else
    g_set_error (out, LPAD_ERROR, LPAD_ERROR_MODEM_ERROR, "lpad-modem failed: %s", taken->message);
  fill_in (out, LPAD_RETRY_LATER, NULL);
}
