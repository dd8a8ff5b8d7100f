/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "provisioning.h"

#include "error-details.h"
#include "identifiers.h"

#define FIRST_PAUSE_MS   500
#define LONGEST_PAUSE_MS 10000

static gboolean
is_named (const LpadProfile *profile, const char *iccid)
{
  gsize size;
  const guint8 *data = g_bytes_get_data (profile->iccid, &size);
  g_autofree char *text = lpad_iccid_to_string (data, size);

  return g_str_equal (text, iccid);
}

static void
refuse (GError **error, LpadError code, const char *message, const char *advice)
{
  LpadErrorDetails *details;

  g_set_error_literal (error, LPAD_ERROR, code, message);
  details = error != NULL ? lpad_error_details (*error) : NULL;
  if (details == NULL)
    return;
  details->advice = advice;
  details->retry = LPAD_RETRY_USELESS;
  details->order = LPAD_ORDER_USABLE;
}

/* The one that is meant, whatever its class. */
static const LpadProfile *
look_up (const LpadInventory *inventory, const char *iccid)
{
  for (guint i = 0; i < inventory->profiles->len; i++)
    {
      const LpadProfile *profile = g_ptr_array_index (inventory->profiles, i);

      if (iccid != NULL ? is_named (profile, iccid)
                        : profile->profile_class == LPAD_PROFILE_CLASS_PROVISIONING)
        return profile;
    }
  return NULL;
}

const LpadProfile *
lpad_provisioning_find (const LpadInventory *inventory, const char *iccid, GError **error)
{
  const LpadProfile *profile = look_up (inventory, iccid);

  if (profile == NULL && iccid == NULL)
    refuse (error,
            LPAD_ERROR_NOT_FOUND,
            "The chip has no provisioning profile.",
            "Connect this device to a network in another way, and download without it.");
  else if (profile == NULL)
    refuse (error,
            LPAD_ERROR_NOT_FOUND,
            "The chip does not have the provisioning profile that lpad.conf names.",
            "An administrator can correct Profile in the section [Provisioning] of lpad.conf.");
  else if (profile->profile_class != LPAD_PROFILE_CLASS_PROVISIONING)
    {
      refuse (error,
              LPAD_ERROR_WRONG_STATE,
              "The profile that lpad.conf names for provisioning is not of that class.",
              "An administrator can correct Profile in the section [Provisioning] of lpad.conf.");
      return NULL;
    }
  else if ((profile->policy_rules & LPAD_PPR1) != 0)
    {
      refuse (error,
              LPAD_ERROR_POLICY_VIOLATION,
              "The provisioning profile must not be disabled once it is enabled: there would be no way back.",
              NULL);
      return NULL;
    }
  return profile;
}

const LpadProfile *
lpad_provisioning_enabled (const LpadInventory *inventory)
{
  for (guint i = 0; i < inventory->profiles->len; i++)
    {
      const LpadProfile *profile = g_ptr_array_index (inventory->profiles, i);

      if (profile->state == LPAD_PROFILE_ENABLED)
        return profile;
    }
  return NULL;
}

/* No way to the server, as opposed to a server that is out of order or not allowed. */
static gboolean
is_way_missing (GError *error)
{
  const LpadErrorDetails *details;

  if (!g_error_matches (error, LPAD_ERROR, LPAD_ERROR_SERVER_UNREACHABLE))
    return FALSE;
  details = lpad_error_details (error);
  return details->order == LPAD_ORDER_USABLE && details->http_status == 0
         && details->retry != LPAD_RETRY_USELESS;
}

gboolean
lpad_provisioning_may_help (LpadProvisioningUse use,
                            LpadProvisioningWish wish,
                            const LpadInventory *inventory,
                            GError *error)
{
  const LpadProfile *enabled = lpad_provisioning_enabled (inventory);

  if (use != LPAD_PROVISIONING_NO_ROUTE || wish == LPAD_PROVISIONING_UNWANTED || !is_way_missing (error))
    return FALSE;
  if (look_up (inventory, NULL) == NULL)
    return FALSE;
  return enabled == NULL || enabled->profile_class == LPAD_PROFILE_CLASS_PROVISIONING;
}

LpadProvisioningStep
lpad_provisioning_plan_begin (LpadProvisioningPlan *plan,
                              const LpadInventory *inventory,
                              const LpadProfile *profile,
                              guint wait_s)
{
  const LpadProfile *before = lpad_provisioning_enabled (inventory);

  plan->profile = g_bytes_ref (profile->iccid);
  plan->before = before != NULL ? g_bytes_ref (before->iccid) : NULL;
  plan->wait_s = wait_s;
  plan->pause_ms = 0;
  plan->end_ms = 0;
  return before == profile ? LPAD_PROVISIONING_TRY : LPAD_PROVISIONING_ENABLE;
}

void
lpad_provisioning_plan_clear (LpadProvisioningPlan *plan)
{
  g_clear_pointer (&plan->profile, g_bytes_unref);
  g_clear_pointer (&plan->before, g_bytes_unref);
}

void
lpad_provisioning_plan_set_before (LpadProvisioningPlan *plan, GBytes *iccid)
{
  GBytes *before = iccid != NULL ? g_bytes_ref (iccid) : NULL;

  g_clear_pointer (&plan->before, g_bytes_unref);
  plan->before = before;
}

/* The clock is often set by the very network that is waited for. */
static gboolean
is_passing (const GError *error)
{
  return g_error_matches (error, LPAD_ERROR, LPAD_ERROR_SERVER_UNREACHABLE)
         || g_error_matches (error, LPAD_ERROR, LPAD_ERROR_CLOCK_INVALID);
}

LpadProvisioningStep
lpad_provisioning_plan_tried (LpadProvisioningPlan *plan, const GError *error, gint64 now_ms)
{
  if (error == NULL)
    return LPAD_PROVISIONING_DOWNLOAD;
  if (!is_passing (error))
    return LPAD_PROVISIONING_GO_BACK;
  if (plan->end_ms == 0)
    plan->end_ms = now_ms + (gint64) plan->wait_s * 1000;
  if (now_ms >= plan->end_ms)
    return LPAD_PROVISIONING_GO_BACK;
  plan->pause_ms = plan->pause_ms == 0 ? FIRST_PAUSE_MS : MIN (2 * plan->pause_ms, LONGEST_PAUSE_MS);
  plan->pause_ms = (guint) MIN ((gint64) plan->pause_ms, plan->end_ms - now_ms);
  return LPAD_PROVISIONING_PAUSE;
}

static gboolean
same (GBytes *a, GBytes *b)
{
  return a != NULL && b != NULL && g_bytes_equal (a, b);
}

LpadProvisioningUndo
lpad_provisioning_undo (const LpadInventory *inventory, GBytes *profile, GBytes *before, GBytes **iccid)
{
  const LpadProfile *enabled = lpad_provisioning_enabled (inventory);
  gboolean before_is_there = before != NULL && lpad_inventory_find_profile (inventory, before) != NULL;

  if (enabled == NULL && !before_is_there)
    return LPAD_UNDO_NOTHING;
  if (enabled != NULL && (!same (enabled->iccid, profile) || same (before, profile)))
    return LPAD_UNDO_NOTHING;
  *iccid = before_is_there ? before : profile;
  return before_is_there ? LPAD_UNDO_ENABLE : LPAD_UNDO_DISABLE;
}
