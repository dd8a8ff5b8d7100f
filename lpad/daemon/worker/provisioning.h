/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "config.h"
#include "inventory.h"

G_BEGIN_DECLS

/*
 * The way to a server that can be reached over a provisioning profile only (SGP.22 2.4.5): what is to be done
 * next, and what has to be undone. Nothing is done here: detour.c does it within an operation, way-back.c
 * after an interruption.
 */

/** LpadProvisioningWish: the option “use-provisioning”. */
typedef enum
{
  LPAD_PROVISIONING_NOT_SAID,
  LPAD_PROVISIONING_WANTED,
  LPAD_PROVISIONING_UNWANTED,
} LpadProvisioningWish;

/**
 * lpad_provisioning_find: the provisioning profile to use.
 * @iccid: (nullable): as lpad_iccid_to_string() writes it; NULL: the first one that there is
 * Returns: (transfer none) (nullable): of @inventory. %LPAD_ERROR_NOT_FOUND: there is none;
 * %LPAD_ERROR_WRONG_STATE: @iccid is of another class; %LPAD_ERROR_POLICY_VIOLATION: once enabled, it must
 * not be disabled, so there would be no way back
 */
const LpadProfile *lpad_provisioning_find (const LpadInventory *inventory,
                                           const char *iccid,
                                           GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * lpad_provisioning_may_help: whether policy says that a download that failed with @error is tried over a
 * provisioning profile. Only when nothing of the order has been used up, and never when a subscription is in
 * use: that is not taken away without anybody having said so.
 */
gboolean lpad_provisioning_may_help (LpadProvisioningUse use,
                                     LpadProvisioningWish wish,
                                     const LpadInventory *inventory,
                                     GError *error);

/** lpad_provisioning_enabled: (nullable): the profile that is enabled. */
const LpadProfile *lpad_provisioning_enabled (const LpadInventory *inventory);

/** LpadProvisioningStep: what comes next. */
typedef enum
{
  LPAD_PROVISIONING_ENABLE,   /* the profile */
  LPAD_PROVISIONING_TRY,      /* whether the server can be reached */
  LPAD_PROVISIONING_PAUSE,    /* pause_ms, and then LPAD_PROVISIONING_TRY */
  LPAD_PROVISIONING_DOWNLOAD, /* the way is there */
  LPAD_PROVISIONING_GO_BACK,  /* it did not work */
} LpadProvisioningStep;

/**
 * LpadProvisioningPlan:
 * @profile: ICCID of the provisioning profile
 * @before: (nullable): ICCID of what was enabled: perhaps @profile itself
 * @pause_ms: of LPAD_PROVISIONING_PAUSE
 * @end_ms: when waiting ends; 0: it has not begun
 */
typedef struct
{
  GBytes *profile;
  GBytes *before;
  guint wait_s;
  guint pause_ms;
  gint64 end_ms;
} LpadProvisioningPlan;

/** lpad_provisioning_plan_begin: fills @plan. @profile: of @inventory */
LpadProvisioningStep lpad_provisioning_plan_begin (LpadProvisioningPlan *plan,
                                                   const LpadInventory *inventory,
                                                   const LpadProfile *profile,
                                                   guint wait_s);
void lpad_provisioning_plan_clear (LpadProvisioningPlan *plan);

/** lpad_provisioning_plan_set_before: what was enabled before an earlier detour that has not been undone.
 * @iccid: (nullable) */
void lpad_provisioning_plan_set_before (LpadProvisioningPlan *plan, GBytes *iccid);

/**
 * lpad_provisioning_plan_tried: the server was tried at @now_ms (monotonic), at first or in the download.
 * @error: (nullable): why it was not reached
 */
LpadProvisioningStep
lpad_provisioning_plan_tried (LpadProvisioningPlan *plan, const GError *error, gint64 now_ms);

/** LpadProvisioningUndo: what brings back what was enabled before. */
typedef enum
{
  LPAD_UNDO_NOTHING, /* it is, or another profile: the new one, or somebody else's choice */
  LPAD_UNDO_ENABLE,
  LPAD_UNDO_DISABLE,
} LpadProvisioningUndo;

/**
 * lpad_provisioning_undo: what to do when @inventory is how it stands.
 * @profile: the provisioning profile; @before: (nullable): what was enabled before
 * @iccid: (out) (transfer none): the profile to enable or disable; one of the two
 */
LpadProvisioningUndo
lpad_provisioning_undo (const LpadInventory *inventory, GBytes *profile, GBytes *before, GBytes **iccid);

G_END_DECLS
