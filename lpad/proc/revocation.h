/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "chip.h"
#include "context.h"

G_BEGIN_DECLS

/**
 * lpad_revocation_load: gives a chip that keeps lists of revoked certificates those that this device has, of
 * issuers that the chip trusts (SGP.22 4.5.2.2, 5.7.12), so that it refuses servers by them. Each list once
 * in the life of @chip: it is read from the configuration when lpad starts.
 *
 * What the chip does not take is a warning: nothing is less safe than without the list, and whether the chip
 * can be spoken to at all is seen by whoever comes next.
 *
 * @info: EUICCInfo2
 */
void lpad_revocation_load (LpadChip *chip,
                           const LpadContext *context,
                           const LpadEuiccInfo *info,
                           GCancellable *cancellable);

G_END_DECLS
