/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "operation-limits.h"

#define PER_CALLER_MAX 8  /* operations that have not finished */
#define TOTAL_MAX      64 /* of all callers together */

gboolean
lpad_operation_limits_check (LpadEuicc *euicc, const char *sender, GError **error)
{
  LpadCore *core = lpad_euicc_core (euicc);
  guint total = 0, of_caller = 0;

  if (lpad_euicc_is_gone (euicc) || core->stopping)
    {
      g_set_error_literal (error,
                           LPAD_ERROR,
                           core->stopping ? LPAD_ERROR_BUSY : LPAD_ERROR_CARD_REMOVED,
                           core->stopping ? "lpad is being stopped." : "The card was removed.");
      return FALSE;
    }
  for (guint i = 0; i < core->operations->len; i++)
    {
      LpadOperation *operation = g_ptr_array_index (core->operations, i);

      if (lpad_operation_is_finished (operation))
        continue;
      total++;
      of_caller += sender != NULL && g_strcmp0 (lpad_operation_sender (operation), sender) == 0;
    }
  if (total < TOTAL_MAX && of_caller < PER_CALLER_MAX)
    return TRUE;
  g_set_error_literal (
      error, LPAD_ERROR, LPAD_ERROR_BUSY, "Too many operations are queued; try again when one has finished.");
  return FALSE;
}
