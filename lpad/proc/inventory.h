/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "chip.h"
#include "profile.h"

G_BEGIN_DECLS

/**
 * LpadInventory: what a chip said of itself at one moment. Immutable; reference counting is atomic, so it may
 * go to another thread.
 * @profiles: (element-type LpadProfile); @notifications: (element-type LpadNotificationInfo), by sequence
 * number
 */
typedef struct
{
  char *eid;
  LpadEuiccInfo *info;
  char *default_smdp_address;
  char *root_smds_address;
  GPtrArray *profiles;
  GPtrArray *notifications;
} LpadInventory;

/** lpad_inventory_read: reads everything. */
LpadInventory *
lpad_inventory_read (LpadChip *chip, GCancellable *cancellable, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/** lpad_inventory_update: reads profiles, notifications and free memory again; what cannot have changed is
 * taken from @before. */
LpadInventory *lpad_inventory_update (LpadChip *chip,
                                      const LpadInventory *before,
                                      GCancellable *cancellable,
                                      GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * lpad_inventory_reread: what counts after a command that may have changed something. A chip that cannot be
 * read is reset and read once more; an RSP session does not survive that. Not cancellable.
 * @before: as for lpad_inventory_update(), or NULL: everything is read
 */
LpadInventory *
lpad_inventory_reread (LpadChip *chip, const LpadInventory *before, GError **error) G_GNUC_WARN_UNUSED_RESULT;

LpadInventory *lpad_inventory_ref (LpadInventory *inventory);
void lpad_inventory_unref (LpadInventory *inventory);

/** lpad_inventory_find_profile: the profile with @iccid or NULL. */
const LpadProfile *lpad_inventory_find_profile (const LpadInventory *inventory, GBytes *iccid);

/** lpad_inventory_icon: the icon of a profile, read now; see lpad_es10c_get_icon(). */
GBytes *lpad_inventory_icon (LpadChip *chip,
                             GBytes *iccid,
                             LpadIconType *type,
                             GCancellable *cancellable,
                             GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_DEFINE_AUTOPTR_CLEANUP_FUNC (LpadInventory, lpad_inventory_unref)

G_END_DECLS
