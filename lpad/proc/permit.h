/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "inventory.h"

G_BEGIN_DECLS

/* What a chip will say to a change of a profile, as far as one can know beforehand: from the states, the
 * classes and the policy rules (SGP.22 2.4.5, 2.9.1 and 5.7.16 to 5.7.18). */

/**
 * lpad_permit_enable: whether @target can be enabled. What is enabled already is permitted; so is what only
 * the chip knows: which profile a test profile has displaced.
 * @profiles: (element-type LpadProfile): all of the chip, @target among them
 * @test_mode: outside of it test profiles are not enabled, see lpad.conf(5)
 * Returns: FALSE with %LPAD_ERROR_POLICY_VIOLATION
 */
gboolean lpad_permit_enable (GPtrArray *profiles,
                             const LpadProfile *target,
                             gboolean test_mode,
                             GError **error) G_GNUC_WARN_UNUSED_RESULT;

/** lpad_permit_disable: whether @target, which must be enabled for that, can be disabled. Returns: FALSE with
 * %LPAD_ERROR_WRONG_STATE or %LPAD_ERROR_POLICY_VIOLATION */
gboolean lpad_permit_disable (const LpadProfile *target, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/** lpad_permit_delete: whether @target, which must be disabled for that, can be deleted; errors as above. */
gboolean lpad_permit_delete (const LpadProfile *target, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * lpad_permit_enable_now: lpad_permit_enable() of the profile with @iccid. Before it refuses, it reads @chip
 * again: an operator may lift a rule over the air, and another program may have used the card.
 * @before: the latest reading
 * @after: (out) (optional): what was read anew, if anything
 * Returns: TRUE also for a profile that is not there: the chip will say so
 */
gboolean lpad_permit_enable_now (LpadChip *chip,
                                 const LpadInventory *before,
                                 GBytes *iccid,
                                 gboolean test_mode,
                                 LpadInventory **after,
                                 GCancellable *cancellable,
                                 GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
