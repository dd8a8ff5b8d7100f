/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fault.h"

#include "error-details.h"

static const struct
{
  const char *word;
  LpadError code;
  LpadRetry retry;
  const char *message;
} faults[] = {
  { "removed", LPAD_ERROR_CARD_REMOVED, LPAD_RETRY_LATER, "The card was removed" },
  { "timeout", LPAD_ERROR_TIMEOUT, LPAD_RETRY_LATER, "The card does not answer" },
  { "error", LPAD_ERROR_CARD_ERROR, LPAD_RETRY_NOW, "The reader failed to pass a command on" },
  { "busy", LPAD_ERROR_CARD_BUSY, LPAD_RETRY_LATER, "Another program uses the card alone" },
  { "notfound", LPAD_ERROR_NOT_FOUND, LPAD_RETRY_USELESS, "The card does not have the application" },
};

const char *
lpad_fault_to_word (const GError *error)
{
  for (gsize i = 0; i < G_N_ELEMENTS (faults); i++)
    if (g_error_matches (error, LPAD_ERROR, (int) faults[i].code))
      return faults[i].word;
  return "error";
}

gboolean
lpad_fault_set_error (GError **error, const char *word)
{
  for (gsize i = 0; i < G_N_ELEMENTS (faults); i++)
    if (g_str_equal (word, faults[i].word))
      {
        g_set_error_literal (error, LPAD_ERROR, (int) faults[i].code, faults[i].message);
        if (error != NULL)
          lpad_error_details (*error)->retry = faults[i].retry;
        return TRUE;
      }
  return FALSE;
}
