/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "core.h"
#include "place.h"
#include "worker.h"

G_BEGIN_DECLS

/**
 * LpadProbe: a look at the card in a place: which chips are on it, and what they say of themselves. Cards
 * have one chip, or none, or two. All applications are tried only on a card on which they never were.
 */
typedef struct _LpadProbe LpadProbe;

/**
 * LpadProbeChip: a chip that was found; @worker and @interrupted go to whoever takes them out of here.
 * @interrupted: (element-type LpadJournalEntry): what was interrupted on it before
 */
typedef struct
{
  LpadWorker *worker;
  GBytes *aid;
  LpadInventory *inventory;
  GPtrArray *interrupted;
} LpadProbeChip;

/**
 * LpadProbeFunc: @chips (element-type LpadProbeChip) is empty when there is none; then @error says why,
 * %LPAD_ERROR_NOT_FOUND when the card is not an eUICC. With chips, @error (nullable) is about one that could
 * not be read. The probe is freed afterwards.
 */
typedef void (*LpadProbeFunc) (GPtrArray *chips, const GError *error, gpointer user_data);

/** lpad_probe_start: looks at the card in @place; @done is called once, unless it is cancelled before. */
LpadProbe *lpad_probe_start (LpadCore *core, LpadPlace *place, LpadProbeFunc done, gpointer user_data);

/** lpad_probe_cancel: the card has left, or lpad is stopping. Takes over @probe. */
void lpad_probe_cancel (LpadProbe *probe, LpadError reason);

G_END_DECLS
