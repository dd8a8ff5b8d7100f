/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "permit.h"

#include "error-details.h"

static gboolean
refuse (GError **error, LpadError code, const char *message, const char *advice)
{
  LpadErrorDetails *details;

  g_set_error_literal (error, LPAD_ERROR, code, message);
  details = error == NULL ? NULL : lpad_error_details (*error);
  if (details != NULL)
    {
      details->advice = advice;
      details->retry = LPAD_RETRY_USELESS;
    }
  return FALSE;
}

static gboolean
is_bound_to_stay_enabled (const LpadProfile *profile)
{
  return profile->state == LPAD_PROFILE_ENABLED && (profile->policy_rules & LPAD_PPR1) != 0;
}

gboolean
lpad_permit_enable (GPtrArray *profiles, const LpadProfile *target, gboolean test_mode, GError **error)
{
  if (target->state == LPAD_PROFILE_ENABLED)
    return TRUE;
  if (target->profile_class == LPAD_PROFILE_CLASS_TEST && !test_mode)
    return refuse (error,
                   LPAD_ERROR_POLICY_VIOLATION,
                   "This is a test profile, and this device is not in test mode",
                   "An administrator can turn on TestMode in the section [General] of lpad.conf.");
  if (target->profile_class == LPAD_PROFILE_CLASS_TEST)
    return TRUE;

  for (guint i = 0; i < profiles->len; i++)
    {
      if (is_bound_to_stay_enabled (g_ptr_array_index (profiles, i)))
        return refuse (error,
                       LPAD_ERROR_POLICY_VIOLATION,
                       "The profile in use must not be disabled: its operator forbids it, so no other one "
                       "can be enabled",
                       "Ask the operator of the profile in use.");
    }
  return TRUE;
}

gboolean
lpad_permit_disable (const LpadProfile *target, GError **error)
{
  if (target->state != LPAD_PROFILE_ENABLED)
    return refuse (error, LPAD_ERROR_WRONG_STATE, "The profile is not enabled", NULL);
  if ((target->policy_rules & LPAD_PPR1) == 0)
    return TRUE;
  return refuse (error,
                 LPAD_ERROR_POLICY_VIOLATION,
                 "The profile must not be disabled: its operator forbids it",
                 "Ask the operator of the profile.");
}

gboolean
lpad_permit_delete (const LpadProfile *target, GError **error)
{
  if (target->state == LPAD_PROFILE_ENABLED)
    return refuse (error,
                   LPAD_ERROR_WRONG_STATE,
                   "The profile is enabled, and one that is in use cannot be deleted",
                   "Disable the profile first.");
  if ((target->policy_rules & LPAD_PPR2) == 0)
    return TRUE;
  return refuse (error,
                 LPAD_ERROR_POLICY_VIOLATION,
                 "The profile must not be deleted: its operator forbids it",
                 "Ask the operator of the profile.");
}

static gboolean
may_enable (const LpadInventory *inventory, GBytes *iccid, gboolean test_mode, GError **error)
{
  const LpadProfile *target = lpad_inventory_find_profile (inventory, iccid);

  return target == NULL || lpad_permit_enable (inventory->profiles, target, test_mode, error);
}

gboolean
lpad_permit_enable_now (LpadChip *chip,
                        const LpadInventory *before,
                        GBytes *iccid,
                        gboolean test_mode,
                        LpadInventory **after,
                        GCancellable *cancellable,
                        GError **error)
{
  g_autoptr (LpadInventory) now = NULL;
  gboolean permitted;

  if (may_enable (before, iccid, test_mode, NULL))
    return TRUE;
  now = lpad_inventory_update (chip, before, cancellable, error);
  if (now == NULL)
    return FALSE;
  permitted = may_enable (now, iccid, test_mode, error);
  if (after != NULL)
    *after = g_steal_pointer (&now);
  return permitted;
}
