/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "chip.h"

G_BEGIN_DECLS

/**
 * lpad_search_others: further eUICCs on the card of @chip, which has been opened and has the EID @eid: cards
 * exist with two ISD-Rs, each with profiles of its own. The applications of the chip's configuration that
 * come after its own are selected, on one channel; one behind which an EID is known already is another name
 * of the same chip. Returns: (nullable) (element-type GBytes): the applications of the others, often none;
 * NULL when the card failed. An application that can be selected but does not tell its EID is left out.
 */
GPtrArray *lpad_search_others (LpadChip *chip, const char *eid, GCancellable *cancellable, GError **error)
    G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
