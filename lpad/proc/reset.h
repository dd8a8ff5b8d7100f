/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "chip.h"
#include "inventory.h"

G_BEGIN_DECLS

/* The reset of a chip's memory: what it takes away it takes in spite of states and of operators' rules. */

/** lpad_reset_affects: whether a reset with @options (LpadResetOptions) means @profile. A test profile of the
 * chip's maker stays all the same; only the chip knows which these are. */
gboolean lpad_reset_affects (guint options, const LpadProfile *profile);

/**
 * lpad_reset_memory: SGP.22 3.2.5 and 5.7.19. A chip that says catBusy is asked again some times. When a
 * profile in use may have gone, the card is reset, which is what its REFRESH asks for. The chip is read
 * again, and only what it says then counts: an error of a reset that has worked is none, and an accepted one
 * that has left operational profiles behind is one. A chip that holds nothing of what @options mean is a
 * success, too: @after shows that nothing has changed. Not cancelled once the command is on its way.
 * @before: what was read last
 * @options: of LpadResetOptions, at least one
 * @after: (out) (optional): what the chip says now, also on failure if it could be read
 */
gboolean lpad_reset_memory (LpadChip *chip,
                            const LpadInventory *before,
                            guint options,
                            LpadInventory **after,
                            GCancellable *cancellable,
                            GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
